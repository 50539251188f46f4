package lan2020

import (
	"slices"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// claimSmooth is about figure 1.
func (r edition) claimSmooth() experiment.Claim {
	claim := experiment.Claim{Text: r.T("With shared weights the layers move their input more evenly."),
		Paper:       r.T("figure 1, BERT-large and ALBERT-large: L2 distance and angle of input and output are much smoother from layer to layer for ALBERT"),
		Explanation: r.F("Coefficient of variation over layers of the mean L2 distance and of the mean angle, of the fine-tuned model that shares all and of the whole one. Holds if both are smaller with every seed, fails if both are larger with every seed; needs %d seeds.", fewestSteady),
	}
	smaller, larger, pairs := true, true, 0
	var parts []string
	for _, whole := range r.of(Scheme{}) {
		for _, shared := range r.of(shareAll) {
			if whole.Seed != shared.Seed || whole.Transitions == nil || shared.Transitions == nil {
				continue
			}
			pairs++
			l2, angle := unevenness(whole.Transitions)
			sharedL2, sharedAngle := unevenness(shared.Transitions)
			smaller = smaller && sharedL2 < l2 && sharedAngle < angle
			larger = larger && sharedL2 > l2 && sharedAngle > angle
			parts = append(parts, r.F("seed %d: L2 %.2f, whole %.2f; angle %.2f, whole %.2f", whole.Seed, sharedL2, l2, sharedAngle, angle))
		}
	}
	if pairs == 0 {
		claim.Measured = r.T("not run: the protocol does not share all")
		return claim
	}
	claim.Measured = strings.Join(parts, "; ")
	switch {
	case pairs < fewestSteady:
		claim.Explanation += r.F(" Here: %d.", pairs)
	case smaller:
		claim.Verdict = report.Holds
	case larger:
		claim.Verdict = report.DoesNotHold
	}
	return claim
}

// timed is the speed of a variant; nil if it was not timed.
func (r *Result) timed(v Scheme) *SpeedModel {
	if r.Speed != nil {
		for i := range r.Speed.Models {
			if r.Speed.Models[i].Variant == v {
				return &r.Speed.Models[i]
			}
		}
	}
	return nil
}

func (r edition) claimInference() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Sharing saves storage, not time: a model that shares all answers as fast as the whole one."),
		Paper:       r.T("the operations are the same; table 2's speeds are of training"),
		Explanation: r.F("Whole ÷ shared, medians of pairs timed in turn. Holds if at every batch size the median lies within %.0f %% of 1; fails if the quartiles of one lie wholly outside.", 100*sameTime),
	}
	model := r.timed(shareAll)
	if model == nil || len(model.Batches) == 0 {
		claim.Measured = r.T("not run: the protocol does not time the model that shares all")
		return claim
	}
	var parts []string
	same, apart := true, false
	for _, b := range model.Batches {
		parts = append(parts, r.F("batch %d: %.3f [%.3f, %.3f]", b.Size, b.Ratio, b.Low, b.High))
		same = same && b.Ratio >= 1-sameTime && b.Ratio <= 1+sameTime
		apart = apart || b.Low > 1+sameTime || b.High < 1-sameTime
	}
	claim.Measured = r.F("times as fast: %s", strings.Join(parts, ", "))
	return claim.With(experiment.Decide(same, apart))
}

func (r edition) claimTraining() experiment.Claim {
	ratios := r.stepRatios(shareAll)
	claim := experiment.Claim{Text: r.T("A model that shares all trains faster."),
		Paper:       r.T("table 2, speed of pretraining on many accelerators, relative to BERT-large: BERT-base 4.7, ALBERT-base 5.6; ALBERT-large 1.7"),
		Explanation: r.F("Median time of a fine-tuning step, whole ÷ shared, of runs one after another on one machine, where no gradients are sent around. Holds if it is above %.2f with every seed, fails if it is not with any; needs %d seeds.", fasterStep, fewestSteady),
	}
	if len(ratios) == 0 {
		claim.Measured = r.T("not run, or no step without compilation")
		return claim
	}
	claim.Measured = r.F("median of seeds %.2f, from %.2f to %.2f", stats.Median(ratios), slices.Min(ratios), slices.Max(ratios))
	if len(ratios) < fewestSteady {
		return claim
	}
	return claim.With(experiment.Decide(slices.Min(ratios) > fasterStep, slices.Max(ratios) <= fasterStep))
}
