package lan2020

import (
	"context"
	"embed"
	"fmt"
	"math"
	"slices"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/sharing"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment converts a pretrained BERT into one whose layers share their weights.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "sharing",
	Title:   "ALBERT: A Lite BERT for Self-supervised Learning of Language Representations (Lan et al. 2020)",
	Heading: words.Key("bertlab: layers that share their weights"),
	Quick:   Quick, Full: Full, Ask: (*Config).Ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	Tell: func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in} },
}

// edition tells what sharing weights costs.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle names the model, the task and all seeds.
func (r edition) Subtitle() string { return r.caption(true, r.seeds()) }

// plan adds the experiment's steps: what the pretrained model's layers and word table are like, and for each seed the fine-tuned whole
// model, its conversions, and the variants that are converted first.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	pretrained, samples, err := c.Begin(ctx, p, &r.Provenance, c.fits, experiment.SampleSizes{})
	if err != nil {
		return err
	}
	few, err := experiment.AtMost(samples.Dev.Dataset, c.TransitionExamples, experiment.DevSample)
	if err != nil {
		return err
	}
	moved, err := experiment.NewSample(few)
	if err != nil {
		return err
	}
	kind, config := samples.Dev.Task, pretrained.Model.Config
	r.Layers, r.Hidden, r.Vocab = config.NumHiddenLayers, config.HiddenSize, config.VocabSize
	r.Title, r.TestSet, r.Counts = kind.Title, experiment.TestSetOf(samples.Dev), sharing.Counts()
	headed, err := pretrained.Model.WithClassifier(kind.Outputs(), kind.Labels, 1)
	if err != nil {
		return err
	}
	experiment.Keep(p, &r.Distances, measureDistances.Of(p, modelInputs{pretrained}))
	experiment.Keep(p, &r.Errors, measureWords.Of(p, modelInputs{pretrained}))
	for _, seed := range c.Seeds {
		s := &seedPlan{
			Study: experiment.Study[Config, Result]{Plan: p, Config: c, Result: r}, Samples: samples, moved: moved, pretrained: pretrained, shape: shapeOf(headed),
			seed: seed, tuned: c.FineTune(p, pretrained, samples.Train, seed),
		}
		s.add()
	}
	r.Speed = &Speed{Length: c.Timing().Tokens(config), Repeats: c.SpeedRepeats}
	for _, v := range c.SpeedVariants {
		timed := timeVariant.Of(p, speedInputs{From: pretrained, Variant: v.conversion(), Words: samples.Dev, MaxLength: c.MaxLength, Timing: c.Timing()})
		experiment.Tell(p, &r.Speed.Models, func() SpeedModel {
			model := timed.Result()
			model.Variant = v
			return model
		})
	}
	if slices.Contains(c.Variants, shareAll) {
		in := stepInputs{From: pretrained, Variant: shareAll.conversion(), Train: samples.Train, Options: c.Options(c.Seeds[0]), Repeats: c.SpeedRepeats}
		timed := timeStep.Of(p, in)
		p.Collect(func() error {
			training := timed.Result()
			r.Speed.Training = &training
			return nil
		})
	}
	return nil
}

// seedPlan is the plan with a seed.
type seedPlan struct {
	experiment.Study[Config, Result]
	experiment.Samples
	moved      experiment.Sample // on which transitions are measured
	pretrained *experiment.Pretrained
	shape      shape // of the whole model
	seed       uint64
	tuned      *experiment.ModelNode[experiment.Training]
	whole      Trial // once the steps are done
}

// trial is what is told of a variant that a machine trained.
func (s *seedPlan) trial(v Scheme, e experiment.Evaluated, t experiment.Training, shape shape, machine string) Trial {
	return Trial{
		Variant: v, Seed: s.seed, Answers: e.Answers(s.Result.Metric), Parts: shape.Parts, MACs: shape.MACs,
		TrainLoss: t.TrainLoss, Seconds: t.Seconds, StepSeconds: t.Clock.Median(), Machine: machine,
	}
}

// add adds the whole model, the variants, and what the fine-tuned whole model is after conversions.
func (s *seedPlan) add() {
	c, r := s.Config, s.Result
	judge := c.Judge(s.tuned, s.Dev)
	evaluated, transitions := experiment.Evaluate(s.Plan, judge), measureTransitions.Of(s.Plan, judge.On(s.moved))
	experiment.Tell(s.Plan, &r.Runs, func() Trial {
		s.whole = s.trial(Scheme{}, evaluated.Result(), s.tuned.Result(), s.shape, s.tuned.Machine())
		s.whole.P, s.whole.Transitions = 1, transitions.Result()
		return s.whole
	})
	for _, v := range c.Variants {
		s.addVariant(v, judge)
	}
	for _, init := range sharing.Inits {
		same := s.convert(Scheme{What: sharing.All, Init: init}, judge)
		experiment.Tell(s.Plan, &r.Inits, func() Initialised {
			return Initialised{Init: init, Seed: s.seed, Answers: same.Result().Answers(r.Metric)}
		})
	}
	for _, size := range c.EmbeddingSizes {
		same := s.convert(Scheme{Embedding: size}, judge)
		experiment.Tell(s.Plan, &r.Cuts, func() Cut {
			cut := same.Result()
			return Cut{Size: size, Seed: s.seed, Answers: cut.Answers(r.Metric), RelativeError: cut.RelativeError, Parameters: cut.Parameters}
		})
	}
}

// convert converts the fine-tuned whole model.
func (s *seedPlan) convert(v Scheme, judge experiment.Judging) *experiment.Node[converted] {
	return convertTuned.Of(s.Plan, convertInputs{Judging: judge, Variant: v.conversion()})
}

// addVariant adds a variant that is converted and then trained, and beside it the conversion of the fine-tuned whole model; with a teacher
// that is the same as without.
func (s *seedPlan) addVariant(v Scheme, judge experiment.Judging) {
	in := tuneInputs{From: s.pretrained, Variant: v.conversion(), Train: s.Train, Options: s.Config.Options(s.seed), Test: s.Dev}
	var same *experiment.Node[converted]
	if v.Distilled {
		in.Teacher = experiment.Predict(s.Plan, judge.On(s.Train))
	} else {
		same = s.convert(v, judge)
	}
	if v == shareAll {
		in.Moved = s.moved
	}
	trained := tuneVariant.Of(s.Plan, in)
	s.Collect(func() (err error) {
		done := trained.Result()
		t := s.trial(v, done.Evaluated, done.Training, done.Shape, trained.Machine())
		t.Transitions = done.Transitions
		if same != nil {
			answers := same.Result().Answers(s.Result.Metric)
			t.Converted = &answers
		}
		t.Change, err = t.Against(s.whole.Answers)
		s.Result.Runs = append(s.Result.Runs, t)
		return err
	})
}

// Numbers are the accuracy of the whole model and how sure it is.
func (r edition) Numbers() map[string]any {
	whole := mean(r.answers(Scheme{}))
	return map[string]any{
		"task": r.Config.Task, "accuracy": fmt.Sprintf("%.4f", whole), "examples": r.Examples, "majority": fmt.Sprintf("%.4f", r.Majority),
		"standardError": fmt.Sprintf("%.1f", 100*math.Sqrt(whole*(1-whole)/float64(r.Examples))),
	}
}
