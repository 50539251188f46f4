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
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// The tolerances of the claims, fixed before the numbers were seen.
const (
	countTolerance = 0.1  // million parameters: the paper prints one decimal
	timeTolerance  = 0.15 // relative deviation of a time ratio from the ratio of operations
	quarter        = 0.25 // of the break-even rank
	fewestSeeds    = 2    // for what training decides
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
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
func (r edition) claimError() experiment.Claim {
	claim := experiment.Claim{Text: r.T("At equal parameters, factors that matrices share leave a smaller reconstruction error: IV ≤ III ≤ II."),
		Paper:       r.T("forms are introduced in the order of how much is shared, to afford larger ranks with the same parameters; no number at equal parameters (recalled)"),
		Explanation: r.T("‖W − Ŵ‖ / ‖W‖ over all encoder matrices, mean over seeds; no sampling is involved beyond the seeds. Holds if the order is so at every ratio, fails if at every ratio some form that shares more has the larger error."),
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
	if len(r.Config.Forms) < 3 {
		return claim
	}
	return claim.With(experiment.Decide(broken == 0, ordered == 0))
}

func (r edition) claimCounts() experiment.Claim {
	claim := experiment.Claim{Text: r.T("IV-72-384 has 1/7 of the encoder parameters of BERT-base, and the tiny forms have under 2 million (1/48)."),
		Paper:       r.T("86.0, 23.0, 12.3, 3.9, 1.9 and 1.8 million (recalled, and consistent with counting)"),
		Explanation: r.F("Counted on the shapes, without word embeddings and classifier. Holds if every count is within %.1f million of the printed one.", countTolerance),
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
			parts = append(parts, r.F("1/%.1f for %s", first/float64(c.Counted), c.Name))
		}
	}
	claim.Measured = r.F("millions: %s", strings.Join(parts, ", "))
	return claim.With(experiment.When(holds))
}

func (r edition) claimHOOI() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Alternating updates (HOOI) are never worse than the truncated HOSVD that they start from, and never rise."),
		Paper:       r.T("a property of the algorithm (Kolda and Bader 2009); the paper decomposes with TensorLy's HOOI"),
		Measured:    r.T("not run"),
		Explanation: r.T("Relative errors of the stack of all slices, start and after each sweep, of every form and ratio. Holds if none rises."),
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
		claim.Measured = r.F("%d decompositions; HOOI lowers the error by %.4f to %.4f", len(gains), slices.Min(gains), slices.Max(gains))
		claim.Verdict = experiment.When(holds)
	}
	return claim
}

// claimPredicts looks for forms whose smaller error goes with the smaller accuracy.
func (r edition) claimPredicts() (experiment.Claim, error) {
	claim := experiment.Claim{Text: r.T("The reconstruction error does not predict the accuracy."),
		Paper:       r.T("decomposition alone loses nearly all of the accuracy whatever its error; what counts is the distillation after it (recalled)"),
		Explanation: r.T("Pairs of forms at the same ratio and recovery, of which at least one is above the largest class. Holds if in one of them the form with the smaller error is less accurate, with a 95 % interval of the paired difference that excludes 0; fails if at least three pairs differ so, and all in the order of their errors."),
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
					found := decided{r.F("%s − %s at %.0f %%, %s: %s", a.form, b.form, 100*ratio, r.Name(string(recovery)), d.Points()), math.Abs(d.Value)}
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
	claim.Measured = r.F("of %d pairs, the smaller error goes with the larger accuracy in %d%s, with the smaller in %d%s", pairs, len(along), largest(r.Printer, along), len(against), largest(r.Printer, against))
	claim.Explanation += r.seedsNote()
	if len(r.Config.Seeds) < fewestSeeds {
		return claim, nil
	}
	return claim.With(experiment.Decide(len(against) > 0, len(along) >= 3)), nil
}

// decided is a pair of forms whose accuracies differ, in words, and by how much.
type decided struct {
	text string
	size float64
}

// largest names the pairs that differ most, in brackets.
func largest(say *words.Printer, list []decided) string {
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
		return say.F(" (the largest: %s)", strings.Join(words, "; "))
	}
	return " (" + strings.Join(words, "; ") + ")"
}

// learned reports whether a cell's accuracy is above the largest class by more than two standard errors.
func (r *Result) learned(c cell) bool {
	list := r.pooled(c)
	return stat.Mean(list, nil) > r.Majority+2*math.Sqrt(r.Majority*(1-r.Majority)/float64(len(list)))
}

// claimRecovery compares distillation with fine-tuning on labels.
func (r edition) claimRecovery() (experiment.Claim, error) {
	claim := experiment.Claim{Text: r.T("Two stages of distillation give back more accuracy than fine-tuning alone."),
		Paper:       r.T("the compressed models are distilled in two stages; without it they fall behind (recalled)"),
		Measured:    r.T("not run"),
		Explanation: r.T("Accuracy, distilled minus fine-tuned, with as many steps; mean over all forms, ratios and seeds that were recovered. Holds if the 95 % interval (paired bootstrap over test examples) lies above 0."),
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
					each = append(each, fmt.Sprintf("%s %.1f", r.Name(string(recovery)), 100*(r.accuracy()+change.Value)))
				}
			}
			parts = append(parts, r.F("%s at %.0f %%: %s", form, 100*ratio, strings.Join(each, ", ")))
		}
	}
	claim.Measured = r.F("points, distilled − fine-tuned %s; accuracy in %% (whole %.1f): %s", d.Points(), 100*r.accuracy(), strings.Join(parts, "; "))
	claim.Explanation += r.seedsNote()
	if len(r.Config.Seeds) >= fewestSeeds {
		claim.Verdict = experiment.ByInterval(d.Low, d.High, 0)
	}
	return claim, nil
}

// seedsNote says by how many seeds a comparison stands.
func (r edition) seedsNote() string {
	note := r.T(" Examples are resampled, each with its mean over the seeds; what another seed would change is not included.")
	if n := len(r.Config.Seeds); n < fewestSeeds {
		note += r.F(" With %d seed nothing is decided: %d are needed.", n, fewestSeeds)
	}
	return note
}

// claimSpeed looks at whole models.
func (r edition) claimSpeed() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Decomposed models are faster than the whole one."),
		Paper:       r.T("the tiny model is 2.7 times faster (abstract)"),
		Measured:    r.T("not run"),
		Explanation: r.T("Classifier on full batches, pairs in turn. A form is faster if the lower quartile of whole/decomposed is above 1, slower if the upper one is below 1. Holds if all are faster, fails if one is slower."),
	}
	var parts []string
	slower, unclear := false, false
	for _, s := range r.Speed {
		parts = append(parts, r.F("%s %.2f [%.2f, %.2f], by operations %.2f", r.ranks(s.Name), s.Time.Ratio, s.Time.Low, s.Time.High, s.MACRatio))
		slower = slower || s.Time.High < 1
		unclear = unclear || s.Time.Low <= 1
	}
	if len(parts) == 0 {
		return claim
	}
	claim.Measured = r.F("whole/decomposed, batch %d × %d tokens: %s", r.Config.SpeedBatch, r.Config.SpeedLength, strings.Join(parts, "; "))
	return claim.With(experiment.Decide(!slower && !unclear, slower))
}

// claimMaps looks at single linear maps at a quarter of the break-even rank.
func (r edition) claimMaps() experiment.Claim {
	claim := experiment.Claim{Text: r.T("A factored matrix at a quarter of the break-even rank is faster than the dense one, as its operations say."),
		Paper:       r.T("not measured by the paper; fewer operations are not always less time on small matrices (TensorLy's users found slower networks)"),
		Measured:    r.T("not run"),
		Explanation: r.F("Six layers' maps one after the other, dense and factored in turn. Holds if every map is faster (lower quartile above 1) and every median ratio is within %.0f %% of the ratio of operations, fails if a map is slower. Where the time falls short of the operations: two thin products do fewer operations a second than one thick, since the result between them is written and read once more, and each has fewer operations for a value that it reads.", 100*timeTolerance),
	}
	var parts []string
	slower, faster, close := false, true, true
	for _, m := range r.Maps {
		if m.Part != quarter {
			continue
		}
		dense, factored := m.rates()
		parts = append(parts, r.F("%s [%d, %d] at rank %d: %.2f [%.2f, %.2f], by operations %.2f (dense %.0f, factored %.0f · 10⁹ operations a second)", r.Name(string(m.Role)), m.Out, m.In, m.Rank, m.Ratio, m.Low, m.High, m.MACRatio, dense, factored))
		slower, faster = slower || m.High < 1, faster && m.Low > 1
		close = close && math.Abs(m.Ratio/m.MACRatio-1) <= timeTolerance
	}
	if len(parts) == 0 {
		return claim
	}
	claim.Measured = r.F("dense/factored: %s", strings.Join(parts, "; "))
	switch {
	case slower:
		claim.Verdict = report.DoesNotHold
	case faster && close:
		claim.Verdict = report.Holds
	case faster:
		claim.Measured += r.T(" (all faster, but not all as much as the operations say)")
	}
	return claim
}
