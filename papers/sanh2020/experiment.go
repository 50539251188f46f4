package sanh2020

import (
	"context"
	"embed"

	"bertlab/gbert/surgery"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/layerdrop"
	"bertlab/techniques/movement"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment prunes by magnitude, by movement and by L0 while it fine-tunes.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "movement",
	Title:   "Movement Pruning: Adaptive Sparsity by Fine-Tuning (Sanh, Wolf and Rush 2020)",
	Heading: words.Key("bertlab: which weights move"),
	Quick:   Quick, Full: Full, Ask: (*Config).Ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	Tell: func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in} },
}

// edition tells what is left of a model that is pruned while it is fine-tuned.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle names the model, the task and the steps.
func (r edition) Subtitle() string { return r.caption("") }

// plan adds the experiment's steps: for each seed the dense model, how far it moved, and those that are pruned while they are fine-tuned;
// and with the first seed storage and speed of the models that are kept.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	pretrained, samples, err := c.Begin(ctx, p, &r.Provenance, c.fits, experiment.SampleSizes{})
	if err != nil {
		return err
	}
	if err := c.useLowest(pretrained, &r.Provenance); err != nil {
		return err
	}
	model := pretrained.Model
	r.Steps = c.Options(0).Steps(samples.Train.Len())
	if err := c.possible(model, r.Steps); err != nil {
		return err
	}
	r.Layers, r.TestSet = model.Config.NumHiddenLayers, experiment.TestSetOf(samples.Dev)
	count, err := movement.Count(model)
	if err != nil {
		return err
	}
	r.MatrixSizes = count.Sizes()
	r.Speed = &Speed{Length: c.Timing().Tokens(model.Config), Repeats: c.SpeedRepeats}
	s := &study{Study: experiment.Study[Config, Result]{Plan: p, Config: c, Result: r}, Samples: samples, pretrained: pretrained}
	for i, seed := range c.Seeds {
		s.addSeed(seed, i == 0)
	}
	p.Collect(func() error {
		r.Agreement = r.agreements()
		return nil
	})
	s.addModels()
	return nil
}

// useLowest leaves a model its lowest layers only, where the protocol asks for that.
func (c *Config) useLowest(pretrained *experiment.Pretrained, p *experiment.Provenance) (err error) {
	all := layerdrop.All(pretrained.Model.Config)
	if c.Layers == 0 || c.Layers == len(all) {
		return nil
	}
	if pretrained.Model, err = surgery.DropLayers(pretrained.Model, all[c.Layers:]); err != nil {
		return err
	}
	pretrained.SHA256, err = pretrained.Model.Fingerprint()
	p.ModelSHA256 = pretrained.SHA256
	return err
}

// study is the experiment as it is planned.
type study struct {
	experiment.Study[Config, Result]
	experiment.Samples
	pretrained *experiment.Pretrained
	dense      *experiment.ModelNode[experiment.Training] // of the first seed
	kept       []keptModel
}

// keptModel is a pruned model of the first seed that is kept, since storage and speed are measured of it.
type keptModel struct {
	Pruning
	*experiment.ModelNode[pruned]
}

// tell makes a run of what was measured.
func (s *study) tell(v Pruning, e experiment.Evaluated, t experiment.Training, w weights) Trained {
	return Trained{
		Variant: v, Score: e.Metrics[s.Result.Metric], Loss: e.Loss, TrainLoss: t.TrainLoss, Seconds: t.Seconds, Kept: w.Kept, ByMatrix: w.ByMatrix, Right: e.Right,
	}
}

// addSeed adds the runs with a seed.
func (s *study) addSeed(seed uint64, first bool) {
	c, dense := s.Config, Pruning{Seed: seed}
	training := experiment.FineTuneInputs{From: s.pretrained, Train: s.Train, Options: c.Options(seed)}
	tuned := experiment.FineTune(s.Plan, training)
	evaluated := experiment.Evaluate(s.Plan, c.Judge(tuned, s.Dev))
	counted := countWeights.Of(s.Plan, modelInputs{Model: tuned, Name: dense.title})
	moved := compareWeights.Of(s.Plan, driftInputs{Before: s.pretrained, After: tuned, Share: c.Focus, Seed: seed})
	experiment.Tell(s.Plan, &s.Result.Drifts, func() float64 { return moved.Result().Distance })
	experiment.Tell(s.Plan, &s.Result.Dense, func() Trained { return s.tell(dense, evaluated.Result(), tuned.Result(), counted.Result()) })
	if first {
		s.dense = tuned
		experiment.Keep(s.Plan, &s.Result.Drift, moved)
	}
	begun := map[Pruning]bool{}
	for _, v := range c.variants(seed, first) {
		warmUp := v.warmUp()
		in := pruneInputs{FineTuneInputs: training, Pruning: c.options(v), Test: c.Judge(nil, s.Dev), Begun: begun[warmUp], Name: v.title}
		begun[warmUp] = warmUp != v
		if v.Distilled {
			in.Teacher = experiment.Predict(s.Plan, c.Judge(tuned, s.Train))
		}
		s.addRun(v, in, first)
	}
}

// addRun adds a run in which a model is pruned while it is fine-tuned.
func (s *study) addRun(v Pruning, in pruneInputs, first bool) {
	main := v.Remaining == s.Config.Focus && s.Config.isPlain(v)
	var result func() pruned
	if v.Structured || first && main && v.Kind == movement.Movement {
		model := keepPruned.Of(s.Plan, in)
		s.kept = append(s.kept, keptModel{v, model})
		result = model.Result
	} else {
		result = pruneTuning.Of(s.Plan, in).Result
	}
	s.Collect(func() error {
		done := result()
		run := s.tell(v, done.Evaluated, done.Training, done.Weights)
		if main {
			if run.Sample = done.Sample.Sample(); !first { // for the agreement of masks alone
				run.Sample.Weights, run.Sample.Scores = nil, nil
			}
		}
		s.Result.Runs = append(s.Result.Runs, run)
		return nil
	})
}

// addModels adds what is measured of the models of the first seed.
func (s *study) addModels() {
	c, r, dense := s.Config, s.Result, Pruning{Seed: s.Config.Seeds[0]}
	s.store(dense, storageInputs{Model: s.dense}, func() float64 { return r.Dense[0].Kept })
	timing := speedInputs{Judging: c.Judge(s.dense, s.Dev), Timing: c.Timing()}
	for _, k := range s.kept {
		s.store(k.Pruning, storageInputs{Model: k.ModelNode, Removed: k.Structured}, func() float64 { return k.Result().Weights.Kept })
		timing.Pruned, timing.Removed, timing.Name = k.ModelNode, k.Structured, k.title
		timed := measureSpeed.Of(s.Plan, timing)
		s.Collect(func() error {
			done, speed := k.Result(), timed.Result()
			if !k.Structured {
				r.Speed.Kept, r.Speed.Unstructured = done.Weights.Kept, speed.Batches
				return nil
			}
			speed.Remaining, speed.Trained, speed.Score = k.Remaining, true, done.Metrics[r.Metric]
			r.Speed.Structured = append(r.Speed.Structured, speed)
			return nil
		})
	}
	if c.StructuredUntrained > 0 {
		s.addUntrained(timing)
	}
}

// store adds what a model takes as a file, beside what of it is kept.
func (s *study) store(v Pruning, in storageInputs, kept func() float64) {
	in.Name = v.title
	measured := measureStorage.Of(s.Plan, in)
	experiment.Tell(s.Plan, &s.Result.Storage, func() Storage {
		return Storage{Name: storageName(words.English, v), Kept: kept(), Sizes: measured.Result()}
	})
}

// addUntrained adds the dense model without heads and neurons, not trained.
func (s *study) addUntrained(timing speedInputs) {
	v := s.Config.untrained()
	masked := maskTuned.Of(s.Plan, maskInputs{Model: s.dense, Pruning: s.Config.options(v), Name: v.title})
	timing.Pruned, timing.Removed, timing.Name = masked, true, func(say *words.Printer) string { return say.F("without training: %s", v.title(say)) }
	timed, scored := measureSpeed.Of(s.Plan, timing), judgeRemoved.Of(s.Plan, s.Config.Judge(masked, s.Dev))
	experiment.Tell(s.Plan, &s.Result.Speed.Structured, func() StructuredSpeed {
		speed := timed.Result()
		speed.Remaining, speed.Score = v.Remaining, scored.Result().Metrics[s.Result.Metric]
		return speed
	})
}
