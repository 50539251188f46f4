package hao2019

import (
	"context"
	"embed"
	"fmt"
	"math"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/landscape"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment looks at the loss along fine-tuning and across it.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "landscape",
	Title:   "Visualizing and Understanding the Effectiveness of BERT (Hao, Dong, Wei and Xu 2019)",
	Heading: words.Key("bertlab: the loss around a fine-tuned BERT"),
	Quick:   Quick, Full: Full, Ask: (*Config).ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	Tell: func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in} },
}

// edition tells what the loss is like around trained models.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle names the model, the task and the seed.
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
	r.Classes, r.Prior, r.Majority = d.train.Task.Outputs(), d.fit.Entropy(), d.dev.Majority()
	return d, nil
}

// plan adds the experiment's steps: models that are trained from pretrained and from random weights, on the task and on another for a
// second direction; the loss along the first direction and over the plane of both; layers that move, or are rolled back, alone.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	pretrained, err := p.Environment().Subject(ctx, c.Model, &r.Provenance, c.checkModel)
	if err != nil {
		return err
	}
	r.Layers = pretrained.Model.Config.NumHiddenLayers
	d, err := load(ctx, p.Environment(), c, r)
	if err != nil {
		return err
	}
	s := &study{Study: experiment.Study[Config, Result]{Plan: p, Config: c, Result: r}, data: d, shape: pretrained.Model.Config}
	s.add(pretrained)
	return nil
}

// study is the experiment as it is planned.
type study struct {
	experiment.Study[Config, Result]
	data
	shape *gbert.Config // of the model
}

// pointBatch is the size of the batches in which examples are evaluated.
const pointBatch = 32

// judge judges a model on a sample. The padded lengths are chosen for the examples that are evaluated most.
func (s *study) judge(on experiment.Sample) experiment.Judging {
	c := s.Config
	return experiment.Judging{
		Sample: on, MaxLength: c.MaxLength, BatchSize: pointBatch, Like: []experiment.Sample{s.fit}, Passes: c.SurfacePoints*c.SurfacePoints + 2*c.CurvePoints,
	}
}

// begin gives a model a head for what it is trained on: that is θ₀.
func (s *study) begin(from experiment.ModelSource, on experiment.Sample) experiment.ModelSource {
	return addHead.Of(s.Plan, startInputs{From: from, Outputs: on.Task.Outputs(), Labels: on.Task.Labels, Seed: s.Config.Seed})
}

// tell tells of a training run, on what it was and from which weights.
func (s *study) tell(start string, on experiment.Sample, run func() Training) {
	experiment.Tell(s.Plan, &s.Result.Runs, func() Training {
		t := run()
		t.Start, t.Task = start, on.Task.Name
		return t
	})
}

// add adds the trainings, and what is measured of them.
func (s *study) add(pretrained *experiment.Pretrained) {
	c, fit := s.Config, s.judge(s.fit)
	start := s.begin(pretrained, s.train)
	tuned := train.Of(s.Plan, trainInputs{Start: start, Train: s.train, Options: c.Options(c.Seed), Snapshots: c.Snapshots, Fit: &fit})
	s.tell("pretrained", s.train, tuned.Result)
	direction := experiment.FineTune(s.Plan, experiment.FineTuneInputs{From: pretrained, Train: s.other, Options: c.Options(c.Seed)})
	s.tell("pretrained", s.other, func() Training { return trainingOf(direction.Result()) })
	random := drawWeights.Of(s.Plan, randomInputs{Like: pretrained, Seed: c.Seed})
	in := trainInputs{Start: s.begin(random, s.train), Train: s.train, Options: c.Options(c.Seed), Snapshots: c.Snapshots, Fit: &fit, Random: true}
	in.Options.Epochs, in.Options.LearningRate = c.ScratchEpochs, c.ScratchLearningRate
	scratch := train.Of(s.Plan, in)
	s.tell("random", s.train, scratch.Result)

	plane := space{Start: start, Trained: tuned, Other: direction}
	s.addDirections(plane)
	s.addCurves(space{Start: start, Trained: tuned}, space{Start: in.Start, Trained: scratch})
	across := sweepInputs{
		Space: plane, Fit: fit, Check: s.judge(s.check), Part: landscape.Whole(s.shape), Grid: landscape.Plane(c.SurfaceRange[0], c.SurfaceRange[1], c.SurfacePoints),
		Title: words.Key("loss around the fine-tuned model"),
	}
	experiment.Keep(s.Plan, &s.Result.Surface, sweepPlane.Of(s.Plan, across))
	if c.ScratchSurface {
		second := train.Of(s.Plan, trainInputs{Start: s.begin(random, s.other), Train: s.other, Options: in.Options, Random: true})
		s.tell("random", s.other, second.Result)
		around := across
		around.Space = space{Start: in.Start, Trained: scratch, Other: second}
		around.Title = words.Key("loss around the model trained from random weights")
		experiment.Keep(s.Plan, &s.Result.ScratchSurface, sweepPlane.Of(s.Plan, around))
	}
	for _, seed := range c.MoreSeeds {
		s.addWidth(pretrained, seed)
	}
	s.addThirds(across)
	s.addRollback(space{Start: start, Trained: tuned})
}

// addDirections adds lengths and angles of the two fine-tunings.
func (s *study) addDirections(plane space) {
	measured := measureDirections.Of(s.Plan, plane)
	s.Collect(func() (err error) {
		d := measured.Result()
		s.Result.Geometry, s.Result.Whole = d.Units, landscape.Sum("whole", d.Units)
		s.Result.Cosine, err = landscape.Alignment(d.Weights)
		return err
	})
}

// lines are the loss along the way from pretrained and from random weights.
func (s *study) lines(tuned, scratch space) (first, second *experiment.Node[line]) {
	c := s.Config
	along := sweepInputs{
		Space: tuned, Fit: s.judge(s.fit), Check: s.judge(s.check), FitAlone: true, Part: landscape.Whole(s.shape),
		Grid: landscape.Line(c.CurveRange[0], c.CurveRange[1], c.CurvePoints), Title: words.Key("loss along fine-tuning"),
	}
	first = sweepLine.Of(s.Plan, along)
	along.Space, along.Title = scratch, words.Key("loss along training from random weights")
	return first, sweepLine.Of(s.Plan, along)
}

// addWidth adds trainings with another seed, for the widths of their optima.
func (s *study) addWidth(pretrained *experiment.Pretrained, seed uint64) {
	c, r := *s.Config, s.Result
	c.Seed = seed
	again := *s
	again.Config = &c
	in := trainInputs{Start: again.begin(pretrained, s.train), Train: s.train, Options: c.Options(seed)}
	tuned := space{Start: in.Start, Trained: train.Of(s.Plan, in)}
	in.Start, in.Random = again.begin(drawWeights.Of(s.Plan, randomInputs{Like: pretrained, Seed: seed}), s.train), true
	in.Options.Epochs, in.Options.LearningRate = c.ScratchEpochs, c.ScratchLearningRate
	first, second := again.lines(tuned, space{Start: in.Start, Trained: train.Of(s.Plan, in)})
	s.Collect(func() error {
		fine, err := r.describe(first.Result())
		if err != nil {
			return err
		}
		scratch, err := r.describe(second.Result())
		r.More = append(r.More, Width{
			Seed: seed, Fine: fine.Width.Value, Scratch: scratch.Width.Value, Difference: fine.Width.Value - scratch.Width.Value,
			Learned: r.learned(fine) && r.learned(scratch), Open: scratch.Open,
		})
		return err
	})
}

// addCurves adds the loss along the way from pretrained and from random weights.
func (s *study) addCurves(tuned, scratch space) {
	r := s.Result
	first, second := s.lines(tuned, scratch)
	s.Collect(func() (err error) {
		if r.Fine, err = r.describe(first.Result()); err != nil {
			return err
		}
		if r.Scratch, err = r.describe(second.Result()); err != nil {
			return err
		}
		fine, scratch := first.Result(), second.Result()
		r.WidthDifference, err = landscape.Wider(fine.Surface.Alpha, fine.Losses, scratch.Surface.Alpha, scratch.Losses, r.tolerance())
		return err
	})
}

// Tolerance is how far above its value at the trained weights the loss may be inside an optimum, as a share of ln(classes), the loss
// of a guess. Fixed before the numbers were seen.
const Tolerance = 0.1

// tolerance is that in nats.
func (r *Result) tolerance() float64 { return Tolerance * math.Log(float64(r.Classes)) }

// describe makes a curve of a swept line.
func (r *Result) describe(l line) (Curve, error) {
	valley, err := landscape.NewValley(l.Surface.Alpha, l.Losses, l.Surface.Sets[0].Loss[0], r.tolerance())
	return Curve{l.Surface, valley}, err
}

// addThirds adds the loss over the plane as low, middle or high layers move alone.
func (s *study) addThirds(across sweepInputs) {
	c := s.Config
	across.FitAlone, across.Grid = true, landscape.Plane(c.SurfaceRange[0], c.SurfaceRange[1], c.PartPoints)
	titles := map[string]words.Key{"low": words.Key("loss as only the low layers move"), "middle": words.Key("loss as only the middle layers move"), "high": words.Key("loss as only the high layers move")}
	for _, third := range landscape.Thirds(s.shape) {
		across.Part, across.Title = third, titles[third.Name]
		swept := sweepPlane.Of(s.Plan, across)
		experiment.Tell(s.Plan, &s.Result.Parts, func() *landscape.Surface { return swept.Result().Surface })
	}
}

// addRollback adds the fine-tuned model with parts set back, and compares them.
func (s *study) addRollback(tuned space) {
	parts, r := rolledBack(s.shape), s.Result
	measured := rollBack.Of(s.Plan, rollBackInputs{Space: tuned, Test: s.judge(s.dev), Parts: parts})
	s.Collect(func() error {
		for i, part := range parts {
			row, err := judge(part, measured.Result()[i], measured.Result()[0])
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
	})
}

// judge compares a rolled back model with the whole one.
func judge(part landscape.Part, m, whole landscape.Measure) (Rollback, error) {
	row := Rollback{Name: part.Name, Layers: part.Layers(), Accuracy: 1 - m.Error, Loss: m.Loss, Right: m.Wrong.Not()}
	test, change, err := row.Right.Against(whole.Wrong.Not())
	row.Change, row.P = change.Interval, test.P
	return row, err
}

// Numbers are the two tasks and the ends of the surfaces.
func (r edition) Numbers() map[string]any {
	c := r.Config
	return map[string]any{
		"model": c.Model, "task": c.Task, "other": c.Other, "from": c.SurfaceRange[0], "to": c.SurfaceRange[1],
	}
}
