package movement

import (
	"fmt"
	"math"

	"bertlab/gbert/finetune"
)

// Kind is a method of pruning.
type Kind string

// The methods (table 1 of the paper).
const (
	Magnitude Kind = "magnitude" // S = |W|, M = Top_v(S): zeroth order
	Movement  Kind = "movement"  // S learned, M = Top_v(S), straight-through gradient
	Soft      Kind = "soft"      // S learned, M = (σ(S) > τ), straight-through gradient, penalty λ·R(S)
	L0        Kind = "l0"        // S learned, M hard concrete, penalty λ·E(L0)
)

// Scope says among which units Top_v selects.
type Scope string

// The scopes.
const (
	Local  Scope = "local"  // in each matrix, or in each layer for heads and neurons
	Global Scope = "global" // among all units of the same granularity
)

// Options say how a model is pruned. Zero values mean the defaults named with each field.
type Options struct {
	// Kind is [Movement] when empty.
	Kind Kind `json:"kind"`
	// Scope is [Local] when empty. Soft and L0 have no selection: their threshold is one for all.
	Scope Scope `json:"scope"`
	// Attention and FFN are the units in which the attention maps (query, key, value, output) and the feed-forward maps are
	// pruned; single weights when empty.
	Attention Granularity `json:"attention"`
	FFN       Granularity `json:"ffn"`
	// Remaining is v_f, the share of units kept in the end, above 0 and at most 1. There is no default for Magnitude and
	// Movement. Soft and L0 need it where Lambda is 0: a multiplier is then learned that leads to it.
	Remaining float64 `json:"remaining"`
	// Initial is v_i, the share kept at first; 1.
	Initial float64 `json:"initial"`
	// WarmupShare and CoolDownShare are t_i and t_f as shares of all steps: before the first v_i holds, in the last v_f does;
	// 0.1 and 0.3. Negative: none.
	WarmupShare   float64 `json:"warmup_share"`
	CoolDownShare float64 `json:"cool_down_share"`
	// WarmupSteps and CoolDownSteps are t_i and t_f in steps; where above 0, they stand in place of the shares.
	WarmupSteps   int `json:"warmup_steps,omitempty"`
	CoolDownSteps int `json:"cool_down_steps,omitempty"`
	// ScoreLearningRate is the peak learning rate of the scores; 1e-2, and 1e-1 for L0.
	ScoreLearningRate float64 `json:"score_learning_rate"`
	// ScoreOptimizer is what moves the scores: [finetune.AdamW] when empty, as in the authors' code, which divides each gradient
	// by its usual size; or [finetune.SGD], equation 4 to the letter: S = −α·Σ (∂L/∂W')·W. For Movement alone.
	ScoreOptimizer finetune.Optimizer `json:"score_optimizer,omitempty"`
	// Threshold is Soft's final τ, between 0 and 1; 0.1. It starts at 0 and follows the schedule.
	Threshold float64 `json:"threshold,omitempty"`
	// Lambda is the weight λ_f of the penalty of Soft and L0. With Soft it grows with the threshold, λ_t = λ_f·τ_t/τ_f; with L0
	// it is constant: so does the authors' code, with 400 and 125. 0: learned, see Remaining.
	Lambda float64 `json:"lambda,omitempty"`
	// Temperature is b of L0's hard concrete distribution, Low and High are its limits l and r; 2/3, −0.1 and 1.1.
	Temperature float64 `json:"temperature,omitempty"`
	Low         float64 `json:"low,omitempty"`
	High        float64 `json:"high,omitempty"`
	// InitialScore is the first value of every score; 0, and 2.197 (σ = 0.9) for L0.
	InitialScore float64 `json:"initial_score,omitempty"`
}

func (o Options) withDefaults() (Options, error) {
	set := func(value *float64, fallback float64) {
		if *value == 0 {
			*value = fallback
		}
	}
	if o.Kind == "" {
		o.Kind = Movement
	}
	if o.Scope == "" {
		o.Scope = Local
	}
	set(&o.Initial, 1)
	set(&o.WarmupShare, 0.1)
	set(&o.CoolDownShare, 0.3)
	for _, g := range []*Granularity{&o.Attention, &o.FFN} {
		if g.Unit == "" && *g == (Granularity{}) {
			g.Unit = Weight
		}
	}
	switch o.Kind {
	case Soft:
		set(&o.Threshold, 0.1)
	case L0:
		set(&o.ScoreLearningRate, 1e-1)
		set(&o.Temperature, 2.0/3)
		set(&o.Low, -0.1)
		set(&o.High, 1.1)
		set(&o.InitialScore, 2.197)
	}
	set(&o.ScoreLearningRate, 1e-2)
	return o, o.check()
}

func (o Options) check() error {
	bad := func(format string, args ...any) error { return fmt.Errorf("movement: "+format, args...) }
	switch o.Kind {
	case Magnitude, Movement, Soft, L0:
	default:
		return bad("Options.Kind %q: choose %s, %s, %s or %s", o.Kind, Magnitude, Movement, Soft, L0)
	}
	if o.Scope != Local && o.Scope != Global {
		return bad("Options.Scope %q: choose %s or %s", o.Scope, Local, Global)
	}
	if err := o.Attention.check(); err != nil {
		return err
	}
	if err := o.FFN.check(); err != nil {
		return err
	}
	switch {
	case o.Attention.Unit == Neuron:
		return bad("Options.Attention: attention has no neurons: choose weight, block, row, column, head or none for it")
	case o.FFN.Unit == Head:
		return bad("Options.FFN: a feed-forward network has no heads: choose weight, block, row, column, neuron or none for it")
	case o.Attention.Unit == None && o.FFN.Unit == None:
		return bad("nothing is to be pruned: Options.Attention and Options.FFN are both none")
	case !(o.Initial > 0 && o.Initial <= 1):
		return bad("Options.Initial, the share of units at the beginning, is %g: it must be above 0 and at most 1", o.Initial)
	case !(o.ScoreLearningRate > 0) || math.IsInf(o.ScoreLearningRate, 0):
		return bad("Options.ScoreLearningRate, the learning rate of the scores, is %g: it must be above 0", o.ScoreLearningRate)
	case o.ScoreOptimizer != "" && o.ScoreOptimizer != finetune.AdamW && o.ScoreOptimizer != finetune.SGD:
		return bad("Options.ScoreOptimizer %q: choose %s or %s", o.ScoreOptimizer, finetune.AdamW, finetune.SGD)
	case o.ScoreOptimizer == finetune.SGD && o.Kind != Movement:
		return bad("Options.ScoreOptimizer %s: the scores of %s cannot take plain steps: only those of %s, of which the order alone counts", o.ScoreOptimizer, o.Kind, Movement)
	case o.WarmupSteps < 0 || o.CoolDownSteps < 0:
		return bad("%d warm-up and %d cool-down steps: neither may be negative", o.WarmupSteps, o.CoolDownSteps)
	case !(o.WarmupShare < 1 && o.CoolDownShare < 1):
		return bad("Options.WarmupShare %g and Options.CoolDownShare %g: each must be below 1", o.WarmupShare, o.CoolDownShare)
	case !(o.Lambda >= 0) || math.IsInf(o.Lambda, 0):
		return bad("Options.Lambda %g: it must not be negative", o.Lambda)
	case o.Lambda != 0 && o.Kind != Soft && o.Kind != L0:
		return bad("Options.Lambda %g: %s has no λ: it keeps the share that Options.Remaining names", o.Lambda, o.Kind)
	case math.IsNaN(o.InitialScore) || math.IsInf(o.InitialScore, 0):
		return bad("the initial score is %g: a finite number is needed", o.InitialScore)
	}
	if needsRemaining := o.Lambda == 0; (needsRemaining || o.Remaining != 0) && !(o.Remaining > 0 && o.Remaining <= 1) {
		return bad("Options.Remaining, the share of units that is kept, is %g: it must be above 0 and at most 1", o.Remaining)
	}
	if o.Remaining > o.Initial {
		return bad("the share of units goes from %g to %g (Options.Remaining): it must not grow", o.Initial, o.Remaining)
	}
	if o.Kind == Soft && !(o.Threshold > 0 && o.Threshold < 1) {
		return bad("Options.Threshold %g: it must be above 0 and below 1", o.Threshold)
	}
	if o.Kind == L0 && !(o.Temperature > 0 && o.Low < 0 && o.High > 1) {
		return bad("hard concrete with temperature %g and limits %g and %g: the temperature must be above 0, the limits below 0 and above 1", o.Temperature, o.Low, o.High)
	}
	return nil
}

// Shrinks reports whether what is pruned can be removed for real: heads and neurons.
func (o Options) Shrinks() bool { return o.Attention.Unit == Head || o.FFN.Unit == Neuron }

// learned reports whether the scores are parameters.
func (o Options) learned() bool { return o.Kind != Magnitude }

// selects reports whether the mask is Top_v of the scores.
func (o Options) selects() bool { return o.Kind == Magnitude || o.Kind == Movement }

// Check reports options that no model can be pruned with, and says what was expected.
func (o Options) Check() error {
	_, err := o.withDefaults()
	return err
}
