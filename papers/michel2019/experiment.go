package michel2019

import (
	"context"
	"embed"
	"fmt"
	"math"

	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/heads"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment asks which attention heads a fine-tuned BERT needs.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "heads",
	Title:   "Are Sixteen Heads Really Better than One? (Michel, Levy and Neubig 2019)",
	Heading: words.Key("bertlab: which heads matter"),
	Quick:   Quick, Full: Full, Ask: (*Config).ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	Tell: func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in} },
}

// edition tells which heads matter.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle names the model, the task and the first seed.
func (r edition) Subtitle() string { return r.caption("") }

// data are the draws that the experiment reads.
type data struct {
	experiment.Samples
	transfer experiment.Sample // empty: none
}

// drawTransfer draws the examples out of domain, with the task's classes in its order.
func (c *Config) drawTransfer(ctx context.Context, env *experiment.Environment, own *task.Task) (s experiment.Sample, err error) {
	other, err := env.Data(ctx, c.Transfer, "dev", c.TransferData)
	if err != nil {
		return s, err
	}
	if other.Task.Kind != task.Classification {
		return s, fmt.Errorf("%s is not a classification task", c.Transfer)
	}
	if other, err = other.InOrder(own.Labels); err != nil {
		return s, fmt.Errorf("%s and %s: effects of heads cannot be compared: %w", c.Transfer, c.Task, err)
	}
	if other, err = experiment.AtMost(other, c.TransferExamples, experiment.DevSample); err != nil {
		return s, err
	}
	return experiment.NewSample(other)
}

// plan adds the experiment's steps: for each seed a fine-tuned model, the importance of its heads, each head masked alone and the
// pruning curves; for the first seed all else.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	sizes := experiment.SampleSizes{Importance: c.ImportanceExamples, Calibration: c.ChoiceExamples}
	pretrained, samples, err := c.Begin(ctx, p, &r.Provenance, c.fits, sizes)
	if err != nil {
		return err
	}
	d := data{Samples: samples}
	r.Layers, r.Heads = pretrained.Model.Config.NumHiddenLayers, pretrained.Model.Config.NumAttentionHeads
	r.Metric, r.Majority = d.Dev.Task.Metrics[0], d.Dev.Majority()
	r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData("importance", d.Importance.Dataset), experiment.DescribeData("choice of one head", d.Calibration.Dataset))
	if c.Transfer != "" {
		if d.transfer, err = c.drawTransfer(ctx, p.Environment(), d.Train.Task); err != nil {
			return err
		}
		r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData("out of domain", d.transfer.Dataset))
	}
	for i, seed := range c.Seeds {
		s := seedPlan{Study: experiment.Study[Config, Result]{Plan: p, Config: c, Result: r}, data: d, seed: seed, heads: heads.All(pretrained.Model.Config), tuned: c.FineTune(p, pretrained, d.Train, seed)}
		if err := s.add(i == 0); err != nil {
			return err
		}
	}
	return nil
}

// seedPlan is the plan for the model that was fine-tuned with a seed.
type seedPlan struct {
	experiment.Study[Config, Result]
	data
	seed  uint64
	heads []heads.Head // the model's
	tuned *experiment.ModelNode[experiment.Training]
}

// passes is about how often the model is run over what it is judged on.
const passes = 40

// halvesSeed deals the examples of the importance into two halves.
const halvesSeed = 1

// add adds the steps on the model, and those of the first seed alone.
func (s *seedPlan) add(first bool) error {
	c, r := s.Config, s.Result
	judge := c.Judge(s.tuned, s.Dev)
	judge.Like, judge.Passes = []experiment.Sample{s.Dev, s.Calibration, s.transfer}, passes
	whole, ablation := experiment.Evaluate(s.Plan, judge), ablate.Of(s.Plan, judge)
	experiment.Tell(s.Plan, &r.Models, func() FineTuned {
		training, whole := s.tuned.Result(), whole.Result()
		return FineTuned{Seed: s.seed, TrainLoss: training.TrainLoss, TestLoss: whole.Loss, Score: whole.Metrics[r.Metric], Seconds: training.Seconds}
	})
	estimate := importanceInputs{Judging: judge.On(s.Importance), Variant: heads.PerExample}
	estimate.Like, estimate.Passes = []experiment.Sample{s.Importance}, 1
	importance, err := s.estimate(estimate)
	if err != nil {
		return err
	}
	s.addCurves(judge, estimate, importance, ablation)
	if !first {
		return nil
	}
	estimate.Variant = heads.PerToken
	experiment.Keep(s.Plan, &r.ImportanceByToken, measureImportance.Of(s.Plan, estimate))
	experiment.Keep(s.Plan, &r.OneHead, keepOne.Of(s.Plan, keepOneInputs{Choice: judge.On(s.Calibration), Test: judge}))
	experiment.Keep(s.Plan, &r.Entropy, entropy.Of(s.Plan, judge))
	experiment.Keep(s.Plan, &r.Speed, measureSpeed.Of(s.Plan, speedInputs{Judging: judge, Importance: importance, Timing: c.Timing()}))
	s.Collect(func() error { return s.describe(importance) })
	s.addEffects(judge, ablation)
	return nil
}

// estimate adds the importance of the heads on both halves of the examples; one example has none.
func (s *seedPlan) estimate(in importanceInputs) (importance []*experiment.Node[*heads.Importance], err error) {
	halves := make([]experiment.Sample, 2)
	if s.Importance.Len() < 2 {
		halves = []experiment.Sample{s.Importance}
	} else if halves[0], halves[1], err = s.Importance.Halves(halvesSeed); err != nil {
		return nil, err
	}
	for _, half := range halves {
		in.Sample = half
		importance = append(importance, measureImportance.Of(s.Plan, in))
	}
	return importance, nil
}

// addCurves adds the pruning curves, by each order.
func (s *seedPlan) addCurves(judge experiment.Judging, estimate importanceInputs, importance []*experiment.Node[*heads.Importance], ablation *experiment.Node[*heads.Ablation]) {
	for _, order := range []Order{ByImportance, ByScore, ByReverse, Recomputed, AtRandom} {
		in := curveInputs{Judging: judge, Step: s.Config.Step, Order: order, Seed: s.seed}
		draws := 1
		switch order {
		case ByScore:
			in.Ablation = ablation
		case AtRandom:
			draws = s.Config.RandomOrders
		case Recomputed:
			if !s.Config.Recompute {
				continue
			}
			in.Estimate = &estimate
		default:
			in.Importance = importance
		}
		for in.Draw = range draws {
			experiment.Append(s.Plan, &s.Result.Curves, pruneInOrder.Of(s.Plan, in))
		}
	}
}

// describe says what the importance of the heads is, and how stable.
func (s *seedPlan) describe(importance []*experiment.Node[*heads.Importance]) (err error) {
	r := s.Result
	if r.Importance, err = combined(importance); err != nil {
		return err
	}
	r.Agreement = spearman(s.values(r.Importance), s.values(r.ImportanceByToken))
	if len(importance) == 2 {
		r.Stability = spearman(s.values(importance[0].Result()), s.values(importance[1].Result()))
	}
	return nil
}

// addEffects adds what masking a head does in the other domain, and tells it beside what it does in the task's own.
func (s *seedPlan) addEffects(judge experiment.Judging, ablation *experiment.Node[*heads.Ablation]) {
	r := s.Result
	s.Collect(func() error {
		r.Ablation = effects(ablation.Result(), r.Metric)
		return nil
	})
	if s.transfer.Dataset == nil {
		return
	}
	elsewhere := ablate.Of(s.Plan, judge.On(s.transfer))
	s.Collect(func() (err error) {
		r.Transfer, err = transferOf(ablation.Result(), elsewhere.Result(), r)
		return err
	})
}

// values lists the normalised importance of the model's heads, by layer and head.
func (s *seedPlan) values(i *heads.Importance) []float64 {
	return experiment.Each(s.heads, func(h heads.Head) float64 { return i.Normalized[h.Layer][h.Head] })
}

func effects(a *heads.Ablation, metric string) *Effects {
	return &Effects{Examples: a.Base.Examples, Score: a.Base.Metrics[metric], Loss: a.Base.Loss, Heads: a.Heads}
}

// transferOf correlates the effects of heads in domain with those out of it.
func transferOf(in, out *heads.Ablation, r *Result) (*Transfer, error) {
	t := &Transfer{Task: r.Config.Transfer, Effects: effects(out, r.Metric)}
	between := func(of func(heads.HeadEffect) float64) (stats.Interval, error) {
		return pearson(experiment.Each(in.Heads, of), experiment.Each(out.Heads, of))
	}
	metric, err := between(func(e heads.HeadEffect) float64 { return e.MetricDelta })
	if err != nil {
		return nil, err
	}
	loss, err := between(func(e heads.HeadEffect) float64 { return e.LossDelta })
	t.R, t.RLow, t.RHigh = metric.Value, metric.Low, metric.High
	t.RLoss, t.RLossLow, t.RLossHi = loss.Value, loss.Low, loss.High
	return t, err
}

// pearson is Pearson's r with its 95 % interval. Where it is undefined, because one side does not vary, nothing is known: 0 and
// −1 to 1.
func pearson(x, y []float64) (stats.Interval, error) {
	r := stats.Pearson(x, y)
	if math.IsNaN(r) {
		return stats.Interval{Value: 0, Low: -1, High: 1}, nil
	}
	return stats.PearsonInterval(r, len(x), 0.95)
}

// spearman is Spearman's ρ; 0 where it is undefined, because one side does not vary.
func spearman(x, y []float64) float64 {
	if rho := stats.Spearman(x, y); !math.IsNaN(rho) {
		return rho
	}
	return 0
}
