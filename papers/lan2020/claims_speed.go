package lan2020

import (
	"fmt"
	"slices"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// claimSmooth is about figure 1.
func (r *Result) claimSmooth() experiment.Claim {
	claim := experiment.Claim{
		Text:        "With shared weights the layers move their input more evenly.",
		Korean:      "가중치를 공유하면 층마다 입력을 움직이는 정도가 더 고르다.",
		Paper:       "figure 1, BERT-large and ALBERT-large: L2 distance and angle of input and output are much smoother from layer to layer for ALBERT",
		Explanation: fmt.Sprintf("Coefficient of variation over layers of the mean L2 distance and of the mean angle, of the fine-tuned model that shares all and of the whole one. Holds if both are smaller with every seed, fails if both are larger with every seed; needs %d seeds.", fewestSteady),
	}
	smaller, larger, pairs := true, true, 0
	var parts []string
	for _, whole := range r.of(Variant{}) {
		for _, shared := range r.of(shareAll) {
			if whole.Seed != shared.Seed || whole.Transitions == nil || shared.Transitions == nil {
				continue
			}
			pairs++
			l2, angle := unevenness(whole.Transitions)
			sharedL2, sharedAngle := unevenness(shared.Transitions)
			smaller = smaller && sharedL2 < l2 && sharedAngle < angle
			larger = larger && sharedL2 > l2 && sharedAngle > angle
			parts = append(parts, fmt.Sprintf("seed %d: L2 %.2f, whole %.2f; angle %.2f, whole %.2f", whole.Seed, sharedL2, l2, sharedAngle, angle))
		}
	}
	if pairs == 0 {
		claim.Measured = "not run: the protocol does not share all"
		return claim
	}
	claim.Measured = strings.Join(parts, "; ")
	switch {
	case pairs < fewestSteady:
		claim.Explanation += fmt.Sprintf(" Here: %d.", pairs)
	case smaller:
		claim.Verdict = report.Holds
	case larger:
		claim.Verdict = report.DoesNotHold
	}
	return claim
}

// timed is the speed of a variant; nil if it was not timed.
func (r *Result) timed(v Variant) *SpeedModel {
	if r.Speed != nil {
		for i := range r.Speed.Models {
			if r.Speed.Models[i].Variant == v {
				return &r.Speed.Models[i]
			}
		}
	}
	return nil
}

func (r *Result) claimInference() experiment.Claim {
	claim := experiment.Claim{
		Text:        "Sharing saves storage, not time: a model that shares all answers as fast as the whole one.",
		Korean:      "공유는 저장 공간을 줄일 뿐 시간을 줄이지 않는다. 모두 공유한 모델도 전체 모델과 같은 속도로 답한다.",
		Paper:       "the operations are the same; table 2's speeds are of training",
		Explanation: fmt.Sprintf("Whole ÷ shared, medians of pairs timed in turn. Holds if at every batch size the median lies within %.0f %% of 1; fails if the quartiles of one lie wholly outside.", 100*sameTime),
	}
	model := r.timed(shareAll)
	if model == nil || len(model.Batches) == 0 {
		claim.Measured = "not run: the protocol does not time the model that shares all"
		return claim
	}
	var parts []string
	same, apart := true, false
	for _, b := range model.Batches {
		parts = append(parts, fmt.Sprintf("batch %d: %.3f [%.3f, %.3f]", b.Size, b.Ratio, b.Low, b.High))
		same = same && b.Ratio >= 1-sameTime && b.Ratio <= 1+sameTime
		apart = apart || b.Low > 1+sameTime || b.High < 1-sameTime
	}
	claim.Measured = "times as fast: " + strings.Join(parts, ", ")
	switch {
	case same:
		claim.Verdict = report.Holds
	case apart:
		claim.Verdict = report.DoesNotHold
	}
	return claim
}

func (r *Result) claimTraining() experiment.Claim {
	ratios := r.stepRatios(shareAll)
	claim := experiment.Claim{
		Text:        "A model that shares all trains faster.",
		Korean:      "모두 공유한 모델은 더 빨리 학습된다.",
		Paper:       "table 2, speed of pretraining on many accelerators, relative to BERT-large: BERT-base 4.7, ALBERT-base 5.6; ALBERT-large 1.7",
		Explanation: fmt.Sprintf("Median time of a fine-tuning step, whole ÷ shared, of runs one after another on one machine, where no gradients are sent around. Holds if it is above %.2f with every seed, fails if it is not with any; needs %d seeds.", fasterStep, fewestSteady),
	}
	if len(ratios) == 0 {
		claim.Measured = "not run, or no step without compilation"
		return claim
	}
	claim.Measured = fmt.Sprintf("median of seeds %.2f, from %.2f to %.2f", stats.Median(ratios), slices.Min(ratios), slices.Max(ratios))
	switch {
	case len(ratios) < fewestSteady:
	case slices.Min(ratios) > fasterStep:
		claim.Verdict = report.Holds
	case slices.Max(ratios) <= fasterStep:
		claim.Verdict = report.DoesNotHold
	}
	return claim
}
