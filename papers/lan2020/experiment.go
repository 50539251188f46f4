package lan2020

import (
	"context"
	"embed"
	"fmt"
	"math"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/sharing"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment is the experiment in all its parts.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "sharing",
	Title:   "ALBERT: A Lite BERT for Self-supervised Learning of Language Representations (Lan et al. 2020)",
	Heading: words.Key("bertlab: layers that share their weights"),
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
func (r edition) Subtitle() string { return r.caption(true, r.seeds()) }

// plan adds the experiment's steps: what the pretrained model's layers and word table are like, and for each seed the fine-tuned whole
// model, its conversions, and the variants that are converted first.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) (func() error, error) {
	env := p.Environment()
	model, err := env.Subject(ctx, c.Model, &r.Provenance, func(m *gbert.Model) error { return c.fits(m.Config) })
	if err != nil {
		return nil, err
	}
	data, err := env.Samples(ctx, c.Task, c.Data, experiment.SampleSizes{Train: c.TrainExamples, Dev: c.TestExamples})
	if err != nil {
		return nil, err
	}
	few, err := experiment.AtMost(data.Dev.Dataset, c.TransitionExamples, experiment.DevSample)
	if err != nil {
		return nil, err
	}
	s := &steps{data: data, pretrained: &experiment.Pretrained{Model: model, SHA256: r.Provenance.ModelSHA256}}
	if s.moved, err = experiment.NewSample(few); err != nil {
		return nil, err
	}
	kind := data.Dev.Task
	r.Layers, r.Hidden, r.Vocab = model.Config.NumHiddenLayers, model.Config.HiddenSize, model.Config.VocabSize
	r.Title, r.Metric, r.Examples, r.Majority = kind.Title, kind.Metrics[0], data.Dev.Len(), data.Dev.Majority()
	r.Provenance.Data = []experiment.DataProvenance{experiment.DescribeData("train", data.Train.Dataset), experiment.DescribeData("test", data.Dev.Dataset)}
	r.Counts = sharing.Counts()
	headed, err := model.WithClassifier(kind.Outputs(), kind.Labels, 1)
	if err != nil {
		return nil, err
	}
	s.shape = shapeOf(headed)
	s.add(p, c)
	return func() error { return s.collect(c, r) }, nil
}

// steps are the experiment's.
type steps struct {
	data       experiment.Samples
	moved      experiment.Sample // on which transitions are measured
	pretrained *experiment.Pretrained
	shape      shape // of the whole model

	distances *experiment.Node[[]sharing.Distance]
	words     *experiment.Node[[]float64]
	seeds     []*seedSteps
	speed     []*experiment.Node[SpeedModel]
}

// seedSteps are those with a seed.
type seedSteps struct {
	seed        uint64
	tuned       *experiment.ModelNode[experiment.Training]
	whole       *experiment.Node[experiment.Evaluated]
	transitions *experiment.Node[*sharing.Transitions]
	variants    []*experiment.Node[tuned]     // in the order of the protocol
	converted   []*experiment.Node[converted] // beside the variants; nil where that says nothing new
	inits       []*experiment.Node[converted]
	cuts        []*experiment.Node[converted]
}

func (s *steps) add(p *experiment.Plan, c *Config) {
	s.distances = measureDistances.Of(p, modelInputs{s.pretrained})
	s.words = measureWords.Of(p, modelInputs{s.pretrained})
	for _, seed := range c.Seeds {
		s.seeds = append(s.seeds, s.ofSeed(p, c, seed))
	}
	for _, v := range c.SpeedVariants {
		s.speed = append(s.speed, timeVariant.Of(p, speedInputs{
			From: s.pretrained, Variant: v.conversion(), Words: s.data.Dev, MaxLength: c.MaxLength,
			Batches: c.SpeedBatches, Length: c.SpeedLength, Repeats: c.SpeedRepeats,
		}))
	}
}

func (s *steps) ofSeed(p *experiment.Plan, c *Config, seed uint64) *seedSteps {
	options := finetune.Options{
		Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: seed, Keep: finetune.KeepLast,
	}
	of := &seedSteps{seed: seed, tuned: experiment.FineTune(p, experiment.FineTuneInputs{From: s.pretrained, Train: s.data.Train, Options: options})}
	judge := experiment.Judging{Model: of.tuned, Sample: s.data.Dev, MaxLength: c.MaxLength, BatchSize: c.BatchSize}
	of.whole, of.transitions = experiment.Evaluate(p, judge), measureTransitions.Of(p, judge.On(s.moved))
	convert := func(v Scheme) *experiment.Node[converted] {
		return convertTuned.Of(p, convertInputs{Judging: judge, Variant: v.conversion()})
	}
	for _, v := range c.Variants {
		in := tuneInputs{From: s.pretrained, Variant: v.conversion(), Train: s.data.Train, Options: options, Test: s.data.Dev}
		var same *experiment.Node[converted]
		if v.Distilled {
			in.Teacher = experiment.Predict(p, judge.On(s.data.Train))
		} else { // with a teacher the conversion is the same
			same = convert(v)
		}
		if v == shareAll {
			in.Moved = s.moved
		}
		of.variants, of.converted = append(of.variants, tuneVariant.Of(p, in)), append(of.converted, same)
	}
	for _, init := range sharing.Inits {
		of.inits = append(of.inits, convert(Scheme{What: sharing.All, Init: init}))
	}
	for _, size := range c.EmbeddingSizes {
		of.cuts = append(of.cuts, convert(Scheme{Embedding: size}))
	}
	return of
}

// collect puts the steps' results into the experiment's.
func (s *steps) collect(c *Config, r *Result) error {
	r.Distances, r.Errors = s.distances.Result(), s.words.Result()
	answers := func(e experiment.Evaluated) Answers {
		return Answers{Score: e.Metrics[r.Metric], Loss: e.Loss, Right: e.Right}
	}
	trial := func(v Scheme, seed uint64, e experiment.Evaluated, t experiment.Training, shape shape) Trial {
		return Trial{
			Variant: v, Seed: seed, Answers: answers(e), Parts: shape.Parts, MACs: shape.MACs,
			TrainLoss: t.TrainLoss, Seconds: t.Seconds, StepSeconds: t.Clock.Median(experiment.Wall),
		}
	}
	for _, of := range s.seeds {
		whole := trial(Scheme{}, of.seed, of.whole.Result(), of.tuned.Result(), s.shape)
		whole.P, whole.Transitions = 1, of.transitions.Result()
		r.Runs = append(r.Runs, whole)
		for i, v := range c.Variants {
			done := of.variants[i].Result()
			t := trial(v, of.seed, done.Evaluated, done.Training, done.Shape)
			t.Transitions = done.Transitions
			if same := of.converted[i]; same != nil {
				a := answers(same.Result().Evaluated)
				t.Converted = &a
			}
			if err := t.against(whole); err != nil {
				return err
			}
			r.Runs = append(r.Runs, t)
		}
		for i, init := range sharing.Inits {
			r.Inits = append(r.Inits, Initialised{Init: init, Seed: of.seed, Answers: answers(of.inits[i].Result().Evaluated)})
		}
		for i, size := range c.EmbeddingSizes {
			cut := of.cuts[i].Result()
			r.Cuts = append(r.Cuts, Cut{Size: size, Seed: of.seed, Answers: answers(cut.Evaluated), RelativeError: cut.RelativeError, Parameters: cut.Parameters})
		}
	}
	r.Speed = &Speed{Length: min(c.SpeedLength, s.pretrained.Model.Config.MaxPositionEmbeddings), Repeats: c.SpeedRepeats}
	for i, v := range c.SpeedVariants {
		timed := s.speed[i].Result()
		timed.Variant = v
		r.Speed.Models = append(r.Speed.Models, timed)
	}
	return nil
}

// Numbers are what the narrative names.
func (r edition) Numbers() map[string]any {
	whole := mean(r.answers(Scheme{}))
	return map[string]any{
		"task": r.Config.Task, "accuracy": fmt.Sprintf("%.4f", whole), "examples": r.Examples, "majority": fmt.Sprintf("%.4f", r.Majority),
		"standardError": fmt.Sprintf("%.1f", 100*math.Sqrt(whole*(1-whole)/float64(r.Examples))),
	}
}

// ask puts what the user asked for into the protocol.
func (c *Config) ask(r experiment.Request) {
	r.Set(&c.Model, &c.Task, &c.Data)
	c.Seeds = r.Seeds(c.Seeds)
}
