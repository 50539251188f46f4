package sanh2020

import (
	"fmt"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
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
		for layer, matrices := range t.ByMatrix {
			kept, total := 0.0, 0.0
			for i, share := range matrices {
				size := float64(r.MatrixSizes[layer][i])
				kept += share * size
				total += size
			}
			shares[layer] += kept / total / float64(len(runs))
		}
	}
	return shares
}

func (r edition) claimLayers() experiment.Claim {
	claim := experiment.Claim{Text: r.T("With one selection for the whole model, movement pruning keeps the lower layers and prunes the upper ones most; magnitude pruning is about even."),
		Paper: r.T("figure 6, no numbers"),
	}
	moved := r.layerShares(r.global(movement.Movement, r.Config.Focus))
	even := r.layerShares(r.global(movement.Magnitude, r.Config.Focus))
	if len(moved) < 2 || len(even) < 2 {
		claim.Measured, claim.Explanation = r.T("not run"), r.T("The protocol does not run both methods with global selection, or the model has one layer.")
		return claim
	}
	half := len(moved) / 2
	ratio := func(shares []float64) float64 {
		return mean(shares[:half]) / max(mean(shares[len(shares)-half:]), 1e-9)
	}
	claim.Measured = r.F("%g %% remaining, by layer from 0 up: movement %s; magnitude %s; lower half against upper half %.2f and %.2f", 100*r.Config.Focus, percents(moved), percents(even), ratio(moved), ratio(even))
	claim.Verdict = experiment.When(ratio(moved) > 1.2 && ratio(moved) > ratio(even))
	claim.Explanation = r.T("Holds if with movement the lower half of the layers keeps more than 1.2 times what the upper half keeps, and that ratio is larger than with magnitude.")
	return claim
}

func percents(shares []float64) string {
	parts := make([]string, len(shares))
	for i, share := range shares {
		parts[i] = fmt.Sprintf("%.1f", 100*share)
	}
	return strings.Join(parts, ", ") + " %"
}

// focused is the run of a method at Focus with its weights sampled; nil if there is none.
func (r *Result) focused(kind movement.Kind) *Trained {
	for _, t := range of(r.plain(kind, r.Config.Focus), r.Config.Seeds[0]) {
		if t.Sample != nil {
			return &t
		}
	}
	return nil
}

func (r edition) claimSmallWeights() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Magnitude pruning leaves two clusters of large weights; movement pruning keeps small ones too."),
		Paper: r.T("figure 4, no numbers"),
	}
	magnitude, moved := r.focused(movement.Magnitude), r.focused(movement.Movement)
	if magnitude == nil || moved == nil {
		claim.Measured, claim.Explanation = r.T("not run"), r.T("The protocol does not run both methods.")
		return claim
	}
	a, b := magnitude.Sample.SmallShare, moved.Sample.SmallShare
	claim.Measured = r.F("%g %% remaining: of the kept weights, smaller than one standard deviation of all weights are %.1f %% with magnitude, %.1f %% with movement", 100*r.Config.Focus, 100*a, 100*b)
	claim.Verdict = experiment.When(b > a+0.1)
	claim.Explanation = r.T("Holds if the share of small weights among the kept ones is more than 10 points larger with movement.")
	return claim
}

func (r edition) claimDrift() experiment.Claim {
	d := r.Drift
	claim := experiment.Claim{Text: r.T("Pretrained weights move little in fine-tuning, so their magnitude says what pretraining needed."),
		Paper:       r.T("section 1, no numbers"),
		Measured:    r.F("‖W − W₀‖/‖W₀‖ = %.3f over the encoder; %.2f %% of the weights change their sign; %.1f %% of the largest %g %% were among them before", d.Distance, 100*d.SignShare, 100*d.Overlap, 100*r.Config.Focus),
		Verdict:     experiment.When(d.Distance < 0.1 && d.SignShare < 0.05),
		Explanation: r.F("Dense fine-tuning, %d steps at a peak learning rate of %g. Holds if the distance is below 0.1 and fewer than 5 %% change their sign.", r.Steps, r.Config.LearningRate),
	}
	if r.Config.LearningRate > usualRate && claim.Verdict == report.DoesNotHold {
		claim.Verdict = report.CannotTell
		claim.Explanation += r.F(" A rate above %g is beyond what fine-tuning uses, so a larger distance decides nothing.", usualRate)
	}
	return claim
}

// usualRate is the largest learning rate at which BERT is usually fine-tuned.
const usualRate = 1e-4

func ratios(say *words.Printer, batches []experiment.SpeedBatch) string {
	parts := make([]string, len(batches))
	for i, b := range batches {
		parts[i] = say.F("batch %d: %.3f× (quartiles %.3f to %.3f)", b.Size, b.Ratio, b.Low, b.High)
	}
	return strings.Join(parts, "; ")
}

func (r edition) claimZerosAreSlow() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Zeros among the weights save no time."), Paper: r.T("no speed-up on general hardware (section 8)")}
	if len(r.Speed.Unstructured) == 0 {
		claim.Measured, claim.Explanation = r.T("not run"), r.T("The protocol does not run movement pruning.")
		return claim
	}
	last := r.Speed.Unstructured[len(r.Speed.Unstructured)-1]
	claim.Measured = r.F("%.1f %% of the encoder's weights left, %s", 100*r.Speed.Kept, ratios(r.Printer, r.Speed.Unstructured))
	claim.Verdict = experiment.ByInterval(-last.High, -last.Low, -faster)
	claim.Explanation = r.F("Median of %d timed pairs against the dense model. Holds if the quartiles at the largest batch lie below %g.", r.Speed.Repeats, faster)
	return claim
}

func (r edition) claimRemovalIsFast() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Whole heads and neurons that are pruned and removed do save time."),
		Paper: r.T("Lagunas et al. 2021, SQuAD, BERT-base: 2.44× with 26 % of the weights left, −0.8 F1"),
	}
	if len(r.Speed.Structured) == 0 {
		claim.Measured, claim.Explanation = r.T("not run"), r.T("The protocol has no structured pruning.")
		return claim
	}
	var parts []string
	holds := true
	doubtful := false
	for _, s := range r.Speed.Structured {
		last := s.Batches[len(s.Batches)-1]
		how := r.T("without training")
		if s.Trained {
			how = r.T("trained")
		}
		parts = append(parts, r.F("%g %% of heads and neurons (%s): %.2f× (quartiles %.2f to %.2f, by operations %.2f×), %s %.4f", 100*s.Remaining, how, last.Ratio, last.Low, last.High, float64(s.MACs)/float64(s.PrunedMACs), r.Name(r.Metric), s.Score))
		holds = holds && last.Low > faster
		doubtful = doubtful || last.Low <= faster && last.High > faster
	}
	claim.Measured = strings.Join(parts, "; ")
	if !doubtful {
		claim.Verdict = experiment.When(holds)
	}
	claim.Explanation = r.F("Median of %d timed pairs against the dense model, largest batch. Holds if the quartiles of every model lie above %g.", r.Speed.Repeats, faster)
	return claim
}
