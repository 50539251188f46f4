package cells

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"bertlab/papers/experiment"
	"bertlab/papers/michel2019"
	"bertlab/papers/notebook"
	"bertlab/stats"
)

var heads = notebook.Of(michel2019.Experiment)

// Step goes through the pruning curves by a slider.
func Step() {
	heads.Step(notebook.Must(heads.Result().PruningSteps(notebook.Words())))
}

// ReadSentence asks the fine-tuned model about a sentence, with all its heads and without some.
func ReadSentence() {
	text, share := "It begins badly, but it is a wonderful film.", 0.4
	notebook.Needing(michel2019.ErrNoModel, func(ctx context.Context, env *experiment.Environment) error {
		s, err := heads.Result().Read(ctx, env, notebook.Words(), text, share)
		if err == nil {
			notebook.Table(s.Predictions)
			notebook.Draw(s.Attention[:]...)
		}
		return err
	})
}

// HeadsThatHarm lists the heads without which the loss falls most.
func HeadsThatHarm() {
	effects := slices.Clone(heads.Result().Ablation.Heads)
	sort.Slice(effects, func(i, j int) bool { return effects[i].LossDelta < effects[j].LossDelta })
	var lines []string
	for _, e := range effects[:min(5, len(effects))] {
		lines = append(lines, fmt.Sprintf("%s: %+.4f [%+.4f, %+.4f]", e.Head, e.LossDelta, e.LossLow, e.LossHigh))
	}
	notebook.List(lines...)
}

// ImportanceAndEffect compares the order of importance with that of what masking does to the loss.
func ImportanceAndEffect() {
	r := heads.Result()
	var importance, effect []float64
	for _, e := range r.Ablation.Heads {
		importance = append(importance, r.Importance.Normalized[e.Layer][e.Head.Head])
		effect = append(effect, e.LossDelta)
	}
	notebook.List(fmt.Sprintf("ρ = %.2f", stats.Spearman(importance, effect)))
}

// SignificantByChance counts the heads with a p value below 0.05.
func SignificantByChance() {
	var p []float64
	for _, e := range heads.Result().Ablation.Heads {
		p = append(p, e.PValue)
	}
	significant := 0
	for _, value := range p {
		if value < 0.05 {
			significant++
		}
	}
	notebook.List(fmt.Sprintf("%d / %d", significant, len(p)))
}
