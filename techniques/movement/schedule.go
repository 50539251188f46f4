package movement

import (
	"fmt"
	"math"
)

// KeepRatio is v at a step of a run (equation 5 of the paper), the share of units that is kept:
//
//	v = v_i                                            for t ≤ t_i
//	v = v_f + (v_i − v_f)·(1 − (t − t_i)/(T − t_i − t_f))³   between
//	v = v_f                                            for t ≥ T − t_f
//
// step is t, from 0; steps is T. The ends are exact. It is an error when warm-up and cool-down leave no step between them.
func (o Options) KeepRatio(step, steps int) (float64, error) {
	o, err := o.withDefaults()
	if err != nil {
		return 0, err
	}
	progress, err := o.progress(step, steps)
	if err != nil {
		return 0, err
	}
	return o.keepRatio(progress), nil
}

// CheckSteps reports a schedule that a run of so many steps cannot follow, with the numbers that would do.
func (o Options) CheckSteps(steps int) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	_, err = o.progress(0, steps)
	return err
}

// settling is about how many steps learned scores need before their order says anything; the evidence stands in the package's
// documentation. The paper prunes after 5,400.
const settling = 1000

// Advice is a line for who is about to train with these options for so many steps: learned scores that prune before they have
// had steps enough cut at random. It is empty where there is nothing to say.
func (o Options) Advice(steps int) string {
	o, err := o.withDefaults()
	if err != nil || !o.learned() {
		return ""
	}
	before := o.span(o.WarmupSteps, o.WarmupShare, steps)
	if before >= settling {
		return ""
	}
	return fmt.Sprintf("pruning begins after %d of %d steps, when scores are mostly noise and the cut is near random: they need about %d; a larger warm-up of the pruning, or more steps, helps",
		before, steps, settling)
}

func (o Options) keepRatio(progress float64) float64 { return cubic(o.Initial, o.Remaining, progress) }

// cubic goes from the first to the last value as progress goes from 0 to 1; both ends are exact.
func cubic(first, last, progress float64) float64 {
	switch progress {
	case 0:
		return first
	case 1:
		return last
	}
	left := 1 - progress
	return last + (first-last)*left*left*left
}

// progress is (t − t_i)/(T − t_i − t_f) within 0 and 1.
func (o Options) progress(step, steps int) (float64, error) {
	warmup, coolDown := o.span(o.WarmupSteps, o.WarmupShare, steps), o.span(o.CoolDownSteps, o.CoolDownShare, steps)
	between := steps - warmup - coolDown
	switch {
	case steps < 1:
		return 0, fmt.Errorf("movement: a run of %d steps: at least 1 is needed", steps)
	case between < 1 && (o.WarmupSteps > 0 || o.CoolDownSteps > 0):
		return 0, fmt.Errorf("movement: warm-up (%d steps) and cool-down (%d steps) leave no step of %d for pruning, so it would never begin: make Options.WarmupSteps + Options.CoolDownSteps at most %d, or train for at least %d steps",
			warmup, coolDown, steps, steps-1, warmup+coolDown+1)
	case between < 1:
		return 0, fmt.Errorf("movement: warm-up (%g of the steps) and cool-down (%g) leave no step of %d for pruning, so it would never begin: make Options.WarmupShare + Options.CoolDownShare at most %.3g",
			max(o.WarmupShare, 0), max(o.CoolDownShare, 0), steps, float64(steps-1)/float64(steps))
	case step <= warmup:
		return 0, nil
	case step >= steps-coolDown:
		return 1, nil
	}
	return float64(step-warmup) / float64(between), nil
}

// span is a part of the run in steps.
func (o Options) span(absolute int, share float64, steps int) int {
	if absolute > 0 {
		return absolute
	}
	return int(math.Round(max(share, 0) * float64(steps)))
}
