package cells

import (
	"fmt"

	"bertlab/papers/notebook"
	"bertlab/papers/sanh2020"
)

var pruning = notebook.Of(sanh2020.Experiment)

// LongRun draws what four methods come to after 4,000 steps.
func LongRun() {
	notebook.Figure(notebook.Must(sanh2020.LongRun(notebook.Words())))
}

// SharesReached lists the runs with the shares that they were asked for and kept.
func SharesReached() {
	var lines []string
	for _, run := range pruning.Result().Runs {
		if v := run.Variant; !v.Structured && !v.Distilled {
			lines = append(lines, fmt.Sprintf("%s, %d: %g %% → %.1f %%, %.3f", notebook.Words().Name(string(v.Kind)), v.Seed, 100*v.Remaining, 100*run.Kept, run.Score))
		}
	}
	notebook.List(lines...)
}

// SeedBySeed subtracts the score of magnitude pruning from that of movement pruning with the same seed.
func SeedBySeed() {
	r, share := pruning.Result(), pruning.Result().Config.Focus
	score := map[string]float64{}
	for _, run := range r.Runs {
		if v := run.Variant; v.Remaining == share && !v.Structured && !v.Distilled && v.Scope != "global" {
			score[fmt.Sprint(v.Kind, v.Seed)] = run.Score
		}
	}
	var lines []string
	for _, seed := range r.Config.Seeds {
		lines = append(lines, fmt.Sprintf("%d: %+.3f", seed, score[fmt.Sprint("movement", seed)]-score[fmt.Sprint("magnitude", seed)]))
	}
	notebook.List(lines...)
}

// WhereItPrunes lists what a run keeps of each layer.
func WhereItPrunes() {
	run := pruning.Result().Runs[0]
	lines := []string{fmt.Sprintf("%s, %g %%", notebook.Words().Name(string(run.Variant.Kind)), 100*run.Variant.Remaining)}
	for layer, matrices := range run.ByMatrix {
		sum := 0.0
		for _, kept := range matrices {
			sum += kept
		}
		lines = append(lines, fmt.Sprintf("%d: %.1f %%", layer, 100*sum/float64(len(matrices))))
	}
	notebook.List(lines...)
}

// StepShares goes through shares, methods and seeds by a slider.
func StepShares() {
	pruning.Step(pruning.Result().PruningSteps(notebook.Words()))
}
