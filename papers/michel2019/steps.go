package michel2019

import (
	"context"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/heads"
)

// importanceInputs are what the importance of heads is estimated from.
type importanceInputs struct {
	experiment.Judging
	Variant heads.Estimator
}

// measureImportance estimates the importance of each head, equation 2.
var measureImportance = &experiment.Definition[importanceInputs, *heads.Importance]{
	Name: "importance of heads", Version: 1,
	Title: func(say *words.Printer, in importanceInputs) string {
		return say.F("importance of heads on %d examples of %s", in.Sample.Len(), say.Name(in.Sample.Task.Title))
	},
	Cost: func(importanceInputs, *gbert.Config) experiment.Cost { return experiment.Cost{Passes: 3} }, // with gradients
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, in importanceInputs, session *gbert.Session, examples *finetune.Prepared) (*heads.Importance, error) {
		return heads.Measure(ctx, session, examples, in.Variant, nil, w.Progress())
	}),
}

// combined is the importance over both halves of the examples.
func combined(halves []*experiment.Node[*heads.Importance]) (*heads.Importance, error) {
	return heads.Combine(experiment.Each(halves, (*experiment.Node[*heads.Importance]).Result)...)
}

// ablate masks each head alone.
var ablate = &experiment.Definition[experiment.Judging, *heads.Ablation]{
	Name: "each head masked alone", Version: 1,
	Title: func(say *words.Printer, in experiment.Judging) string {
		return say.F("each head masked alone, on %s", say.Name(in.Sample.Task.Title))
	},
	Cost: eachHead[experiment.Judging],
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, _ experiment.Judging, session *gbert.Session, test *finetune.Prepared) (*heads.Ablation, error) {
		return heads.Ablate(ctx, session, test, w.Progress())
	}),
}

// eachHead is the cost of a pass for each head, from its layer on.
func eachHead[In any](_ In, c *gbert.Config) experiment.Cost {
	return experiment.Cost{Passes: 1 + float64(c.NumAttentionHeads*(c.NumHiddenLayers+1))/2}
}

// keepOneInputs are the examples that choose the head that stays in a layer, and those on which that is tested.
type keepOneInputs struct{ Choice, Test experiment.Judging }

// keepOne keeps one head in each layer in turn: the one that is best on the choice examples, tested on the test set.
var keepOne = &experiment.Definition[keepOneInputs, []heads.HeadEffect]{
	Name: "one head in a layer", Version: 1,
	Title: experiment.Titled[keepOneInputs](words.Key("one head in a layer")),
	Cost: func(in keepOneInputs, c *gbert.Config) experiment.Cost {
		choice, test := float64(in.Choice.Sample.Len()), float64(in.Test.Sample.Len())
		passes := choice*eachHead(in, c).Passes + test*float64(1+c.NumHiddenLayers)
		return experiment.Cost{Passes: passes / (choice + test)}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in keepOneInputs) ([]heads.HeadEffect, error) {
		session, choice, err := in.Choice.Open(w)
		if err != nil {
			return nil, err
		}
		_, test, err := in.Test.Open(w)
		if err != nil {
			return nil, err
		}
		return heads.KeepBest(ctx, session, choice, test, w.Part("choice"), w.Part("test"))
	},
}

// entropy is the mean entropy of each head's attention.
var entropy = &experiment.Definition[experiment.Judging, [][]float64]{
	Name: "entropy of attention", Version: 1,
	Title: experiment.Titled[experiment.Judging](words.Key("entropy of attention")),
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, _ experiment.Judging, session *gbert.Session, test *finetune.Prepared) ([][]float64, error) {
		return heads.Entropy(ctx, session, test, w.Progress())
	}),
}

// curveInputs are what a pruning curve is made of. One of Importance, Ablation and Estimate says the order; at random it is drawn.
type curveInputs struct {
	experiment.Judging
	Step  float64
	Order Order
	// Seed is that of the model, Draw the number of the random order.
	Seed       uint64
	Draw       int
	Importance []*experiment.Node[*heads.Importance]
	Ablation   *experiment.Node[*heads.Ablation]
	Estimate   *importanceInputs
}

// pruneInOrder masks ever more heads in an order.
var pruneInOrder = &experiment.Definition[curveInputs, Curve]{
	Name: "pruning curve", Version: 2,
	Title: func(say *words.Printer, in curveInputs) string {
		return say.F("pruning by %s, seed %d", say.Name(string(in.Order)), in.Seed)
	},
	Cost: func(in curveInputs, _ *gbert.Config) experiment.Cost { return experiment.Cost{Passes: 1 + 1/in.Step} },
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, in curveInputs, session *gbert.Session, test *finetune.Prepared) (Curve, error) {
		rank, err := in.rank(w, session)
		if err != nil {
			return Curve{}, err
		}
		steps, err := heads.Prune(ctx, session, test, heads.PruneOptions{
			Rank: rank, Recompute: in.Estimate != nil, Share: in.Step, Progress: w.Progress(),
		})
		if err != nil {
			return Curve{}, err
		}
		return in.curve(steps)
	}),
}

// rank is the order in which heads go.
func (in *curveInputs) rank(w *experiment.Worker, session *gbert.Session) (func(context.Context, gbert.HeadMask) ([]heads.Head, error), error) {
	config := session.Model().Config
	switch in.Order {
	case ByScore:
		return heads.Fixed(heads.RankByScore(in.Ablation.Result())), nil
	case AtRandom:
		return heads.Fixed(heads.RankAtRandom(config, in.Seed*1000+uint64(in.Draw))), nil
	case Recomputed:
		_, examples, err := in.Estimate.Open(w)
		return func(ctx context.Context, mask gbert.HeadMask) ([]heads.Head, error) {
			now, err := heads.Measure(ctx, session, examples, in.Estimate.Variant, mask, nil)
			if err != nil {
				return nil, err
			}
			return heads.RankByImportance(config, now), nil
		}, err
	}
	importance, err := combined(in.Importance)
	if err != nil {
		return nil, err
	}
	ranking := heads.RankByImportance(config, importance)
	if in.Order == ByReverse {
		ranking = heads.Reversed(ranking)
	}
	return heads.Fixed(ranking), nil
}

// curve turns pruning steps into a curve.
func (in *curveInputs) curve(steps []heads.PruneStep) (Curve, error) {
	examples := in.Sample.Examples
	c := Curve{Order: in.Order, Seed: in.Seed, Draw: in.Draw, Areas: make([]float64, len(examples))}
	for _, step := range steps {
		right, err := task.Right(in.Sample.Task, step.Evaluation.Predictions, examples)
		if err != nil {
			return c, err
		}
		for i, ok := range right {
			if ok {
				c.Areas[i] += 1 / float64(len(steps))
			}
		}
		c.Points = append(c.Points, Point{
			Fraction: step.Fraction, Removed: step.Removed.String(), Score: step.Evaluation.Metrics[in.Sample.Task.Metrics[0]],
			Loss: step.Evaluation.Loss, Right: right,
		})
	}
	return c, nil
}

// speedInputs are what the speed of a smaller model is measured with.
type speedInputs struct {
	experiment.Judging
	Importance []*experiment.Node[*heads.Importance]
	experiment.Timing
}

// measureSpeed removes half of the heads, the least important, and times the smaller model beside the whole one.
var measureSpeed = &experiment.Definition[speedInputs, *Speed]{
	Name: "speed with half of the heads", Version: 2, Timed: true,
	Title: experiment.Titled[speedInputs](words.Key("speed with half of the heads")),
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, in speedInputs, session *gbert.Session, test *finetune.Prepared) (*Speed, error) {
		importance, err := combined(in.Importance)
		if err != nil {
			return nil, err
		}
		ranking := heads.RankByImportance(session.Model().Config, importance)
		return in.measure(ctx, w, session, test, heads.First(session.Model().Config, ranking, len(ranking)/2))
	}),
}

func (in *speedInputs) measure(ctx context.Context, w *experiment.Worker, session *gbert.Session, test *finetune.Prepared, set heads.Set) (*Speed, error) {
	model := session.Model()
	smaller, err := surgery.RemoveHeads(model, set)
	if err != nil {
		return nil, err
	}
	mask, err := set.Mask(model.Config)
	if err != nil {
		return nil, err
	}
	length := in.Tokens(model.Config)
	speed := &Speed{Removed: set.String(), Fraction: float64(set.Len()) / float64(len(heads.All(model.Config))), Length: length, Repeats: in.Repeats}
	speed.Count(model, smaller, length)
	speed.Batches, err = in.Pairs(ctx, w, session, smaller, test.Encodings, func(pruned *gbert.Session, _ int, batch *gbert.Batch) error {
		masked, err := session.BatchLogits(batch, mask)
		if err != nil {
			return err
		}
		removed, err := pruned.BatchLogits(batch, nil)
		if err == nil {
			speed.Compare(masked, removed)
		}
		return err
	})
	return speed, err
}
