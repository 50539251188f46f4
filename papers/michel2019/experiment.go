package michel2019

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"math"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/heads"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment is the experiment in all its parts.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "heads",
	Title:   "Are Sixteen Heads Really Better than One? (Michel, Levy and Neubig 2019)",
	Heading: words.Key("bertlab: which heads matter"),
	Quick:   Quick, Full: Full, Ask: (*Config).ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	In: func(r *Result, say *words.Printer) experiment.Edition {
		return edition{r, experiment.Voice{Printer: say}}
	},
}

// edition is a result as it is told in a language.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle implements [experiment.Edition].
func (r edition) Subtitle() string { return r.caption("") }

// data are the draws that the experiment reads.
type data struct {
	experiment.Samples
	transfer experiment.Sample // empty: none
}

// load draws the data, and says in the result where they come from.
func load(ctx context.Context, env *experiment.Environment, c *Config, r *Result) (d data, err error) {
	d.Samples, err = env.Samples(ctx, c.Task, c.Data, experiment.SampleSizes{
		Train: c.TrainExamples, Dev: c.TestExamples, Importance: c.ImportanceExamples, Calibration: c.ChoiceExamples,
	})
	if err != nil {
		return d, err
	}
	r.Metric, r.Majority = d.Dev.Task.Metrics[0], d.Dev.Majority()
	r.Provenance.Data = []experiment.DataProvenance{
		experiment.DescribeData("train", d.Train.Dataset), experiment.DescribeData("test", d.Dev.Dataset),
		experiment.DescribeData("importance", d.Importance.Dataset), experiment.DescribeData("choice of one head", d.Calibration.Dataset),
	}
	if c.Transfer == "" {
		return d, nil
	}
	other, err := env.Data(ctx, c.Transfer, "dev", c.TransferData)
	if err != nil {
		return d, err
	}
	if other.Task.Kind != task.Classification {
		return d, fmt.Errorf("%s is not a classification task", c.Transfer)
	}
	if other, err = other.InOrder(d.Train.Task.Labels); err != nil {
		return d, fmt.Errorf("%s and %s: effects of heads cannot be compared: %w", c.Transfer, c.Task, err)
	}
	if other, err = experiment.AtMost(other, c.TransferExamples, experiment.DevSample); err != nil {
		return d, err
	}
	r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData("out of domain", other))
	d.transfer, err = experiment.NewSample(other)
	return d, err
}

// plan adds the experiment's steps: for each seed a fine-tuned model, the importance of its heads, each head masked alone and the
// pruning curves; for the first seed all else.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) (func() error, error) {
	env := p.Environment()
	model, err := env.Subject(ctx, c.Model, &r.Provenance, c.fits)
	if err != nil {
		return nil, err
	}
	r.Layers, r.Heads = model.Config.NumHiddenLayers, model.Config.NumAttentionHeads
	d, err := load(ctx, env, c, r)
	if err != nil {
		return nil, err
	}
	seeds := make([]*seedSteps, len(c.Seeds))
	for i, seed := range c.Seeds {
		tuned := experiment.FineTune(p, experiment.FineTuneInputs{
			From: &experiment.Pretrained{Model: model, SHA256: r.Provenance.ModelSHA256}, Train: d.Train,
			Options: finetune.Options{
				Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: seed,
				FreezeEmbeddings: c.FreezeEmbeddings, Keep: finetune.KeepLast,
			},
		})
		if seeds[i], err = planSeed(p, c, d, tuned, seed, i == 0); err != nil {
			return nil, err
		}
		seeds[i].heads = heads.All(model.Config)
	}
	return func() error {
		for _, s := range seeds {
			if err := s.collect(r); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// seedSteps are the steps on the model that was fine-tuned with a seed.
type seedSteps struct {
	seed       uint64
	heads      []heads.Head // the model's
	tuned      *experiment.ModelNode[experiment.Training]
	whole      *experiment.Node[experiment.Evaluated]
	importance []*experiment.Node[*heads.Importance] // of both halves of the examples; one example has none
	ablation   *experiment.Node[*heads.Ablation]
	curves     []*experiment.Node[Curve]
	first      *firstSteps // of the first seed
}

// firstSteps are the steps on the model of the first seed alone.
type firstSteps struct {
	byToken  *experiment.Node[*heads.Importance]
	oneHead  *experiment.Node[[]heads.HeadEffect]
	entropy  *experiment.Node[[][]float64]
	transfer *experiment.Node[*heads.Ablation] // nil: there is no other domain
	speed    *experiment.Node[*Speed]
}

// passes is about how often the model is run over what it is judged on.
const passes = 40

// halvesSeed deals the examples of the importance into two halves.
const halvesSeed = 1

func planSeed(p *experiment.Plan, c *Config, d data, tuned *experiment.ModelNode[experiment.Training], seed uint64, first bool) (*seedSteps, error) {
	judge := experiment.Judging{Model: tuned, MaxLength: c.MaxLength, BatchSize: c.BatchSize, Like: []experiment.Sample{d.Dev, d.Calibration, d.transfer}, Passes: passes}
	s := &seedSteps{seed: seed, tuned: tuned, whole: experiment.Evaluate(p, judge.On(d.Dev)), ablation: ablate.Of(p, judge.On(d.Dev))}
	halves := []experiment.Sample{d.Importance}
	if d.Importance.Len() > 1 {
		one, two, err := d.Importance.Halves(halvesSeed)
		if err != nil {
			return nil, err
		}
		halves = []experiment.Sample{one, two}
	}
	estimate := judge
	estimate.Like, estimate.Passes = []experiment.Sample{d.Importance}, 1
	for _, half := range halves {
		s.importance = append(s.importance, measureImportance.Of(p, importanceInputs{Judging: estimate.On(half), Variant: heads.PerExample}))
	}
	for _, order := range []Order{ByImportance, ByScore, ByReverse, Recomputed, AtRandom} {
		in := curveInputs{Judging: judge.On(d.Dev), Step: c.Step, Order: order, Seed: seed}
		draws := 1
		switch order {
		case ByScore:
			in.Ablation = s.ablation
		case AtRandom:
			draws = c.RandomOrders
		case Recomputed:
			if !c.Recompute {
				continue
			}
			in.Estimate = &importanceInputs{Judging: estimate.On(d.Importance), Variant: heads.PerExample}
		default:
			in.Importance = s.importance
		}
		for draw := range draws {
			in.Draw = draw
			s.curves = append(s.curves, pruneInOrder.Of(p, in))
		}
	}
	if !first {
		return s, nil
	}
	s.first = &firstSteps{
		byToken: measureImportance.Of(p, importanceInputs{Judging: estimate.On(d.Importance), Variant: heads.PerToken}),
		oneHead: keepOne.Of(p, keepOneInputs{Choice: judge.On(d.Calibration), Test: judge.On(d.Dev)}),
		entropy: entropy.Of(p, judge.On(d.Dev)),
		speed: measureSpeed.Of(p, speedInputs{
			Judging: judge.On(d.Dev), Importance: s.importance, Batches: c.SpeedBatches, Length: c.SpeedLength, Repeats: c.SpeedRepeats,
		}),
	}
	if d.transfer.Dataset != nil {
		s.first.transfer = ablate.Of(p, judge.On(d.transfer))
	}
	return s, nil
}

// collect puts the steps' results into the experiment's.
func (s *seedSteps) collect(r *Result) error {
	training, whole := s.tuned.Result(), s.whole.Result()
	r.Models = append(r.Models, FineTuned{Seed: s.seed, TrainLoss: training.TrainLoss, TestLoss: whole.Loss, Score: whole.Metrics[r.Metric], Seconds: training.Seconds})
	for _, curve := range s.curves {
		r.Curves = append(r.Curves, curve.Result())
	}
	if s.first == nil {
		return nil
	}
	ablation, err := s.ablation.Result(), error(nil)
	if r.Importance, err = combined(s.importance); err != nil {
		return err
	}
	r.ImportanceByToken, r.Entropy, r.OneHead, r.Speed = s.first.byToken.Result(), s.first.entropy.Result(), s.first.oneHead.Result(), s.first.speed.Result()
	r.Agreement = spearman(s.values(r.Importance), s.values(r.ImportanceByToken))
	if len(s.importance) == 2 {
		r.Stability = spearman(s.values(s.importance[0].Result()), s.values(s.importance[1].Result()))
	}
	r.Ablation = effects(ablation, r.Metric)
	if s.first.transfer != nil {
		r.Transfer, err = transferOf(ablation, s.first.transfer.Result(), r)
	}
	return err
}

// values lists the normalised importance of the model's heads, by layer and head.
func (s *seedSteps) values(i *heads.Importance) []float64 {
	values := make([]float64, len(s.heads))
	for k, h := range s.heads {
		values[k] = i.Normalized[h.Layer][h.Head]
	}
	return values
}

func effects(a *heads.Ablation, metric string) *Effects {
	return &Effects{Examples: a.Base.Examples, Score: a.Base.Metrics[metric], Loss: a.Base.Loss, Heads: a.Heads}
}

// transferOf correlates the effects of heads in domain with those out of it.
func transferOf(in, out *heads.Ablation, r *Result) (*Transfer, error) {
	t := &Transfer{Task: r.Config.Transfer, Effects: effects(out, r.Metric)}
	var x, y, xLoss, yLoss []float64
	for i, e := range out.Heads {
		x, y = append(x, in.Heads[i].MetricDelta), append(y, e.MetricDelta)
		xLoss, yLoss = append(xLoss, in.Heads[i].LossDelta), append(yLoss, e.LossDelta)
	}
	metric, err := pearson(x, y)
	if err != nil {
		return nil, err
	}
	loss, err := pearson(xLoss, yLoss)
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

// ask puts what the user asked for into the protocol. The other domain goes with the protocol's own task.
func (c *Config) ask(r experiment.Request) {
	if r.Model != "" {
		c.Model = r.Model
	}
	if r.Task != "" && r.Task != c.Task {
		c.Task, c.Transfer = r.Task, ""
	}
	if r.Data != "" {
		c.Data = r.Data
	}
	c.Seeds = r.Seeds(c.Seeds)
}

// check says what is wrong with the protocol.
func (c *Config) check() error {
	switch {
	case len(c.Seeds) == 0:
		return errors.New("the protocol has no seed")
	case len(c.SpeedBatches) == 0 || slices.Min(c.SpeedBatches) < 1 || c.SpeedRepeats < 1 || c.SpeedLength < 1:
		return errors.New("the protocol needs batch sizes, repeats and a length of at least 1 for the speed")
	case !(c.Step > 0 && c.Step <= 1):
		return fmt.Errorf("the protocol prunes a share of %g of the heads at a time (step); it must be above 0 and at most 1", c.Step)
	case c.RandomOrders < 0:
		return fmt.Errorf("the protocol has %d random orders", c.RandomOrders)
	case c.TrainExamples < 0 || c.TestExamples < 0 || c.TransferExamples < 0 || c.ImportanceExamples < 0 || c.ChoiceExamples < 0:
		return errors.New("the protocol has a negative number of examples")
	case c.Epochs < 1 || c.BatchSize < 1 || c.MaxLength < 1 || !(c.LearningRate > 0):
		return errors.New("the protocol needs epochs, a batch size and a length of at least 1, and a learning rate above 0")
	}
	return nil
}

// fits says why the experiment cannot be done with a model.
func (c *Config) fits(model *gbert.Model) error {
	if len(heads.All(model.Config)) == 0 {
		return fmt.Errorf("%s has no attention heads", c.Model)
	}
	return nil
}
