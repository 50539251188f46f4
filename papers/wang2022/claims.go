package wang2022

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// The tolerances of the claims, fixed before the numbers were seen.
const (
	countTolerance = 0.1  // million parameters: the paper prints one decimal
	timeTolerance  = 0.15 // relative deviation of a time ratio from the ratio of operations
	quarter        = 0.25 // of the break-even rank
	fewestSeeds    = 2    // for what training decides
)

// claims are the paper's statements with the numbers measured here.
func (r *Result) claims() ([]experiment.Claim, error) {
	claims := []experiment.Claim{r.claimError(), r.claimCounts(), r.claimHOOI()}
	predicts, err := r.claimPredicts()
	if err != nil {
		return nil, err
	}
	recovers, err := r.claimRecovery()
	if err != nil {
		return nil, err
	}
	return append(claims, predicts, recovers, r.claimSpeed(), r.claimMaps()), nil
}

// claimError compares reconstruction errors at equal parameters.
func (r *Result) claimError() experiment.Claim {
	claim := experiment.Claim{
		Text:        "At equal parameters, factors that matrices share leave a smaller reconstruction error: IV ≤ III ≤ II.",
		Korean:      "매개변수 수가 같을 때, 행렬들이 인자를 공유하면 재구성 오차가 더 작다: IV ≤ III ≤ II.",
		Paper:       "forms are introduced in the order of how much is shared, to afford larger ranks with the same parameters; no number at equal parameters (recalled)",
		Explanation: "‖W − Ŵ‖ / ‖W‖ over all encoder matrices, mean over seeds; no sampling is involved beyond the seeds. Holds if the order is so at every ratio, fails if at every ratio some form that shares more has the larger error.",
	}
	var parts []string
	ordered, broken := 0, 0
	for _, ratio := range r.Config.Ratios {
		var errors []float64
		var names []string
		for _, form := range []Form{II, III, IV} {
			if slices.Contains(r.Config.Forms, form) {
				errors = append(errors, r.meanError(form, ratio))
				names = append(names, fmt.Sprintf("%s %.4f", form, r.meanError(form, ratio)))
			}
		}
		parts = append(parts, fmt.Sprintf("%.0f %%: %s", 100*ratio, strings.Join(names, ", ")))
		descends := slices.IsSortedFunc(errors, func(a, b float64) int { return map[bool]int{true: -1}[a > b] })
		if descends {
			ordered++
		} else {
			broken++
		}
	}
	claim.Measured = strings.Join(parts, "; ")
	switch {
	case len(r.Config.Forms) < 3:
	case broken == 0:
		claim.Verdict = report.Holds
	case ordered == 0:
		claim.Verdict = report.DoesNotHold
	}
	return claim
}

func (r *Result) claimCounts() experiment.Claim {
	claim := experiment.Claim{
		Text:        "IV-72-384 has 1/7 of the encoder parameters of BERT-base, and the tiny forms have under 2 million (1/48).",
		Korean:      "IV-72-384의 인코더 매개변수는 BERT-base의 1/7이고, 가장 작은 형태는 200만 개 미만(1/48)이다.",
		Paper:       "86.0, 23.0, 12.3, 3.9, 1.9 and 1.8 million (recalled, and consistent with counting)",
		Explanation: fmt.Sprintf("Counted on the shapes, without word embeddings and classifier. Holds if every count is within %.1f million of the printed one.", countTolerance),
	}
	var parts []string
	holds := true
	for _, c := range r.Counts {
		millions := float64(c.Counted) / 1e6
		parts = append(parts, fmt.Sprintf("%s %.2f", c.Name, millions))
		holds = holds && math.Abs(millions-c.Printed) <= countTolerance
	}
	first := float64(r.Counts[0].Counted)
	for _, c := range r.Counts {
		if c.Name == "IV-72-384" || c.Name == "III-64" {
			parts = append(parts, fmt.Sprintf("1/%.1f for %s", first/float64(c.Counted), c.Name))
		}
	}
	claim.Measured = "millions: " + strings.Join(parts, ", ")
	claim.Verdict = experiment.When(holds)
	return claim
}

func (r *Result) claimHOOI() experiment.Claim {
	claim := experiment.Claim{
		Text:        "Alternating updates (HOOI) are never worse than the truncated HOSVD that they start from, and never rise.",
		Korean:      "교대 갱신(HOOI)의 오차는 출발점인 절단 HOSVD보다 크지 않으며, 반복마다 증가하지 않는다.",
		Paper:       "a property of the algorithm (Kolda and Bader 2009); the paper decomposes with TensorLy's HOOI",
		Measured:    "not run",
		Explanation: "Relative errors of the stack of all slices, start and after each sweep, of every form and ratio. Holds if none rises.",
	}
	var gains []float64
	holds := true
	for _, v := range r.Variants {
		for i := 1; i < len(v.Sweeps); i++ {
			holds = holds && v.Sweeps[i] <= v.Sweeps[i-1]
		}
		if len(v.Sweeps) > 1 {
			gains = append(gains, v.Sweeps[0]-v.Sweeps[len(v.Sweeps)-1])
		}
	}
	if len(gains) > 0 {
		claim.Measured = fmt.Sprintf("%d decompositions; HOOI lowers the error by %.4f to %.4f", len(gains), slices.Min(gains), slices.Max(gains))
		claim.Verdict = experiment.When(holds)
	}
	return claim
}

// claimPredicts looks for forms whose smaller error goes with the smaller accuracy.
func (r *Result) claimPredicts() (experiment.Claim, error) {
	claim := experiment.Claim{
		Text:        "The reconstruction error does not predict the accuracy.",
		Korean:      "재구성 오차로 정확도를 예측할 수 없다.",
		Paper:       "decomposition alone loses nearly all of the accuracy whatever its error; what counts is the distillation after it (recalled)",
		Explanation: "Pairs of forms at the same ratio and recovery, of which at least one is above the largest class. Holds if in one of them the form with the smaller error is less accurate, with a 95 % interval of the paired difference that excludes 0; fails if at least three pairs differ so, and all in the order of their errors.",
	}
	var against, along []decided
	pairs := 0
	for _, recovery := range []Recovery{None, Tuned, Distilled} {
		for _, ratio := range r.Config.Ratios {
			for i, first := range r.Config.Forms {
				for _, second := range r.Config.Forms[i+1:] {
					a, b := cell{first, ratio, recovery}, cell{second, ratio, recovery}
					if r.meanError(a.form, ratio) > r.meanError(b.form, ratio) {
						a, b = b, a
					}
					mine, theirs := r.pooled(a), r.pooled(b)
					if mine == nil || theirs == nil || !r.learned(a) && !r.learned(b) {
						continue
					}
					pairs++
					d, err := stats.PairedBootstrap(mine, theirs, stats.Usual)
					if err != nil {
						return claim, err
					}
					found := decided{fmt.Sprintf("%s − %s at %.0f %%, %s: %s", a.form, b.form, 100*ratio, recovery, d.Points()), math.Abs(d.Value)}
					switch {
					case d.High < 0:
						against = append(against, found)
					case d.Low > 0:
						along = append(along, found)
					}
				}
			}
		}
	}
	claim.Measured = fmt.Sprintf("of %d pairs, the smaller error goes with the larger accuracy in %d%s, with the smaller in %d%s",
		pairs, len(along), largest(along), len(against), largest(against))
	claim.Explanation += r.seedsNote()
	switch {
	case len(r.Config.Seeds) < fewestSeeds:
	case len(against) > 0:
		claim.Verdict = report.Holds
	case len(along) >= 3:
		claim.Verdict = report.DoesNotHold
	}
	return claim, nil
}

// decided is a pair of forms whose accuracies differ, in words, and by how much.
type decided struct {
	text string
	size float64
}

// largest names the pairs that differ most, in brackets.
func largest(list []decided) string {
	const most = 2
	if len(list) == 0 {
		return ""
	}
	slices.SortStableFunc(list, func(a, b decided) int { return cmp.Compare(b.size, a.size) })
	var words []string
	for _, d := range list[:min(most, len(list))] {
		words = append(words, d.text)
	}
	if len(list) > most {
		return " (the largest: " + strings.Join(words, "; ") + ")"
	}
	return " (" + strings.Join(words, "; ") + ")"
}

// learned reports whether a cell's accuracy is above the largest class by more than two standard errors.
func (r *Result) learned(c cell) bool {
	list := r.pooled(c)
	return stat.Mean(list, nil) > r.Majority+2*math.Sqrt(r.Majority*(1-r.Majority)/float64(len(list)))
}

// claimRecovery compares distillation with fine-tuning on labels.
func (r *Result) claimRecovery() (experiment.Claim, error) {
	claim := experiment.Claim{
		Text:        "Two stages of distillation give back more accuracy than fine-tuning alone.",
		Korean:      "두 단계 지식 증류가 단순 미세 조정보다 정확도를 더 많이 회복시킨다.",
		Paper:       "the compressed models are distilled in two stages; without it they fall behind (recalled)",
		Measured:    "not run",
		Explanation: "Accuracy, distilled minus fine-tuned, with as many steps; mean over all forms, ratios and seeds that were recovered. Holds if the 95 % interval (paired bootstrap over test examples) lies above 0.",
	}
	distilled := pooled(r.Trials, func(t Trial) bool { return t.Recovery == Distilled })
	tuned := pooled(r.Trials, func(t Trial) bool { return t.Recovery == Tuned })
	if distilled == nil || tuned == nil {
		return claim, nil
	}
	d, err := stats.PairedBootstrap(distilled, tuned, stats.Usual)
	if err != nil {
		return claim, err
	}
	var parts []string
	for _, form := range r.Config.Forms {
		for _, ratio := range r.Config.Recovered {
			var each []string
			for _, recovery := range []Recovery{None, Tuned, Distilled} {
				change, ok, err := r.against(cell{form, ratio, recovery})
				if err != nil {
					return claim, err
				}
				if ok {
					each = append(each, fmt.Sprintf("%s %.1f", recovery, 100*(r.accuracy()+change.Value)))
				}
			}
			parts = append(parts, fmt.Sprintf("%s at %.0f %%: %s", form, 100*ratio, strings.Join(each, ", ")))
		}
	}
	claim.Measured = fmt.Sprintf("points, distilled − fine-tuned %s; accuracy in %% (whole %.1f): %s", d.Points(), 100*r.accuracy(), strings.Join(parts, "; "))
	claim.Explanation += r.seedsNote()
	if len(r.Config.Seeds) >= fewestSeeds {
		claim.Verdict = experiment.ByInterval(d.Low, d.High, 0)
	}
	return claim, nil
}

// seedsNote says by how many seeds a comparison stands.
func (r *Result) seedsNote() string {
	note := " Examples are resampled, each with its mean over the seeds; what another seed would change is not included."
	if n := len(r.Config.Seeds); n < fewestSeeds {
		note += fmt.Sprintf(" With %d seed nothing is decided: %d are needed.", n, fewestSeeds)
	}
	return note
}

// claimSpeed looks at whole models.
func (r *Result) claimSpeed() experiment.Claim {
	claim := experiment.Claim{
		Text:        "Decomposed models are faster than the whole one.",
		Korean:      "분해한 모델은 원래 모델보다 빠르다.",
		Paper:       "the tiny model is 2.7 times faster (abstract)",
		Measured:    "not run",
		Explanation: "Classifier on full batches, pairs in turn. A form is faster if the lower quartile of whole/decomposed is above 1, slower if the upper one is below 1. Holds if all are faster, fails if one is slower.",
	}
	var parts []string
	slower, unclear := false, false
	for _, s := range r.Speed {
		parts = append(parts, fmt.Sprintf("%s %.2f [%.2f, %.2f], by operations %.2f", s.Name, s.Time.Ratio, s.Time.Low, s.Time.High, s.MACRatio))
		slower = slower || s.Time.High < 1
		unclear = unclear || s.Time.Low <= 1
	}
	if len(parts) == 0 {
		return claim
	}
	claim.Measured = fmt.Sprintf("whole/decomposed, batch %d × %d tokens: %s", r.Config.SpeedBatch, r.Config.SpeedLength, strings.Join(parts, "; "))
	switch {
	case slower:
		claim.Verdict = report.DoesNotHold
	case !unclear:
		claim.Verdict = report.Holds
	}
	return claim
}

// claimMaps looks at single linear maps at a quarter of the break-even rank.
func (r *Result) claimMaps() experiment.Claim {
	claim := experiment.Claim{
		Text:        "A factored matrix at a quarter of the break-even rank is faster than the dense one, as its operations say.",
		Korean:      "손익분기 랭크의 1/4로 분해한 행렬은 연산량이 말하는 만큼 밀집 행렬보다 빠르다.",
		Paper:       "not measured by the paper; fewer operations are not always less time on small matrices (TensorLy's users found slower networks)",
		Measured:    "not run",
		Explanation: fmt.Sprintf("Six layers' maps one after the other, dense and factored in turn. Holds if every map is faster (lower quartile above 1) and every median ratio is within %.0f %% of the ratio of operations, fails if a map is slower. Where the time falls short of the operations: two thin products do fewer operations a second than one thick, since the result between them is written and read once more, and each has fewer operations for a value that it reads.", 100*timeTolerance),
	}
	var parts []string
	slower, faster, close := false, true, true
	for _, m := range r.Maps {
		if m.Part != quarter {
			continue
		}
		dense, factored := m.rates()
		parts = append(parts, fmt.Sprintf("%s [%d, %d] at rank %d: %.2f [%.2f, %.2f], by operations %.2f (dense %.0f, factored %.0f · 10⁹ operations a second)", m.Role, m.Out, m.In, m.Rank, m.Ratio, m.Low, m.High, m.MACRatio, dense, factored))
		slower, faster = slower || m.High < 1, faster && m.Low > 1
		close = close && math.Abs(m.Ratio/m.MACRatio-1) <= timeTolerance
	}
	if len(parts) == 0 {
		return claim
	}
	claim.Measured = "dense/factored: " + strings.Join(parts, "; ")
	switch {
	case slower:
		claim.Verdict = report.DoesNotHold
	case faster && close:
		claim.Verdict = report.Holds
	case faster:
		claim.Measured += " (all faster, but not all as much as the operations say)"
	}
	return claim
}
