package sanh2020

import (
	"fmt"
	"slices"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/movement"
)

const (
	// level is within how many points of accuracy two methods count as equally good.
	level = 0.02
	// faster is the speed-up up to which a model counts as no faster.
	faster = 1.05
)

// Claims are the paper's statements with the numbers measured here. The rules were fixed before the numbers were
// seen, but for two that take verdicts back: [Result.withoutNoise] and that on large learning rates in the claim on drift.
func (r edition) Claims() ([]experiment.Claim, error) {
	var claims []experiment.Claim
	var failed error
	add := func(claim experiment.Claim, err error) {
		if err != nil && failed == nil {
			failed = err
		}
		claims = append(claims, claim)
	}
	withoutNoise := func(claim experiment.Claim, err error) (experiment.Claim, error) {
		return r.withoutNoise(claim, true), err
	}
	add(withoutNoise(r.claimManyRemain()))
	for _, kind := range []movement.Kind{movement.Movement, movement.Soft, movement.L0} {
		if kind == movement.Movement || slices.Contains(r.Config.Kinds, kind) {
			claim, err := r.claimFewRemain(kind)
			add(r.withoutNoise(claim, false), err) // noise does not win
		}
	}
	add(withoutNoise(r.claimLikeL0()))
	add(withoutNoise(r.claimGlobalLevel()))
	add(withoutNoise(r.claimGlobalFew()))
	claims = append(claims, r.withoutNoise(r.claimLayers(), true), r.withoutNoise(r.claimSmallWeights(), true), r.claimDrift())
	add(r.claimTeacher())
	claims = append(claims, r.claimZerosAreSlow(), r.claimRemovalIsFast())
	return claims, failed
}

// differenceOf is the difference of two groups of runs, each the share of runs that are right by example; nil where either has none.
func differenceOf(a, b []Trained) (*stats.Difference, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, nil
	}
	d, err := stats.PairedBootstrap(accuracy(a), accuracy(b), stats.Resampling{Seed: 1})
	return &d, err
}

// above is the verdict that the first is better than the second.
func above(d *stats.Difference) report.Verdict { return experiment.ByInterval(d.Low, d.High, 0) }

// equal is the verdict that they are equally good: the interval lies within ±level, or outside of it.
func equal(d *stats.Difference) report.Verdict {
	switch {
	case d.Low > -level && d.High < level:
		return report.Holds
	case d.Low > level || d.High < -level:
		return report.DoesNotHold
	}
	return report.CannotTell
}

const pairs = "The 95 % interval of the difference, by the paired bootstrap over test examples of the mean over runs, decides. It does not include what other seeds would change."

// judged fills a claim in from a difference.
func judged(say *words.Printer, claim experiment.Claim, d *stats.Difference, err error, verdict func(*stats.Difference) report.Verdict, rule, without string) (experiment.Claim, error) {
	if d == nil {
		claim.Measured, claim.Explanation = say.T("not run"), without
		return claim, err
	}
	points := d.Times(100)
	claim.Measured += say.F("accuracy %.4f against %.4f: %+.2f points [%+.2f, %+.2f]", d.First, d.Second, points.Value, points.Low, points.High)
	claim.Verdict, claim.Explanation = verdict(d), rule
	return claim, err
}

// gather are the runs of all shares for which a condition holds.
func (r *Result) gather(condition func(float64) bool, runs func(remaining float64) []Trained) []Trained {
	var list []Trained
	for _, remaining := range r.Config.remaining(condition) {
		list = append(list, runs(remaining)...)
	}
	return list
}

func isFew(remaining float64) bool { return remaining <= few }

func (r edition) claimManyRemain() (experiment.Claim, error) {
	most := slices.Max(r.Config.Remaining)
	claim := experiment.Claim{Text: r.T("Magnitude pruning is better than movement pruning while most weights remain."),
		Paper:    r.T("magnitude wins above about 70 % remaining (figure 2)"),
		Measured: r.F("%g %% remaining: ", 100*most),
	}
	if most < 0.5 {
		claim.Measured, claim.Explanation = r.T("not run"), r.T("The protocol keeps less than half of the weights everywhere.")
		return claim, nil
	}
	c, err := differenceOf(r.plain(movement.Magnitude, most), r.plain(movement.Movement, most))
	return judged(r.Printer, claim, c, err, above, r.T(pairs), r.T("The protocol does not run both methods."))
}

func (r edition) claimFewRemain(kind movement.Kind) (experiment.Claim, error) {
	claim := experiment.Claim{Text: r.F("With 15 %% of the weights or fewer, %s is better than magnitude pruning.", methodName(r.Printer, kind)),
		Paper: map[movement.Kind]string{
			movement.Movement: r.T("MNLI at 10 and 3 %: 79.3 and 76.1 against 77.8 and 68.9 (table 2)"),
			movement.Soft:     r.T("MNLI at 10 and 3 %: 80.7 and 79.0 against 77.8 and 68.9 (table 2)"),
			movement.L0:       r.T("MNLI at 10 and 3 %: 77.9 and 75.1 against 77.8 and 68.9 (table 2)"),
		}[kind],
	}
	first := r.gather(isFew, func(v float64) []Trained { return r.plain(kind, v) })
	second := r.gather(isFew, func(v float64) []Trained { return r.plain(movement.Magnitude, v) })
	c, err := differenceOf(first, second)
	if c != nil && kind != movement.Magnitude {
		claim.Measured = r.F("really kept %s against %s; ", keptRange(r.Printer, first), keptRange(r.Printer, second))
	}
	return judged(r.Printer, claim, c, err, above, r.T(pairs), r.T("The protocol does not run both methods at 15 % or fewer."))
}

// keptRange is what remains of runs, as counted.
func keptRange(say *words.Printer, runs []Trained) string {
	low, high := 1.0, 0.0
	for _, t := range runs {
		low, high = min(low, t.Kept), max(high, t.Kept)
	}
	if high-low < 5e-4 {
		return fmt.Sprintf("%.1f %%", 100*high)
	}
	return say.F("%.1f to %.1f %%", 100*low, 100*high)
}

func (r edition) claimLikeL0() (experiment.Claim, error) {
	claim := experiment.Claim{Text: r.T("Movement pruning and L0 regularisation do about the same."),
		Paper: r.T("MNLI at 10 and 3 %: 79.3 and 76.1 against 77.9 and 75.1 (table 2)"),
	}
	c, err := differenceOf(
		r.gather(isFew, func(v float64) []Trained { return r.plain(movement.Movement, v) }),
		r.gather(isFew, func(v float64) []Trained { return r.plain(movement.L0, v) }))
	rule := r.F("Holds if the 95 %% interval of the difference (paired bootstrap over test examples) lies within ±%g points, at 15 %% of the weights or fewer.", 100*level)
	return judged(r.Printer, claim, c, err, equal, rule, r.T("The protocol does not run both methods at 15 % or fewer."))
}

func (r edition) claimGlobalLevel() (experiment.Claim, error) {
	moderate := func(v float64) bool { return isFew(v) && v > 0.04 }
	claim := experiment.Claim{Text: r.T("Selecting weights for the whole model or matrix by matrix makes no difference for movement pruning, except where very few remain."),
		Paper: r.T("about the same but at 3 % (section 5)"),
	}
	c, err := differenceOf(
		r.gather(moderate, func(v float64) []Trained { return r.global(movement.Movement, v) }),
		r.gather(moderate, func(v float64) []Trained { return r.plain(movement.Movement, v) }))
	rule := r.F("Global against local, 5 to 15 %% remaining. Holds if the 95 %% interval of the difference (paired bootstrap) lies within ±%g points.", 100*level)
	return judged(r.Printer, claim, c, err, equal, rule, r.T("The protocol has no global selection at 5 to 15 %."))
}

func (r edition) claimGlobalFew() (experiment.Claim, error) {
	fewest := func(v float64) bool { return v <= 0.04 }
	claim := experiment.Claim{Text: r.T("Where very few weights remain, movement pruning is better with one selection for the whole model."),
		Paper: r.T("3 % on SQuAD: +2.3 F1 (section 5)"),
	}
	c, err := differenceOf(
		r.gather(fewest, func(v float64) []Trained { return r.global(movement.Movement, v) }),
		r.gather(fewest, func(v float64) []Trained { return r.plain(movement.Movement, v) }))
	return judged(r.Printer, claim, c, err, above, r.F("Global against local, below 4 %% remaining. %s", r.T(pairs)), r.T("The protocol has no global selection below 4 %."))
}

func (r edition) claimTeacher() (experiment.Claim, error) {
	claim := experiment.Claim{Text: r.T("A teacher makes all methods better."),
		Paper: r.T("MNLI at 10 %: +0.5 (magnitude), +0.8 (L0), +0.8 (movement), +0.5 (soft movement) (table 3 against table 2)"),
	}
	var with, without []Trained
	var parts []string
	for _, kind := range r.Config.Distilled {
		a := r.gather(isFew, func(v float64) []Trained { return r.distilled(kind, v) })
		b := of(r.gather(isFew, func(v float64) []Trained { return r.plain(kind, v) }), r.Config.Seeds[0])
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		with, without = append(with, a...), append(without, b...)
		parts = append(parts, fmt.Sprintf("%s %+.2f", r.Name(string(kind)), 100*(mean(accuracy(a))-mean(accuracy(b)))))
	}
	c, err := differenceOf(with, without)
	if c != nil {
		claim.Measured = r.F("%s points; ", strings.Join(parts, ", "))
	}
	return judged(r.Printer, claim, c, err, above, r.F("All methods together. %s", r.T(pairs)), r.T("The protocol has no runs with a teacher."))
}
