package hao2019

import (
	"context"
	"embed"
	"fmt"

	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/landscape"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment is the experiment in all its parts.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "landscape",
	Title:   "Visualizing and Understanding the Effectiveness of BERT (Hao, Dong, Wei and Xu 2019)",
	Heading: words.Key("bertlab: the loss around a fine-tuned BERT"),
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
	train, other experiment.Sample // to train on
	dev          experiment.Sample // to judge models with layers rolled back on
	fit, check   experiment.Sample // of train and dev, evaluated at each point
}

// load draws the data, and says in the result where they come from.
func load(ctx context.Context, env *experiment.Environment, c *Config, r *Result) (d data, err error) {
	samples, err := env.Samples(ctx, c.Task, c.Data, experiment.SampleSizes{Train: c.TrainExamples, Dev: c.RollbackExamples, Importance: c.Examples})
	if err != nil {
		return d, err
	}
	d.train, d.dev, d.fit = samples.Train, samples.Dev, samples.Importance
	for _, draw := range []struct {
		sample            *experiment.Sample
		task, split, from string
		n                 int
		seed              uint64
	}{
		{&d.other, c.Other, "train", c.OtherData, c.OtherExamples, experiment.TrainSample},
		{&d.check, c.Task, "dev", c.Data, c.Examples, experiment.DevSample},
	} {
		drawn, err := env.Examples(ctx, draw.task, draw.split, draw.from, draw.n, draw.seed)
		if err != nil {
			return d, err
		}
		if *draw.sample, err = experiment.NewSample(drawn); err != nil {
			return d, err
		}
	}
	for _, part := range []struct {
		use    string
		sample experiment.Sample
	}{
		{"train", d.train}, {"train, other task", d.other}, {"rollback", d.dev}, {"training loss of the surfaces", d.fit}, {"dev error of the surfaces", d.check},
	} {
		if n := part.sample.Unlabelled(); n > 0 {
			return d, fmt.Errorf("%d of the %d examples of %s (%s) have no label", n, part.sample.Len(), part.sample.Source, part.use)
		}
		r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData(part.use, part.sample.Dataset))
	}
	r.Classes, r.Prior, r.Majority = d.train.Task.Outputs(), prior(d.fit.Dataset), d.dev.Majority()
	return d, nil
}

// plan adds the experiment's steps: models that are trained from pretrained and from random weights, on the task and on another for a
// second direction; the loss along the first direction and over the plane of both; layers that move, or are rolled back, alone.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) (func() error, error) {
	env := p.Environment()
	model, err := env.Subject(ctx, c.Model, &r.Provenance, c.checkModel)
	if err != nil {
		return nil, err
	}
	r.Layers = model.Config.NumHiddenLayers
	d, err := load(ctx, env, c, r)
	if err != nil {
		return nil, err
	}
	s := &steps{parts: rolledBack(model.Config)}
	s.add(p, c, d, &experiment.Pretrained{Model: model, SHA256: r.Provenance.ModelSHA256})
	return func() error { return s.collect(c, r) }, nil
}

// steps are the experiment's.
type steps struct {
	tuned, scratch *experiment.ModelNode[Training]
	tunedOther     *experiment.ModelNode[experiment.Training]
	scratchOther   *experiment.ModelNode[Training] // nil: no surface from random weights is asked for

	curve, scratchCurve     *experiment.Node[line]
	surface, scratchSurface *experiment.Node[*Surface] // nil as scratchOther
	thirds                  []*experiment.Node[*Surface]
	parts                   []landscape.Part // that are rolled back
	rollback                *experiment.Node[[]landscape.Measure]
	directions              *experiment.Node[directions]
}

// options are those of all fine-tuning runs.
func (c *Config) options() finetune.Options {
	return finetune.Options{
		Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: c.Seed, Keep: finetune.KeepLast,
	}
}

// pointBatch is the size of the batches in which examples are evaluated.
const pointBatch = 32

func (s *steps) add(p *experiment.Plan, c *Config, d data, pretrained *experiment.Pretrained) {
	// The padded lengths are chosen for the examples that are evaluated most.
	judge := experiment.Judging{
		MaxLength: c.MaxLength, BatchSize: pointBatch, Like: []experiment.Sample{d.fit}, Passes: c.SurfacePoints*c.SurfacePoints + 2*c.CurvePoints,
	}
	fit := judge.On(d.fit)
	begin := func(from experiment.ModelSource, on experiment.Sample) experiment.ModelSource {
		return addHead.Of(p, startInputs{From: from, Outputs: on.Task.Outputs(), Labels: on.Task.Labels, Seed: c.Seed})
	}
	start := begin(pretrained, d.train)
	s.tuned = train.Of(p, trainInputs{Start: start, Train: d.train, Options: c.options(), Snapshots: c.Snapshots, Fit: &fit})
	s.tunedOther = experiment.FineTune(p, experiment.FineTuneInputs{From: pretrained, Train: d.other, Options: c.options()})
	random := drawWeights.Of(p, randomInputs{Like: pretrained, Seed: c.Seed})
	scratch := trainInputs{Start: begin(random, d.train), Train: d.train, Options: c.options(), Snapshots: c.Snapshots, Fit: &fit, Random: true}
	scratch.Options.Epochs, scratch.Options.LearningRate = c.ScratchEpochs, c.ScratchLearningRate
	s.scratch = train.Of(p, scratch)

	plane := space{Start: start, Trained: s.tuned, Other: s.tunedOther}
	s.directions = measureDirections.Of(p, plane)
	whole := landscape.Whole(pretrained.Model.Config)
	along := sweepInputs{
		Space: space{Start: start, Trained: s.tuned}, Fit: fit, Check: judge.On(d.check), FitAlone: true, Part: whole,
		Grid: landscape.Line(c.CurveRange[0], c.CurveRange[1], c.CurvePoints), Title: words.Key("loss along fine-tuning"),
	}
	s.curve = sweepLine.Of(p, along)
	along.Space, along.Title = space{Start: scratch.Start, Trained: s.scratch}, "loss along training from random weights"
	s.scratchCurve = sweepLine.Of(p, along)
	across := sweepInputs{
		Space: plane, Fit: fit, Check: judge.On(d.check), Part: whole, Grid: landscape.Plane(c.SurfaceRange[0], c.SurfaceRange[1], c.SurfacePoints),
		Title: words.Key("loss around the fine-tuned model"),
	}
	s.surface = sweepPlane.Of(p, across)
	if c.ScratchSurface {
		other := trainInputs{Start: begin(random, d.other), Train: d.other, Options: scratch.Options, Random: true}
		s.scratchOther = train.Of(p, other)
		across.Space = space{Start: scratch.Start, Trained: s.scratch, Other: s.scratchOther}
		across.Title = words.Key("loss around the model trained from random weights")
		s.scratchSurface = sweepPlane.Of(p, across)
	}
	across.Space, across.FitAlone, across.Grid = plane, true, landscape.Plane(c.SurfaceRange[0], c.SurfaceRange[1], c.PartPoints)
	titles := map[string]words.Key{"low": words.Key("loss as only the low layers move"), "middle": words.Key("loss as only the middle layers move"), "high": words.Key("loss as only the high layers move")}
	for _, third := range landscape.Thirds(pretrained.Model.Config) {
		across.Part = third
		across.Title = titles[third.Name]
		s.thirds = append(s.thirds, sweepPlane.Of(p, across))
	}
	s.rollback = rollBack.Of(p, rollBackInputs{Space: space{Start: start, Trained: s.tuned}, Test: judge.On(d.dev), Parts: s.parts})
}

// collect puts the steps' results into the experiment's.
func (s *steps) collect(c *Config, r *Result) error {
	add := func(start, task string, t Training) {
		t.Start, t.Task = start, task
		r.Runs = append(r.Runs, t)
	}
	task, other := r.Provenance.Data[0].Task, r.Provenance.Data[1].Task
	direction := s.tunedOther.Result()
	add("pretrained", task, s.tuned.Result())
	add("pretrained", other, Training{Steps: direction.Steps, TrainLoss: direction.TrainLoss, Seconds: direction.Seconds})
	add("random", task, s.scratch.Result())
	if s.scratchOther != nil {
		add("random", other, s.scratchOther.Result())
		r.ScratchSurface = s.scratchSurface.Result()
	}
	r.Surface = s.surface.Result()
	for _, third := range s.thirds {
		r.Parts = append(r.Parts, third.Result().Surface)
	}
	d := s.directions.Result()
	r.Geometry, r.Whole = d.Units, landscape.Sum("whole", d.Units)
	var err error
	if r.Cosine, err = cosine(d.Weights); err != nil {
		return err
	}
	along, scratch := s.curve.Result(), s.scratchCurve.Result()
	if r.Fine, err = r.describe(along); err != nil {
		return err
	}
	if r.Scratch, err = r.describe(scratch); err != nil {
		return err
	}
	if r.WidthDifference, err = r.widthDifference(along, scratch); err != nil {
		return err
	}
	return s.collectRollback(r)
}

// collectRollback compares the models with parts rolled back.
func (s *steps) collectRollback(r *Result) error {
	measured := s.rollback.Result()
	for i, part := range s.parts {
		row, err := judge(part, measured[i], measured[0])
		if err != nil {
			return err
		}
		r.Rollback = append(r.Rollback, row)
	}
	low := r.Rollback[1]
	for _, other := range r.Rollback[2:4] {
		_, difference, err := low.Right.Against(other.Right)
		if err != nil {
			return err
		}
		r.LowAgainst = append(r.LowAgainst, difference.Interval)
	}
	return nil
}

// Numbers are what the narrative names.
func (r edition) Numbers() map[string]any {
	c := r.Config
	return map[string]any{
		"model": c.Model, "task": c.Task, "other": c.Other, "from": c.SurfaceRange[0], "to": c.SurfaceRange[1],
	}
}
