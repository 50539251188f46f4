package wang2022

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/tucker"
)

// What counts, fixed before the numbers were seen.
const (
	better         = 0.005 // of accuracy
	countTolerance = 0.1   // million parameters: the paper prints one decimal, and the printed values are recalled
	faster         = 0.05  // of the speed
	timeTolerance  = 0.15  // by which part a ratio of times may differ from that of operations
	quarter        = 0.25  // of the break-even rank
)

// millions are numbers of parameters.
var millions = experiment.Scale{Factor: 1, Verb: "%+.2f", Unit: words.Key("millions")}

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	return experiment.Judge(r.Printer, r.errors(), r.counts(), r.sweeps(), r.predicts(), r.recovers(), r.speeds(), r.maps()), nil
}

// errors compares reconstruction errors at equal parameters: what each form's is above that of the one that shares more.
func (r edition) errors() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("At equal parameters, factors that matrices share leave a smaller reconstruction error: IV ≤ III ≤ II."),
		Paper:    r.T("forms are introduced in the order of how much is shared, to afford larger ranks with the same parameters; no number at equal parameters (recalled)"),
		Estimand: r.T("‖W − Ŵ‖ / ‖W‖ over all encoder matrices, of a form minus that of the one that shares more, at each ratio, mean over seeds, and of the pretrained model"),
		Rule:     experiment.NoLess(0, experiment.Plain).Each(), Own: true,
		Missing: r.T("The protocol lacks a form."),
	}
	if len(r.Config.Forms) < 3 {
		return s
	}
	add := func(of string, ratios []float64, error func(Form, float64) float64) {
		for _, ratio := range ratios {
			for _, pair := range [][2]Form{{II, III}, {III, IV}} {
				apart := error(pair[0], ratio) - error(pair[1], ratio)
				s.Evidence = append(s.Evidence, experiment.That(of+r.F("%s − %s at %.0f %%", pair[0], pair[1], 100*ratio), stats.Counted(apart)))
			}
		}
	}
	add("", r.Config.Ratios, r.meanError)
	if p := r.Pretrained; p != nil {
		add(p.Model+": ", r.Config.PretrainedRatios, p.error)
	}
	return s
}

func (r edition) counts() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("IV-72-384 has 1/7 of the encoder parameters of BERT-base, and the tiny forms have under 2 million (1/48)."),
		Paper:    r.T("86.0, 23.0, 12.3, 3.9, 1.9 and 1.8 million (recalled; they agree with the count to within 0.1 million)"),
		Estimand: r.T("parameters by BERT-base's shapes, without word embeddings and classifier, minus the printed number, of each model"),
		Rule:     experiment.Equivalent(countTolerance, millions).Each(),
		Evidence: experiment.Each(r.Counts, func(c tucker.Count) experiment.Evidence {
			return experiment.That(c.Name, stats.Counted(float64(c.Counted)/1e6-c.Printed))
		}),
	}
	s.Also = r.F("millions: %s", strings.Join(experiment.Each(r.Counts, func(c tucker.Count) string {
		return r.F("%s %.2f, 1/%.1f", c.Name, float64(c.Counted)/1e6, float64(r.Counts[0].Counted)/float64(c.Counted))
	}), "; "))
	return s
}

// sweeps asks of each decomposition by how much a sweep lowers its error, at least.
func (r edition) sweeps() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("The error of alternating updates (HOOI) is never above that of the truncated HOSVD that they start from, and never rises."),
		Paper:    r.T("a property of the algorithm (Kolda and Bader 2009); the paper decomposes with TensorLy's HOOI"),
		Estimand: r.T("relative error of the stack of all slices before a sweep minus after it, the least of all sweeps, of each form and ratio"),
		Rule:     experiment.NoLess(0, experiment.Plain).Each(), Own: true,
		Missing: r.T("The protocol has no form with HOOI."),
	}
	add := func(of string, variants []Decomposition) {
		for _, v := range variants {
			least := math.Inf(1)
			for i := 1; i < len(v.Sweeps); i++ {
				least = min(least, v.Sweeps[i-1]-v.Sweeps[i])
			}
			if len(v.Sweeps) > 1 {
				s.Evidence = append(s.Evidence, experiment.That(of+r.F("%s at %.0f %%", v.Form, 100*v.Ratio), stats.Counted(least)))
			}
		}
	}
	add("", r.Variants)
	if p := r.Pretrained; p != nil {
		add(p.Model+": ", p.Variants)
	}
	return s
}

// predicts looks for forms whose smaller error goes with the smaller accuracy.
func (r edition) predicts() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("The reconstruction error does not predict the accuracy."),
		Paper:    r.T("decomposition alone loses nearly all of the accuracy whatever its error; what counts is the distillation after it (recalled)"),
		Estimand: r.T("accuracy of the form with the smaller error minus that with the larger one, of each pair of forms at the same ratio and recovery, of which at least one is above the largest class"),
		Rule:     experiment.Inferior(better, experiment.Points).Some(), Training: true,
		Missing: r.T("The protocol has no such pair."),
	}
	for _, pair := range r.rivals() {
		a, b := pair[0], pair[1]
		name := r.F("%s − %s at %.0f %%, %s", a.form, b.form, 100*a.ratio, r.Name(string(a.recovery)))
		s.Evidence = append(s.Evidence, compare(name, r.of(a), r.of(b))...)
	}
	return s
}

// rivals are the pairs of forms at the same ratio and recovery, that with the smaller error first, of which at least one has learned.
func (r *Result) rivals() (pairs [][2]cell) {
	for _, recovery := range []Recovery{None, Tuned, Distilled} {
		for _, ratio := range r.Config.Ratios {
			for i, first := range r.Config.Forms {
				for _, second := range r.Config.Forms[i+1:] {
					a, b := cell{first, ratio, recovery}, cell{second, ratio, recovery}
					if r.meanError(a.form, ratio) > r.meanError(b.form, ratio) {
						a, b = b, a
					}
					if r.learned(a) || r.learned(b) {
						pairs = append(pairs, [2]cell{a, b})
					}
				}
			}
		}
	}
	return pairs
}

// learned reports whether a cell's accuracy is above the largest class by more than two standard errors; without trials it is not.
func (r *Result) learned(c cell) bool {
	list := pooled(r.of(c))
	return list != nil && stat.Mean(list, nil) > r.Majority+2*math.Sqrt(r.Majority*(1-r.Majority)/float64(len(list)))
}

// recovers compares distillation with fine-tuning on labels.
func (r edition) recovers() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Two stages of distillation give back more accuracy than fine-tuning alone."),
		Paper:    r.T("the compressed models are distilled in two stages; without it they fall behind (recalled)"),
		Estimand: r.T("accuracy distilled minus fine-tuned on labels, with as many steps, mean over forms and ratios"),
		Rule:     experiment.Superior(better, experiment.Points), Training: true,
		Missing: r.T("The protocol does not recover a form in both ways."),
	}
	var pairs experiment.Paired
	var parts []string
	for _, form := range r.Config.Forms {
		for _, ratio := range r.Config.Recovered {
			distilled, tuned := r.of(cell{form, ratio, Distilled}), r.of(cell{form, ratio, Tuned})
			pair(&pairs, distilled, tuned)
			if len(distilled) > 0 && len(tuned) > 0 {
				parts = append(parts, r.F("%s at %.0f %%: %.1f and %.1f", form, 100*ratio, 100*mean(distilled), 100*mean(tuned)))
			}
		}
	}
	s.Evidence = pairs.Evidence("")
	s.Also = r.F("accuracy in %%, whole %.1f; %s", 100*r.accuracy(), strings.Join(parts, "; "))
	return s
}

// speeds looks at the smallest models that were timed, one of each form; the others stand beside them.
func (r edition) speeds() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("The smallest decomposed models are faster than the whole one."),
		Paper:    r.T("the tiny model is 2.7 times faster (abstract)"),
		Estimand: r.F("time of the whole model against that of the smallest decomposed one that was timed, of each form, batch %d × %d tokens, median of %d pairs", r.Config.SpeedBatch, r.Config.SpeedLength, r.Config.SpeedRepeats),
		Rule:     experiment.Superior(faster, experiment.Ratio).Each(),
		Missing:  r.T("The protocol times no decomposed model."),
	}
	if len(r.Speed) == 0 {
		return s
	}
	least := slices.MinFunc(r.Speed, func(a, b Speed) int { return cmp.Compare(a.Target, b.Target) }).Target
	var counted, larger []string
	for _, timed := range r.Speed {
		name := r.ranks(timed.Name)
		if timed.Target == least {
			s.Evidence = append(s.Evidence, timed.Time.Evidence(r.Printer, name, r.Provenance))
			counted = append(counted, fmt.Sprintf("%.2f×", timed.MACRatio))
			continue
		}
		larger = append(larger, r.F("%s %.2f× (by operations %.2f×)", name, timed.Time.Ratio, timed.MACRatio))
	}
	s.Also = r.F("by operations: %s", strings.Join(counted, ", "))
	if len(larger) > 0 {
		s.Also += "; " + r.F("larger ones: %s", strings.Join(larger, ", "))
	}
	return s
}

// maps looks at single linear maps at a quarter of the break-even rank.
func (r edition) maps() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("A factored matrix at a quarter of the break-even rank is faster than the dense one, as its operations say."),
		Paper:    r.T("not measured by the paper; fewer operations are not always less time on small matrices (TensorLy's users found slower networks)"),
		Estimand: r.T("how many times as fast the factored maps of all layers are as the dense ones, against the ratio of operations, for each role"),
		Rule:     experiment.Equivalent(timeTolerance, experiment.Ratio).Each(), Own: true,
		Missing: r.T("The protocol times no map."),
		Note:    r.T("Where the time falls short of the operations: two thin products do fewer operations a second than one thick, since the result between them is written and read once more, and each has fewer operations for a value that it reads."),
	}
	var parts []string
	for _, m := range r.Maps {
		if m.Part != quarter {
			continue
		}
		e := experiment.That(r.F("%s [%d, %d] at rank %d", r.Name(string(m.Role)), m.Out, m.In, m.Rank), stats.MedianOf(m.Ratios).Times(1/m.MACRatio))
		e.Timed, e.Processors = true, r.Provenance.Had(m.Processors)
		s.Evidence = append(s.Evidence, e)
		dense, factored := m.rates()
		parts = append(parts, r.F("%.2f×, by operations %.2f× (dense %.0f, factored %.0f · 10⁹ operations a second)", m.Ratio, m.MACRatio, dense, factored))
	}
	s.Also = strings.Join(parts, "; ")
	return s
}

// of are the trials of a cell.
func (r *Result) of(c cell) []Trial {
	return experiment.Where(r.Trials, func(t Trial) bool { return cell{t.Form, t.Ratio, t.Recovery} == c })
}

// pair adds the pairs of two groups with the same seed.
func pair(pairs *experiment.Paired, first, second []Trial) {
	experiment.Match(pairs, "", first, second, func(t Trial) (uint64, []float64) { return t.Seed, t.Right.Numbers() })
}

// compare is the difference of two groups' accuracies; none where one was not run.
func compare(name string, first, second []Trial) []experiment.Evidence {
	var pairs experiment.Paired
	pair(&pairs, first, second)
	return pairs.Evidence(name)
}

// mean is the mean accuracy of trials.
func mean(trials []Trial) float64 {
	return stat.Mean(pooled(trials), nil)
}
