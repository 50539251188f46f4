package sanh2020

import (
	"context"
	"embed"
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/layerdrop"
	"bertlab/techniques/movement"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment is the experiment in all its parts.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "movement",
	Title:   "Movement Pruning: Adaptive Sparsity by Fine-Tuning (Sanh, Wolf and Rush 2020)",
	Heading: words.Key("bertlab: which weights move"),
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

// plan adds the experiment's steps: for each seed the dense model and those that are pruned while they are fine-tuned; and with the first
// seed how far the dense model moved, and storage and speed of the models that are kept.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) (func() error, error) {
	env := p.Environment()
	model, resolved, err := env.Model(ctx, c.Model)
	if err != nil {
		return nil, err
	}
	if model, err = lowest(model, c.Layers); err != nil {
		return nil, err
	}
	if r.Provenance, err = env.Describe(model, resolved); err != nil {
		return nil, err
	}
	data, err := env.Samples(ctx, c.Task, c.Data, experiment.SampleSizes{Train: c.TrainExamples, Dev: c.TestExamples})
	if err != nil {
		return nil, err
	}
	r.Steps = finetune.Options{Epochs: c.Epochs, BatchSize: c.BatchSize}.Steps(data.Train.Len())
	if err := c.fits(model, r.Steps); err != nil {
		return nil, err
	}
	r.Provenance.Data = []experiment.DataProvenance{experiment.DescribeData("train", data.Train.Dataset), experiment.DescribeData("test", data.Dev.Dataset)}
	r.Layers, r.Metric, r.Examples, r.Majority = model.Config.NumHiddenLayers, data.Dev.Task.Metrics[0], data.Dev.Len(), data.Dev.Majority()
	if r.MatrixSizes, err = matrixSizes(model); err != nil {
		return nil, err
	}
	s := &steps{config: c, data: data, pretrained: &experiment.Pretrained{Model: model, SHA256: r.Provenance.ModelSHA256}}
	for i, seed := range c.Seeds {
		s.ofSeed(p, seed, i == 0)
	}
	s.ofModels(p)
	return func() error { s.collect(r); return nil }, nil
}

// lowest is a model with its lowest layers only; with 0 it stays as it is.
func lowest(model *gbert.Model, layers int) (*gbert.Model, error) {
	all := layerdrop.All(model.Config)
	switch {
	case layers == 0 || layers == len(all):
		return model, nil
	case layers > len(all):
		return nil, fmt.Errorf("the model has %d layers, not %d (layers)", len(all), layers)
	}
	return surgery.DropLayers(model, all[layers:])
}

// steps are the experiment's.
type steps struct {
	config     *Config
	data       experiment.Samples
	pretrained *experiment.Pretrained

	dense []denseSteps // one a seed
	runs  []runStep

	// With the first seed:
	kept      []keptSteps // the models that are kept
	untrained *keptSteps  // the dense model without heads and neurons, not trained; nil without
	scored    *experiment.Node[experiment.Evaluated]
	storage   *experiment.Node[gbert.Sizes] // of the dense model
}

// denseSteps are the model that is not pruned.
type denseSteps struct {
	variant Pruning
	tuned   *experiment.ModelNode[experiment.Training]
	judged  *experiment.Node[experiment.Evaluated]
	weights *experiment.Node[weights]
	drift   *experiment.Node[*Drift]
}

// runStep is a pruned run: a step that keeps its model or one that does not.
type runStep struct {
	variant Pruning
	result  func() pruned
	sampled bool // the result has its sample
	first   bool // of the first seed
}

// keptSteps are a pruned model with its size and its speed.
type keptSteps struct {
	variant Pruning
	model   experiment.ModelSource
	result  func() pruned // nil without training
	storage *experiment.Node[gbert.Sizes]
	speed   *experiment.Node[StructuredSpeed]
}

// judging is how models are judged.
func (s *steps) judging(model experiment.ModelSource) experiment.Judging {
	return experiment.Judging{Model: model, Sample: s.data.Dev, MaxLength: s.config.MaxLength, BatchSize: s.config.BatchSize}
}

// ofSeed adds the runs with a seed.
func (s *steps) ofSeed(p *experiment.Plan, seed uint64, first bool) {
	c := s.config
	training := experiment.FineTuneInputs{From: s.pretrained, Train: s.data.Train, Options: c.training(seed)}
	dense := denseSteps{variant: Pruning{Seed: seed}, tuned: experiment.FineTune(p, training)}
	dense.judged = experiment.Evaluate(p, s.judging(dense.tuned))
	dense.weights = countWeights.Of(p, modelInputs{Model: dense.tuned, Name: dense.variant.title})
	dense.drift = compareWeights.Of(p, driftInputs{Before: s.pretrained, After: dense.tuned, Share: c.Focus, Seed: seed})
	s.dense = append(s.dense, dense)
	for _, v := range c.variants(seed, first) {
		in := pruneInputs{FineTuneInputs: training, Pruning: c.options(v), Test: s.judging(nil), Name: v.title}
		if v.Distilled {
			in.Teacher = experiment.Predict(p, s.judging(dense.tuned).On(s.data.Train))
		}
		main := v.Remaining == c.Focus && c.isPlain(v)
		run := runStep{variant: v, sampled: main, first: first}
		if v.Structured || first && main && v.Kind == movement.Movement {
			model := keepPruned.Of(p, in)
			run.result = model.Result
			s.kept = append(s.kept, keptSteps{variant: v, model: model, result: model.Result})
		} else {
			run.result = pruneTuning.Of(p, in).Result
		}
		s.runs = append(s.runs, run)
	}
}

// ofModels adds what is measured of the models of the first seed.
func (s *steps) ofModels(p *experiment.Plan) {
	c, dense := s.config, s.dense[0]
	s.storage = measureStorage.Of(p, storageInputs{Model: dense.tuned, Name: dense.variant.title})
	timing := speedInputs{Judging: s.judging(dense.tuned), Batches: c.SpeedBatches, Length: c.SpeedLength, Repeats: c.SpeedRepeats}
	for i := range s.kept {
		k := &s.kept[i]
		k.storage = measureStorage.Of(p, storageInputs{Model: k.model, Removed: k.variant.Structured, Name: k.variant.title})
		timing.Pruned, timing.Removed, timing.Name = k.model, k.variant.Structured, k.variant.title
		k.speed = measureSpeed.Of(p, timing)
	}
	if c.StructuredUntrained == 0 {
		return
	}
	v := c.untrained()
	masked := maskTuned.Of(p, maskInputs{Model: dense.tuned, Pruning: c.options(v), Name: v.title})
	timing.Pruned, timing.Removed, timing.Name = masked, true, func(say *words.Printer) string { return say.F("without training: %s", v.title(say)) }
	s.untrained = &keptSteps{variant: v, model: masked, speed: measureSpeed.Of(p, timing)}
	s.scored = judgeRemoved.Of(p, s.judging(masked))
}

// collect puts the steps' results into the experiment's.
func (s *steps) collect(r *Result) {
	trained := func(v Pruning, e experiment.Evaluated, t experiment.Training, w weights) Trained {
		return Trained{
			Variant: v, Score: e.Metrics[r.Metric], Loss: e.Loss, TrainLoss: t.TrainLoss, Seconds: t.Seconds, Kept: w.Kept, ByMatrix: w.ByMatrix, Right: e.Right,
		}
	}
	for _, d := range s.dense {
		r.Drifts = append(r.Drifts, d.drift.Result().Distance)
		r.Dense = append(r.Dense, trained(d.variant, d.judged.Result(), d.tuned.Result(), d.weights.Result()))
	}
	for _, step := range s.runs {
		done := step.result()
		run := trained(step.variant, done.Evaluated, done.Training, done.Weights)
		if step.sampled {
			if run.Sample = done.Sample.Sample(); !step.first { // for the agreement of masks alone
				run.Sample.Weights, run.Sample.Scores = nil, nil
			}
		}
		r.Runs = append(r.Runs, run)
	}
	r.Agreement, r.Drift = r.agreements(), s.dense[0].drift.Result()
	s.collectModels(r)
}

// collectModels puts sizes and speeds into the experiment's result.
func (s *steps) collectModels(r *Result) {
	c := s.config
	r.Storage = []Storage{{Name: storageName(words.English, s.dense[0].variant), Kept: r.Dense[0].Kept, Sizes: s.storage.Result()}}
	r.Speed = &Speed{Length: min(c.SpeedLength, s.pretrained.Model.Config.MaxPositionEmbeddings), Repeats: c.SpeedRepeats}
	for _, k := range s.kept {
		done, speed := k.result(), k.speed.Result()
		r.Storage = append(r.Storage, Storage{Name: storageName(words.English, k.variant), Kept: done.Weights.Kept, Sizes: k.storage.Result()})
		if !k.variant.Structured {
			r.Speed.Kept, r.Speed.Unstructured = done.Weights.Kept, speed.Batches
			continue
		}
		speed.Remaining, speed.Trained, speed.Score = k.variant.Remaining, true, done.Metrics[r.Metric]
		r.Speed.Structured = append(r.Speed.Structured, speed)
	}
	if s.untrained != nil {
		speed := s.untrained.speed.Result()
		speed.Remaining, speed.Score = s.untrained.variant.Remaining, s.scored.Result().Metrics[r.Metric]
		r.Speed.Structured = append(r.Speed.Structured, speed)
	}
}
