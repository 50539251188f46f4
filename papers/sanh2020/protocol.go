package sanh2020

import (
	"errors"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/movement"
)

// Config lists the methods, and the shares of weights that they keep; [Quick] and [Full] fill it in.
type Config struct {
	// Setup has the seeds of the training runs; experiments beside the curves use the first. The paper: 6 to 10 epochs of batches of 16, 128
	// tokens, a learning rate of 3e-5, frozen embeddings.
	experiment.Setup
	// Layers is how many of the model's layers are used, from below; 0: all. Fewer take less time, so that scores get more steps.
	Layers int `json:"layers"`
	// Kinds are the methods of the curves, Remaining the shares of weights that they keep, ascending or descending.
	Kinds     []movement.Kind `json:"kinds"`
	Remaining []float64       `json:"remaining"`
	// Focus is the one of Remaining at which weights, scores, storage and speed are looked at.
	Focus float64 `json:"focus"`
	// Focused are the methods that are run at Focus alone, and not at each of Remaining, if they are among Kinds.
	Focused []movement.Kind `json:"focused"`
	// ScoreRate is the peak learning rate of the scores, L0Rate that of L0's. The paper: 1e-2 and 1e-1.
	ScoreRate float64 `json:"score_rate"`
	L0Rate    float64 `json:"l0_rate"`
	// WarmupShare and CoolDownShare are t_i and t_f of equation 5 as shares of all steps.
	WarmupShare   float64 `json:"warmup_share"`
	CoolDownShare float64 `json:"cool_down_share"`
	// Global are the methods that are also run with one selection for the whole model: movement at shares up to 15 %, magnitude at Focus, where
	// the layers of both are compared.
	Global []movement.Kind `json:"global"`
	// Distilled are the methods that are also run with the dense model's soft targets, at shares up to 15 %, or at Focus alone.
	Distilled        []movement.Kind `json:"distilled"`
	DistilledAtFocus bool            `json:"distilled_at_focus"`
	// Rates are learning rates of the scores at which the methods that learn scores are also run, at Focus.
	Rates []float64 `json:"rates"`
	// Structured are the shares of heads and neurons that movement pruning is trained to keep; empty: StructuredUntrained is timed.
	Structured []float64 `json:"structured"`
	// StructuredUntrained is the share of heads and neurons kept by magnitude, without training, in a model that is only timed;
	// 0: none.
	StructuredUntrained float64 `json:"structured_untrained"`
	experiment.Inference
}

// Quick is a protocol of minutes on two cores. It uses the two lowest layers of the model, so that the scores get steps enough to
// say something.
func Quick() Config {
	c := Full()
	c.Task, c.Seeds, c.Layers = "movies", []uint64{1}, 2
	c.Epochs, c.BatchSize, c.MaxLength, c.LearningRate = 1, 32, 32, 1e-3 // few steps, so large ones
	c.TrainExamples, c.TestExamples = 4800, 400
	c.Kinds, c.Remaining = []movement.Kind{movement.Magnitude, movement.Movement}, []float64{0.5, 0.1}
	c.WarmupShare, c.CoolDownShare = 0.1, 0.3 // too few steps for scores to settle, whatever the share
	c.Focused, c.Global, c.DistilledAtFocus = nil, nil, false
	c.Distilled, c.Structured = []movement.Kind{movement.Movement}, []float64{0.5}
	c.SpeedBatches, c.SpeedLength, c.SpeedRepeats = []int{1, 16}, 32, 15
	return c
}

// Full is the protocol whose numbers are the ones to quote: runs of 6,000 steps on SST-2, on all layers. Its hours go where the paper's
// claims are decided: magnitude and movement everywhere, the other two methods, the teacher and magnitude's single selection at Focus.
func Full() Config {
	return Config{
		Setup: experiment.Setup{
			OnTask: experiment.OnTask{Model: "all-MiniLM-L6-v2", Task: "sst2"}, Seeds: []uint64{1, 2, 3},
			// ten times the paper's rate, for a tenth of its steps
			Tuning:        experiment.Tuning{Epochs: 3, BatchSize: 16, MaxLength: 64, LearningRate: 3e-4, FreezeEmbeddings: true},
			TrainExamples: 32_000,
		},
		Kinds: allKinds(), Remaining: []float64{0.5, 0.10, 0.03}, Focus: 0.10, Focused: []movement.Kind{movement.Soft, movement.L0},
		ScoreRate: 1e-2, L0Rate: 1e-1,
		WarmupShare: 0.4, CoolDownShare: 0.2, // the paper's 5,400 steps before the first cut, as far as there are steps: see movement.Options.Advice
		Global:    []movement.Kind{movement.Magnitude, movement.Movement},
		Distilled: []movement.Kind{movement.Magnitude, movement.Movement}, DistilledAtFocus: true,
		Structured: []float64{0.5},
		Inference:  experiment.Inference{SpeedBatches: []int{1, 16, 64}, SpeedLength: 64, SpeedRepeats: 15},
	}
}

// allKinds are the methods that there are: a list of its own each time, since a protocol's file is read into the lists that are there.
func allKinds() []movement.Kind {
	return []movement.Kind{movement.Magnitude, movement.Movement, movement.Soft, movement.L0}
}

// few is the share up to which the paper finds that first-order methods win.
const few = 0.15

// check says what is wrong with the protocol, as far as that shows without model and data.
func (c *Config) check() error {
	if c.Layers < 0 {
		return fmt.Errorf("%d layers (layers): 0 means all of the model's", c.Layers)
	}
	return errors.Join(c.Setup.Check(), c.Inference.Check(), c.checkMethods(), c.checkShares(), c.checkRates())
}

// checkMethods says what is wrong with the lists of methods.
func (c *Config) checkMethods() error {
	if len(c.Kinds) == 0 || len(c.Remaining) == 0 {
		return errors.New("the protocol needs at least one method and one remaining share (kinds, remaining)")
	}
	for _, list := range []struct {
		field string
		kinds []movement.Kind
	}{{"kinds", c.Kinds}, {"focused", c.Focused}, {"global", c.Global}, {"distilled", c.Distilled}} {
		if err := experiment.CheckOnce(list.field, list.kinds); err != nil {
			return err
		}
		for _, kind := range list.kinds {
			if !slices.Contains(allKinds(), kind) {
				return fmt.Errorf("the protocol's %s have %q; the methods are %v", list.field, kind, allKinds())
			}
		}
	}
	for _, kind := range c.Global {
		if kind != movement.Magnitude && kind != movement.Movement {
			return fmt.Errorf("%s has no selection that could be local or global (global); %s and %s have", kind, movement.Magnitude, movement.Movement)
		}
	}
	return nil
}

// checkShares says what is wrong with the shares that are kept.
func (c *Config) checkShares() error {
	for _, list := range []struct {
		field  string
		shares []float64
	}{{"remaining", c.Remaining}, {"structured", c.Structured}} {
		if err := experiment.CheckOnce(list.field, list.shares); err != nil {
			return err
		}
		for _, share := range list.shares {
			if !(share > 0 && share <= 1) {
				return fmt.Errorf("the protocol's %s have %g; a share is above 0 and at most 1", list.field, share)
			}
		}
	}
	switch {
	case !slices.Contains(c.Remaining, c.Focus):
		return fmt.Errorf("the focus %g is none of the remaining shares %v (focus, remaining)", c.Focus, c.Remaining)
	case !(c.StructuredUntrained >= 0 && c.StructuredUntrained <= 1):
		return fmt.Errorf("the protocol keeps %g of heads and neurons without training (structured_untrained); a share is above 0 and at most 1, and 0 means none", c.StructuredUntrained)
	}
	return nil
}

// checkRates says what is wrong with the learning rates of scores.
func (c *Config) checkRates() error {
	for _, rate := range append([]float64{c.ScoreRate, c.L0Rate}, c.Rates...) {
		if !(rate > 0) {
			return fmt.Errorf("a learning rate of scores is %g (score_rate, l0_rate, rates); it must be above 0", rate)
		}
	}
	return experiment.CheckOnce("rates", c.Rates)
}

// fits says why the experiment cannot be done with a model.
func (c *Config) fits(model *gbert.Model) error {
	if n := model.Config.NumHiddenLayers; c.Layers > n {
		return fmt.Errorf("the model has %d layers, not %d (layers)", n, c.Layers)
	}
	return nil
}

// possible says what of the protocol cannot be done to a model in so many steps.
func (c *Config) possible(model *gbert.Model, steps int) error {
	list := c.variants(c.Seeds[0], true)
	if c.StructuredUntrained > 0 {
		list = append(list, c.untrained())
	}
	for _, v := range list {
		options := c.options(v)
		if err := options.CheckSteps(steps); err != nil {
			return fmt.Errorf("%s: %w (warmup_share, cool_down_share)", v.title(words.English), err)
		}
		if _, err := movement.New(model, options); err != nil {
			return fmt.Errorf("%s: %w", v.title(words.English), err)
		}
	}
	return nil
}

// options are those of a variant.
func (c Config) options(v Pruning) movement.Options {
	o := movement.Options{
		Kind: v.Kind, Scope: v.Scope, Remaining: v.Remaining, ScoreLearningRate: v.Rate,
		WarmupShare: c.WarmupShare, CoolDownShare: c.CoolDownShare,
	}
	if v.Structured {
		o.Attention, o.FFN = movement.Granularity{Unit: movement.Head}, movement.Granularity{Unit: movement.Neuron}
	}
	return o
}

// untrained is the variant that is pruned without training.
func (c Config) untrained() Pruning {
	return Pruning{Kind: movement.Magnitude, Scope: movement.Local, Remaining: c.StructuredUntrained, Structured: true, Seed: c.Seeds[0]}
}

// isPlain reports whether a variant belongs to the curves: single weights, local, no teacher, the protocol's learning rate.
func (c Config) isPlain(v Pruning) bool {
	return v.Scope == movement.Local && !v.Structured && !v.Distilled && v.Rate == c.rate(v.Kind)
}

// rate is the learning rate of a method's scores.
func (c Config) rate(kind movement.Kind) float64 {
	switch kind {
	case movement.Magnitude:
		return 0
	case movement.L0:
		return c.L0Rate
	}
	return c.ScoreRate
}

// variants are the pruned training runs of a seed, each once.
func (c Config) variants(seed uint64, first bool) []Pruning {
	var list []Pruning
	add := func(v Pruning) {
		v.Seed = seed
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	each := func(kinds []movement.Kind, at func(kind movement.Kind, remaining float64) bool, change func(*Pruning)) {
		for _, remaining := range c.Remaining {
			for _, kind := range kinds {
				if at(kind, remaining) {
					v := Pruning{Kind: kind, Scope: movement.Local, Remaining: remaining, Rate: c.rate(kind)}
					change(&v)
					add(v)
				}
			}
		}
	}
	each(c.Kinds, func(kind movement.Kind, remaining float64) bool {
		return remaining == c.Focus || !slices.Contains(c.Focused, kind)
	}, func(*Pruning) {})
	each(c.Global, func(kind movement.Kind, remaining float64) bool {
		return remaining <= few && (remaining == c.Focus || kind != movement.Magnitude)
	}, func(v *Pruning) { v.Scope = movement.Global })
	each(c.Distilled, func(_ movement.Kind, remaining float64) bool {
		return remaining <= few && (remaining == c.Focus || !c.DistilledAtFocus)
	}, func(v *Pruning) { v.Distilled = true })
	if !first {
		return list
	}
	for _, rate := range c.Rates {
		for _, kind := range c.Kinds {
			if kind != movement.Magnitude {
				add(Pruning{Kind: kind, Scope: movement.Local, Remaining: c.Focus, Rate: rate})
			}
		}
	}
	for _, remaining := range c.Structured {
		add(Pruning{Kind: movement.Movement, Scope: movement.Local, Remaining: remaining, Rate: c.ScoreRate, Structured: true})
	}
	return list
}
