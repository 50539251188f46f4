package sanh2020

import (
	"fmt"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/movement"
)

// The claims about the models themselves: where they are pruned, which weights remain, how fast they are.

// layerShares are the shares of weights that remain in each layer, mean over runs; nil without runs.
func (r *Result) layerShares(runs []Trained) []float64 {
	if len(runs) == 0 {
		return nil
	}
	shares := make([]float64, len(runs[0].ByMatrix))
	for _, t := range runs {
		for layer, share := range movement.LayerShares(r.MatrixSizes, t.ByMatrix) {
			shares[layer] += share / float64(len(runs))
		}
	}
	return shares
}

// halves is what the lower half of the layers keeps against the upper half.
func halves(shares []float64) float64 {
	half := len(shares) / 2
	return mean(shares[:half]) / max(mean(shares[len(shares)-half:]), 1e-9)
}

func (r edition) layers() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("With one selection for the whole model, movement pruning keeps the lower layers and prunes the upper ones most, and more so than magnitude pruning."),
		Paper:    r.T("figure 6, no numbers"),
		Estimand: r.F("what the lower half of the layers keeps against the upper half, %g %% remaining: with movement, and the same against magnitude's", 100*r.Config.Focus),
		Rule:     experiment.Superior(lower, experiment.Ratio).Each(), Training: true, Open: r.noisy(),
		Missing: r.T("The protocol does not run both methods with global selection, as the full one does, or the model has one layer."),
	}
	var alone, beside []float64
	moved, even := r.global(movement.Movement, r.Config.Focus), r.global(movement.Magnitude, r.Config.Focus)
	for _, t := range moved {
		for _, other := range of(even, t.Variant.Seed) {
			a, b := r.layerShares([]Trained{t}), r.layerShares([]Trained{other})
			if len(a) > 1 && len(b) > 1 {
				alone, beside = append(alone, halves(a)), append(beside, halves(a)/halves(b))
			}
		}
	}
	if s.Evidence = append(experiment.OverSeeds(r.T("movement"), alone), experiment.OverSeeds(r.T("against magnitude"), beside)...); s.Evidence != nil {
		s.Also = r.F("by layer from 0 up: movement %s; magnitude %s", listed(r.layerShares(moved)), listed(r.layerShares(even)))
	}
	return s
}

func listed(shares []float64) string {
	return strings.Join(experiment.Each(shares, func(share float64) string { return fmt.Sprintf("%.1f", 100*share) }), ", ") + " %"
}

// withSample are the runs of a method at Focus with samples of their weights.
func (r *Result) withSample(kind movement.Kind) []Trained {
	return experiment.Where(r.plain(kind, r.Config.Focus), func(t Trained) bool { return t.Sample != nil })
}

// focused is the run of a method at Focus with its weights sampled, of the first seed; nil if there is none.
func (r *Result) focused(kind movement.Kind) *Trained {
	for _, t := range of(r.withSample(kind), r.Config.Seeds[0]) {
		return &t
	}
	return nil
}

func (r edition) smallWeights() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Magnitude pruning leaves two clusters of large weights; movement pruning keeps small ones too."),
		Paper:    r.T("figure 4, no numbers"),
		Estimand: r.F("share of the kept weights that are smaller than one standard deviation of all, movement minus magnitude, %g %% remaining", 100*r.Config.Focus),
		Rule:     experiment.Superior(smaller, experiment.Points), Training: true, Open: r.noisy(),
		Missing: r.T("The protocol does not run both methods."),
	}
	var apart []float64
	for _, moved := range r.withSample(movement.Movement) {
		for _, other := range of(r.withSample(movement.Magnitude), moved.Variant.Seed) {
			apart = append(apart, moved.Sample.SmallShare-other.Sample.SmallShare)
		}
	}
	s.Evidence = experiment.OverSeeds("", apart)
	return s
}

// usualRate is the largest learning rate at which BERT is usually fine-tuned.
const usualRate = 1e-4

func (r edition) drift() experiment.Statement {
	d := r.Drift
	s := experiment.Statement{
		Text:     r.T("Pretrained weights move little in fine-tuning, so their magnitude says what pretraining needed."),
		Paper:    r.T("section 1, no numbers"),
		Estimand: r.F("‖W − W₀‖/‖W₀‖ over the encoder after dense fine-tuning, %d steps at a peak learning rate of %g", r.Steps, r.Config.LearningRate),
		Rule:     experiment.NoMore(still, experiment.Share), Training: true,
		Evidence: experiment.One(stats.OverSeeds(r.Drifts)),
		Also:     r.F("%.2f %% of the weights change their sign; %.1f %% of the largest %g %% were among them before", 100*d.SignShare, 100*d.Overlap, 100*r.Config.Focus),
	}
	if r.Config.LearningRate > usualRate {
		s.Doubt = r.F("A rate above %g is beyond what fine-tuning uses, so a larger distance decides nothing.", usualRate)
	}
	return s
}

func (r edition) zerosAreSlow() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Zeros among the weights save no time."),
		Paper:    r.T("no speed-up on general hardware (section 8)"),
		Estimand: r.F("time of the dense model against that of a pruned one at the largest batch, median of %d pairs", r.Speed.Repeats),
		Rule:     experiment.NoMore(1+faster, experiment.Ratio),
		Missing:  r.T("The protocol does not run movement pruning."),
	}
	if s.Evidence = experiment.AtLargest(r.Printer, "", r.Speed.Unstructured, r.Provenance); s.Evidence != nil {
		s.Also = r.F("%.1f %% of the encoder's weights left", 100*r.Speed.Kept)
	}
	return s
}

func (r edition) removalIsFast() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Whole heads and neurons that are pruned and removed do save time."),
		Paper:    r.T("Lagunas et al. 2021, SQuAD, BERT-base: 2.44× with 26 % of the weights left, −0.8 F1"),
		Estimand: r.F("time of the dense model against that of each smaller one at the largest batch, median of %d pairs", r.Speed.Repeats),
		Rule:     experiment.Superior(faster, experiment.Ratio).Each(),
		Missing:  r.T("The protocol has no structured pruning."),
	}
	var beside []string
	for _, model := range r.Speed.Structured {
		how := r.T("without training")
		if model.Trained {
			how = r.T("trained")
		}
		name := r.F("%g %% of heads and neurons (%s)", 100*model.Remaining, how)
		s.Evidence = append(s.Evidence, experiment.AtLargest(r.Printer, name, model.Batches, r.Provenance)...)
		beside = append(beside, r.F("%.2f× by operations, %s %.4f", float64(model.MACs)/float64(model.PrunedMACs), r.Name(r.Metric), model.Score))
	}
	s.Also = strings.Join(beside, "; ")
	return s
}
