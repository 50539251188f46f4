package wang2022

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
)

// run is an experiment under way.
type run struct {
	config Config
	env    *experiment.Environment
	store  *experiment.Store
	result *Result

	pretrained            *gbert.Model
	train, recovery, test *task.Dataset
}

// Run does the experiment. Finished steps are remembered in the environment's folder; a run that was stopped goes on there.
func Run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	r := &run{config: config, env: env, result: &Result{Config: config}}
	began := time.Now()
	if err := r.all(ctx); err != nil {
		return nil, fmt.Errorf("wang2022: %w", err)
	}
	var err error
	if r.result.Claims, err = r.result.claims(); err != nil {
		return nil, fmt.Errorf("wang2022: %w", err)
	}
	r.result.Provenance.Seconds = time.Since(began).Seconds()
	return r.result, nil
}

func (r *run) all(ctx context.Context) error {
	if err := r.config.check(); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	var err error
	if r.result.Counts, err = counts(); err != nil {
		return err
	}
	for i, seed := range r.config.Seeds {
		if err := r.seed(ctx, seed, i == 0); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	r.result.Maps, err = experiment.Step(r.store, "maps", func() ([]MapSpeed, error) { return r.measureMaps(ctx) })
	return err
}

// prepare loads model and data and opens the store.
func (r *run) prepare(ctx context.Context) error {
	c := r.config
	model, resolved, err := r.env.Model(ctx, c.Model)
	if err != nil {
		return err
	}
	if !model.Config.IsPlain() {
		return fmt.Errorf("%s is compressed already; a plain BERT was expected", c.Model)
	}
	r.pretrained = model
	if r.result.Provenance, err = r.env.Describe(model, resolved); err != nil {
		return err
	}
	if r.train, err = r.env.Examples(ctx, r.config.Task, "train", r.config.Data, c.TrainExamples, experiment.TrainSample); err != nil {
		return err
	}
	if r.recovery, err = r.env.Examples(ctx, r.config.Task, "train", r.config.Data, c.RecoveryExamples, 402); err != nil {
		return err
	}
	if r.test, err = r.env.Examples(ctx, r.config.Task, "dev", r.config.Data, c.TestExamples, 403); err != nil {
		return err
	}
	r.result.Metric, r.result.Examples, r.result.Majority = r.test.Task.Metrics[0], r.test.Len(), r.test.Majority()
	r.result.Provenance.Data = []experiment.DataProvenance{
		experiment.DescribeData("train", r.train), experiment.DescribeData("recovery", r.recovery), experiment.DescribeData("test", r.test),
	}
	lasting := c
	lasting.Seeds = c.Seeds[:1] // with further seeds finished steps stay valid
	r.store, err = experiment.Open(r.env.Dir, map[string]any{
		"paper": "wang2022", "config": lasting, "model": r.result.Provenance.ModelSHA256, "data": r.result.Provenance.Data,
		"backend": r.env.Choice.Name, "versions": experiment.ComputeVersions(r.result.Provenance.Versions),
	})
	return err
}

// seed fine-tunes the whole model with a seed, decomposes it in every form, and lets the small models learn again.
func (r *run) seed(ctx context.Context, seed uint64, first bool) error {
	c := r.config
	model, done, err := r.env.FineTune(ctx, experiment.Original{
		Pretrained: r.pretrained, SHA256: r.result.Provenance.ModelSHA256, Train: r.train,
		Options: finetune.Options{
			Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: seed,
			FreezeEmbeddings: c.FreezeEmbeddings, Keep: finetune.KeepLast,
		},
	})
	if err != nil {
		return err
	}
	defer model.Close()
	whole, err := experiment.Step(r.store, fmt.Sprintf("whole-seed%d", seed), func() (Trial, error) { return r.judge(ctx, model) })
	if err != nil {
		return err
	}
	whole.Seconds = done.Seconds
	whole.Seed = seed
	r.result.Whole = append(r.result.Whole, whole)
	if first {
		r.result.Parameters, r.result.MACs = model.NumParameters(), model.Config.MACs(r.config.SpeedLength, true).Total()
		r.result.Matrices = matrixParameters(model)
	}
	s := &seedRun{run: r, seed: seed, whole: model, small: map[string]*gbert.Model{}}
	defer s.close()
	// All decompositions first: what they cost is known soon, and what learns again takes longest.
	for _, stage := range []func(ctx context.Context, form Form, ratio float64) error{s.variant, s.recoveries, s.speed} {
		for _, form := range r.config.Forms {
			for _, ratio := range r.config.Ratios {
				if err := stage(ctx, form, ratio); err != nil {
					return fmt.Errorf("form %s at a ratio of %g: %w", form, ratio, err)
				}
			}
		}
	}
	return nil
}

// seedRun is the experiments on the whole model of a seed.
type seedRun struct {
	*run
	seed    uint64
	whole   *gbert.Model
	small   map[string]*gbert.Model // the decomposed models
	logits  [][]float32             // of the whole model for the examples of the recovery; nil until they are needed
	session *gbert.Session
}

func (s *seedRun) close() {
	if s.session != nil {
		s.session.Close()
	}
}

// wholeSession is the whole model on the device.
func (s *seedRun) wholeSession() (*gbert.Session, error) {
	var err error
	if s.session == nil {
		s.session, err = gbert.NewSession(s.env.Backend, s.whole)
	}
	return s.session, err
}

func (s *seedRun) name(step string, form Form, ratio float64) string {
	return fmt.Sprintf("%s-seed%d-%s-%g", step, s.seed, form, ratio)
}

// decomposed is the model of a form and ratio; it is made when a step first needs it.
func (s *seedRun) decomposed(ctx context.Context, form Form, ratio float64) (*gbert.Model, Variant, error) {
	name := s.name("decomposing", form, ratio)
	if model, ok := s.small[name]; ok {
		return model, Variant{}, nil
	}
	s.env.Report(experiment.Progress{Stage: name})
	model, v, err := s.decompose(ctx, form, ratio)
	if err == nil {
		s.small[name] = model
	}
	return model, v, err
}

// variant measures a decomposed model: error, size, operations, and its accuracy as it is.
func (s *seedRun) variant(ctx context.Context, form Form, ratio float64) error {
	v, err := experiment.Step(s.store, s.name("variant", form, ratio), func() (Variant, error) {
		_, v, err := s.decomposed(ctx, form, ratio)
		return v, err
	})
	if err != nil {
		return err
	}
	s.result.Variants = append(s.result.Variants, v)
	return s.trial(ctx, form, ratio, None)
}

// recoveries let a decomposed model learn again.
func (s *seedRun) recoveries(ctx context.Context, form Form, ratio float64) error {
	if !slices.Contains(s.config.Recovered, ratio) {
		return nil
	}
	for _, recovery := range []Recovery{Tuned, Distilled} {
		if err := s.trial(ctx, form, ratio, recovery); err != nil {
			return err
		}
	}
	return nil
}

// trial judges a decomposed model after a recovery.
func (s *seedRun) trial(ctx context.Context, form Form, ratio float64, recovery Recovery) error {
	name := s.name(string(recovery), form, ratio)
	trial, err := experiment.Step(s.store, name, func() (Trial, error) {
		model, _, err := s.decomposed(ctx, form, ratio)
		if err != nil {
			return Trial{}, err
		}
		return s.recover(ctx, model, recovery, name)
	})
	if err != nil {
		return err
	}
	trial.Form, trial.Ratio, trial.Recovery, trial.Seed = form, ratio, recovery, s.seed
	s.result.Trials = append(s.result.Trials, trial)
	return nil
}

// speed times a decomposed model of the first seed.
func (s *seedRun) speed(ctx context.Context, form Form, ratio float64) error {
	if s.seed != s.config.Seeds[0] || !slices.Contains(s.config.SpeedRatios, ratio) {
		return nil
	}
	speed, err := experiment.Step(s.store, s.name("speed", form, ratio), func() (Speed, error) {
		model, _, err := s.decomposed(ctx, form, ratio)
		if err != nil {
			return Speed{}, err
		}
		return s.measureSpeed(ctx, model)
	})
	if err != nil {
		return err
	}
	speed.Form, speed.Target = form, ratio
	if v, ok := s.result.variant(form, ratio); ok {
		speed.Name = v.Name
	}
	s.result.Speed = append(s.result.Speed, speed)
	return nil
}

// learn trains a model on examples and keeps the last weights.
func (r *run) learn(ctx context.Context, model *gbert.Model, data *task.Dataset, name string, seed uint64, epochs int, rate float64, method *finetune.Method) (*gbert.Model, float64, error) {
	result, done, err := r.env.Train(ctx, "training "+name, model, data, nil, finetune.Options{
		Epochs: epochs, BatchSize: r.config.BatchSize, MaxLength: r.config.MaxLength, LearningRate: rate,
		Seed: seed, FreezeEmbeddings: r.config.FreezeEmbeddings, Keep: finetune.KeepLast, Method: method, CheckpointDir: r.store.Checkpoint(name),
	})
	if err != nil {
		return nil, 0, err
	}
	return result.Model, done.Seconds, nil
}
