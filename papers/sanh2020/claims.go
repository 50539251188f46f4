package sanh2020

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/movement"
)

// What counts, fixed before the numbers were seen.
const (
	better  = 0.005 // of accuracy, for one method to be better than another
	level   = 0.02  // of accuracy, within which two methods are equally good
	reached = 0.2   // by which part the weights that remain may differ from those that were asked for
	faster  = 0.05  // of the speed
	lower   = 0.2   // by which part the lower half of the layers keeps more than the upper half
	smaller = 0.1   // of the kept weights that are small
	still   = 0.1   // of the weights' norm, for weights that move little
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	list := []experiment.Statement{r.manyRemain()}
	for _, kind := range []movement.Kind{movement.Movement, movement.Soft, movement.L0} {
		if kind == movement.Movement || slices.Contains(r.Config.Kinds, kind) {
			list = append(list, r.fewRemain(kind))
		}
	}
	list = append(list, r.likeL0(), r.globalLevel(), r.globalFew(), r.layers(), r.smallWeights(), r.drift(), r.teacher(), r.zerosAreSlow(), r.removalIsFast())
	return experiment.Judge(r.Printer, list...), nil
}

// runsOf are the runs of a method, or of a way of running it, at a share.
type runsOf func(remaining float64) []Trained

func (r *Result) local(kind movement.Kind) runsOf {
	return func(v float64) []Trained { return r.plain(kind, v) }
}

func (r *Result) whole(kind movement.Kind) runsOf {
	return func(v float64) []Trained { return r.global(kind, v) }
}

func isFew(remaining float64) bool { return remaining <= few }

// against compares two groups of runs at the shares for which a condition holds, by the mean over shares. A share that a run did not reach
// is not compared; also says which.
func (r edition) against(name string, condition func(float64) bool, first, second runsOf) (evidence []experiment.Evidence, also string) {
	var pairs experiment.Paired
	var missed []string
	run := false
	for _, share := range r.Config.remaining(condition) {
		a, b := first(share), second(share)
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		run = true
		if kept := unreached(share, append(slices.Clone(a), b...)); kept != "" {
			missed = append(missed, r.F("%g %% was asked and %s were kept", 100*share, kept))
			continue
		}
		experiment.Match(&pairs, "", a, b, func(t Trained) (uint64, []float64) { return t.Variant.Seed, stats.Answers(t.Right).Numbers() })
	}
	evidence = pairs.Evidence(name)
	if len(missed) > 0 {
		also = r.F("not compared: %s", strings.Join(missed, "; "))
	}
	if evidence == nil && run {
		nothing := stats.Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
		evidence = []experiment.Evidence{{Name: name, Effect: stats.Effect{Interval: nothing}, Open: also}}
	}
	return evidence, also
}

// unreached is what is left of runs, where it is not what was asked for; empty: it is.
func unreached(share float64, runs []Trained) string {
	for _, t := range runs {
		if math.Abs(t.Kept/share-1) > reached {
			return fmt.Sprintf("%.1f %%", 100*t.Kept)
		}
	}
	return ""
}

// comparison is a statement on two groups of runs.
func (r edition) comparison(s experiment.Statement, condition func(float64) bool, first, second runsOf) experiment.Statement {
	s.Training, s.Open = true, r.noisy()
	s.Evidence, s.Also = r.against("", condition, first, second)
	return s
}

func (r edition) manyRemain() experiment.Statement {
	most := slices.Max(r.Config.Remaining)
	return r.comparison(experiment.Statement{
		Text:     r.T("Magnitude pruning is better than movement pruning while most weights remain."),
		Paper:    r.T("magnitude wins above about 70 % remaining (figure 2)"),
		Estimand: r.F("accuracy of magnitude minus movement pruning, %g %% remaining", 100*most),
		Rule:     experiment.Superior(better, experiment.Points),
		Missing:  r.T("The protocol keeps less than half of the weights everywhere, or lacks a method."),
	}, func(v float64) bool { return v == most && v >= 0.5 }, r.local(movement.Magnitude), r.local(movement.Movement))
}

func (r edition) fewRemain(kind movement.Kind) experiment.Statement {
	s := r.comparison(experiment.Statement{
		Text: r.F("With 15 %% of the weights or fewer, %s is better than magnitude pruning.", methodName(r.Printer, kind)),
		Paper: map[movement.Kind]string{
			movement.Movement: r.T("MNLI at 10 and 3 %: 79.3 and 76.1 against 77.8 and 68.9 (table 2)"),
			movement.Soft:     r.T("MNLI at 10 and 3 %: 80.7 and 79.0 against 77.8 and 68.9 (table 2)"),
			movement.L0:       r.T("MNLI at 10 and 3 %: 77.9 and 75.1 against 77.8 and 68.9 (table 2)"),
		}[kind],
		Estimand: r.F("accuracy of %s minus magnitude pruning, mean over shares of at most 15 %%", methodName(r.Printer, kind)),
		Rule:     experiment.Superior(better, experiment.Points),
		Missing:  r.T("The protocol does not run both methods at 15 % or fewer; the full one does."),
	}, isFew, r.local(kind), r.local(movement.Magnitude))
	s.Open, s.Doubt = "", s.Open // noise does not win
	return s
}

func (r edition) likeL0() experiment.Statement {
	return r.comparison(experiment.Statement{
		Text:     r.T("Movement pruning and L0 regularisation do about the same."),
		Paper:    r.T("MNLI at 10 and 3 %: 79.3 and 76.1 against 77.9 and 75.1 (table 2)"),
		Estimand: r.F("accuracy of %s minus %s, mean over shares of at most 15 %%", r.T("movement pruning"), r.T("L0 regularisation")),
		Rule:     experiment.Equivalent(level, experiment.Points),
		Missing:  r.T("The protocol does not run both methods at 15 % or fewer; the full one does."),
	}, isFew, r.local(movement.Movement), r.local(movement.L0))
}

func (r edition) globalLevel() experiment.Statement {
	return r.comparison(experiment.Statement{
		Text:     r.T("Selecting weights for the whole model or matrix by matrix makes no difference for movement pruning, except where very few remain."),
		Paper:    r.T("about the same but at 3 % (section 5)"),
		Estimand: r.T("accuracy of movement pruning with one selection minus matrix by matrix, mean over shares of 5 to 15 %"),
		Rule:     experiment.Equivalent(level, experiment.Points),
		Missing:  r.T("The protocol has no global selection at 5 to 15 %; the full one has."),
	}, func(v float64) bool { return isFew(v) && v > 0.04 }, r.whole(movement.Movement), r.local(movement.Movement))
}

func (r edition) globalFew() experiment.Statement {
	return r.comparison(experiment.Statement{
		Text:     r.T("Where very few weights remain, movement pruning is better with one selection for the whole model."),
		Paper:    r.T("3 % on SQuAD: +2.3 F1 (section 5)"),
		Estimand: r.T("accuracy of movement pruning with one selection minus matrix by matrix, mean over shares below 4 %"),
		Rule:     experiment.Superior(better, experiment.Points),
		Missing:  r.T("The protocol has no global selection below 4 %; the full one has."),
	}, func(v float64) bool { return v <= 0.04 }, r.whole(movement.Movement), r.local(movement.Movement))
}

// teacher asks it of each method alone.
func (r edition) teacher() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("A teacher makes all methods better."),
		Paper:    r.T("MNLI at 10 %: +0.5 (magnitude), +0.8 (L0), +0.8 (movement), +0.5 (soft movement) (table 3 against table 2)"),
		Estimand: r.T("for each method its accuracy with a teacher minus with labels alone, mean over shares of at most 15 %"),
		Rule:     experiment.Superior(better, experiment.Points).Each(), Training: true,
		Missing: r.T("The protocol has no runs with a teacher."),
	}
	var notes []string
	for _, kind := range r.Config.Distilled {
		taught := func(v float64) []Trained { return r.distilled(kind, v) }
		evidence, also := r.against(r.Name(string(kind)), isFew, taught, r.local(kind))
		s.Evidence = append(s.Evidence, evidence...)
		if also != "" {
			notes = append(notes, r.Name(string(kind))+": "+also)
		}
	}
	s.Also = strings.Join(notes, "; ")
	return s
}
