package michel2019

import (
	"context"
	"fmt"
	"math"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/heads"
)

// measured is the importance of heads and how stable it is.
type measured struct {
	Importance *heads.Importance `json:"importance"`
	ByToken    *heads.Importance `json:"by_token,omitempty"`
	Stability  float64           `json:"stability,omitempty"`
	Agreement  float64           `json:"agreement,omitempty"`
}

func (s *seedRun) measureImportance(ctx context.Context, first bool) error {
	m, err := experiment.Step(s.store, s.step("importance"), func() (measured, error) {
		var m measured
		var err error
		config := s.session.Model().Config
		n := s.run.importance.Len()
		if !first || n < 2 { // one example has no two halves
			m.Importance, err = heads.Measure(ctx, s.session, s.importance, heads.PerExample, nil, s.env.Stage("importance of heads"))
			return m, err
		}
		var halves []*heads.Importance
		for i, bounds := range [][2]int{{0, n / 2}, {n / 2, n}} {
			rows, err := s.run.importance.Rows(bounds[0], bounds[1])
			if err != nil {
				return m, err
			}
			prepared, err := s.prepareLike(rows, s.importance)
			if err != nil {
				return m, err
			}
			stage := fmt.Sprintf("importance of heads, half %d", i+1)
			half, err := heads.Measure(ctx, s.session, prepared, heads.PerExample, nil, s.env.Stage(stage))
			if err != nil {
				return m, err
			}
			halves = append(halves, half)
		}
		if m.Importance, err = heads.Combine(halves...); err != nil {
			return m, err
		}
		if m.ByToken, err = heads.Measure(ctx, s.session, s.importance, heads.PerToken, nil, s.env.Stage("importance per token")); err != nil {
			return m, err
		}
		m.Agreement = spearman(flatten(config, m.Importance.Normalized), flatten(config, m.ByToken.Normalized))
		m.Stability = spearman(flatten(config, halves[0].Normalized), flatten(config, halves[1].Normalized))
		return m, nil
	})
	if err != nil {
		return err
	}
	s.measured = m.Importance
	if first {
		s.result.Importance, s.result.ImportanceByToken = m.Importance, m.ByToken
		s.result.Stability, s.result.Agreement = m.Stability, m.Agreement
	}
	return nil
}

// prepareLike prepares a data set with the padded lengths of another, so that nothing is compiled anew.
func (s *seedRun) prepareLike(d *task.Dataset, like *finetune.Prepared) (*finetune.Prepared, error) {
	return finetune.PrepareLike(s.session.Model(), d, s.config.MaxLength, like)
}

// flatten lists the values of the heads that a model has, by layer and head.
func flatten(c *gbert.Config, table [][]float64) []float64 {
	var values []float64
	for _, h := range heads.All(c) {
		values = append(values, table[h.Layer][h.Head])
	}
	return values
}

func effects(a *heads.Ablation, metric string) *Effects {
	return &Effects{Examples: a.Base.Examples, Score: a.Base.Metrics[metric], Loss: a.Base.Loss, Heads: a.Heads}
}

// ablate masks each head alone, on the test set.
func (s *seedRun) ablate(ctx context.Context, first bool) error {
	ablation, err := experiment.Step(s.store, s.step("ablation"), func() (*heads.Ablation, error) {
		return heads.Ablate(ctx, s.session, s.test, s.env.Stage("each head masked alone"))
	})
	if err != nil {
		return err
	}
	s.ablation = ablation
	if first {
		s.result.Ablation = effects(ablation, s.result.Metric)
	}
	return nil
}

// keepOne keeps one head in each layer in turn: the one that is best on the choice examples, tested on the test set.
func (s *seedRun) keepOne(ctx context.Context) error {
	effects, err := experiment.Step(s.store, s.step("one-head"), func() ([]heads.HeadEffect, error) {
		choice, err := s.prepareLike(s.choice, s.like)
		if err != nil {
			return nil, err
		}
		chosen, err := heads.KeepOne(ctx, s.session, choice, s.env.Stage("choosing one head a layer"))
		if err != nil {
			return nil, err
		}
		base, err := s.test.Evaluate(ctx, s.session, nil, nil)
		if err != nil {
			return nil, err
		}
		best := bestOfLayer(chosen.Heads)
		var list []heads.HeadEffect
		for i, h := range best {
			var others []heads.Head
			for _, other := range heads.All(s.session.Model().Config) {
				if other.Layer == h.Layer && other.Head != h.Head {
					others = append(others, other)
				}
			}
			mask, err := heads.NewSet(others...).Mask(s.session.Model().Config)
			if err != nil {
				return nil, err
			}
			alone, err := s.test.Evaluate(ctx, s.session, mask, nil)
			if err != nil {
				return nil, err
			}
			effect, err := heads.Compare(s.run.test, h, base, alone)
			if err != nil {
				return nil, err
			}
			list = append(list, effect)
			s.env.Report(experiment.Progress{Stage: "one head a layer", Done: i + 1, Total: len(best)})
		}
		return list, nil
	})
	s.result.OneHead = effects
	return err
}

// bestOfLayer is the head of each layer with the best metric, then the lowest loss.
func bestOfLayer(effects []heads.HeadEffect) []heads.Head {
	var best []heads.HeadEffect
	for _, e := range effects {
		last := len(best) - 1
		switch {
		case last < 0 || best[last].Layer != e.Layer:
			best = append(best, e)
		case e.Metric > best[last].Metric || e.Metric == best[last].Metric && e.Loss < best[last].Loss:
			best[last] = e
		}
	}
	list := make([]heads.Head, len(best))
	for i, e := range best {
		list[i] = e.Head
	}
	return list
}

// prune does the pruning curves of this seed.
func (s *seedRun) prune(ctx context.Context) error {
	config := s.session.Model().Config
	ranking := heads.RankByImportance(config, s.measured)
	type plan struct {
		order     Order
		draw      int
		rank      func(context.Context, gbert.HeadMask) ([]heads.Head, error)
		recompute bool
	}
	plans := []plan{
		{ByImportance, 0, heads.Fixed(ranking), false},
		{ByScore, 0, heads.Fixed(heads.RankByScore(s.ablation)), false},
		{ByReverse, 0, heads.Fixed(heads.Reversed(ranking)), false},
	}
	if s.config.Recompute {
		plans = append(plans, plan{Recomputed, 0, func(ctx context.Context, mask gbert.HeadMask) ([]heads.Head, error) {
			now, err := heads.Measure(ctx, s.session, s.importance, heads.PerExample, mask, nil)
			if err != nil {
				return nil, err
			}
			return heads.RankByImportance(config, now), nil
		}, true})
	}
	for draw := range s.config.RandomOrders {
		plans = append(plans, plan{AtRandom, draw, heads.Fixed(heads.RankAtRandom(config, s.seed*1000+uint64(draw))), false})
	}
	var known []heads.PruneStep
	for _, p := range plans {
		name := s.step(fmt.Sprintf("prune-%s-%d", p.order, p.draw))
		curve, err := experiment.Step(s.store, name, func() (Curve, error) {
			steps, err := heads.Prune(ctx, s.session, s.test, heads.PruneOptions{
				Rank: p.rank, Recompute: p.recompute, Step: s.config.Step, Known: known, Progress: s.env.Stage("pruning by " + string(p.order)),
			})
			if err != nil {
				return Curve{}, err
			}
			known = steps
			return s.curve(p.order, p.draw, steps)
		})
		if err != nil {
			return err
		}
		s.result.Curves = append(s.result.Curves, curve)
	}
	return nil
}

// curve turns pruning steps into a curve.
func (s *seedRun) curve(order Order, draw int, steps []heads.PruneStep) (Curve, error) {
	c := Curve{Order: order, Seed: s.seed, Draw: draw, Areas: make([]float64, s.run.test.Len())}
	whole, err := task.Right(s.run.test.Task, steps[0].Evaluation.Predictions, s.run.test.Examples)
	if err != nil {
		return c, err
	}
	for _, step := range steps {
		right, err := task.Right(s.run.test.Task, step.Evaluation.Predictions, s.run.test.Examples)
		if err != nil {
			return c, err
		}
		test, err := task.McNemar(whole, right)
		if err != nil {
			return c, err
		}
		for i, ok := range right {
			if ok {
				c.Areas[i] += 1 / float64(len(steps))
			}
		}
		c.Points = append(c.Points, Point{
			Fraction: step.Fraction, Removed: step.Removed.String(), Score: step.Evaluation.Metrics[s.result.Metric],
			Loss: step.Evaluation.Loss, PValue: test.P,
		})
	}
	return c, nil
}

func (s *seedRun) entropy(ctx context.Context) error {
	var err error
	s.result.Entropy, err = experiment.Step(s.store, s.step("entropy"), func() ([][]float64, error) {
		return heads.Entropy(ctx, s.session, s.test, s.env.Stage("entropy of attention"))
	})
	return err
}

// pearson is Pearson's r with its 95 % interval. Where it is undefined, because one side does not vary, nothing is known: 0 and
// −1 to 1.
func pearson(x, y []float64) (r, low, high float64, err error) {
	if r = task.PearsonR(x, y); math.IsNaN(r) {
		return 0, -1, 1, nil
	}
	low, high, err = task.PearsonInterval(r, len(x), 0.95)
	return r, low, high, err
}

// spearman is Spearman's ρ; 0 where it is undefined, because one side does not vary.
func spearman(x, y []float64) float64 {
	if rho := task.SpearmanR(x, y); !math.IsNaN(rho) {
		return rho
	}
	return 0
}

// transferEffects masks each head alone on the out-of-domain set and correlates the effects with those in domain.
func (s *seedRun) transferEffects(ctx context.Context) error {
	if s.transfer == nil {
		return nil
	}
	ablation, err := experiment.Step(s.store, s.step("transfer"), func() (*heads.Ablation, error) {
		prepared, err := s.prepareLike(s.transfer, s.like)
		if err != nil {
			return nil, err
		}
		return heads.Ablate(ctx, s.session, prepared, s.env.Stage("each head masked alone, out of domain"))
	})
	if err != nil {
		return err
	}
	t := &Transfer{Task: s.transfer.Task.Name, Effects: effects(ablation, s.result.Metric)}
	var in, out, inLoss, outLoss []float64
	for i, e := range ablation.Heads {
		in, out = append(in, s.ablation.Heads[i].MetricDelta), append(out, e.MetricDelta)
		inLoss, outLoss = append(inLoss, s.ablation.Heads[i].LossDelta), append(outLoss, e.LossDelta)
	}
	if t.R, t.RLow, t.RHigh, err = pearson(in, out); err != nil {
		return err
	}
	if t.RLoss, t.RLossLow, t.RLossHi, err = pearson(inLoss, outLoss); err != nil {
		return err
	}
	s.result.Transfer = t
	return nil
}
