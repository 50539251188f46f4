package sanh2020

import (
	"context"
	"fmt"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/layerdrop"
	"bertlab/techniques/movement"
)

// run is an experiment under way.
type run struct {
	config Config
	env    *experiment.Environment
	store  *experiment.Store
	result *Result

	pretrained *gbert.Model
	train      *task.Dataset
	test       *task.Dataset
}

// Run does the experiment. Finished steps are remembered in the environment's folder; a run that was stopped goes on there.
func Run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	r := &run{config: config, env: env, result: &Result{Config: config}}
	began := time.Now()
	if err := r.prepare(ctx); err != nil {
		return nil, fmt.Errorf("sanh2020: %w", err)
	}
	for i, seed := range config.Seeds {
		if err := r.seed(ctx, seed, i == 0); err != nil {
			return nil, fmt.Errorf("sanh2020: seed %d: %w", seed, err)
		}
	}
	r.result.Provenance.Seconds = time.Since(began).Seconds()
	r.result.Agreement = r.result.agreements()
	var err error
	if r.result.Claims, err = r.result.claims(); err != nil {
		return nil, fmt.Errorf("sanh2020: %w", err)
	}
	return r.result, nil
}

// prepare loads model and data, checks every run that is to come, and opens the store.
func (r *run) prepare(ctx context.Context) error {
	c := r.config
	if err := c.check(); err != nil {
		return err
	}
	model, resolved, err := r.env.Model(ctx, c.Model)
	if err != nil {
		return err
	}
	if r.pretrained, err = lowest(model, c.Layers); err != nil {
		return err
	}
	model = r.pretrained
	if r.result.Provenance, err = r.env.Describe(model, resolved); err != nil {
		return err
	}
	if r.train, err = r.env.Examples(ctx, c.Task, "train", c.Data, c.TrainExamples, 101); err != nil {
		return err
	}
	if r.test, err = r.env.Examples(ctx, c.Task, "dev", c.Data, c.TestExamples, 102); err != nil {
		return err
	}
	result := r.result
	result.Steps = finetune.Options{Epochs: c.Epochs, BatchSize: max(c.BatchSize, 1)}.Steps(r.train.Len())
	for _, v := range c.variants(c.Seeds[0], true) {
		if err := c.options(v).CheckSteps(result.Steps); err != nil {
			return err
		}
		if _, err := movement.New(model, c.options(v)); err != nil {
			return err
		}
	}
	result.Provenance.Data = []experiment.DataProvenance{experiment.DescribeData("train", r.train), experiment.DescribeData("test", r.test)}
	result.Layers, result.Metric, result.Examples = model.Config.NumHiddenLayers, r.test.Task.Metrics[0], r.test.Len()
	result.Majority = r.test.Majority()
	if result.MatrixSizes, err = matrixSizes(model); err != nil {
		return err
	}
	r.store, err = experiment.Open(ctx, r.env.Dir, map[string]any{
		"paper": "sanh2020", "training": c.training(), "model": result.Provenance.ModelSHA256, "data": result.Provenance.Data,
		"backend": r.env.Choice.Name, "versions": experiment.ComputeVersions(result.Provenance.Versions),
	})
	return err
}

// lowest is a model with its lowest layers only; with 0 it stays as it is.
func lowest(model *gbert.Model, layers int) (*gbert.Model, error) {
	all := layerdrop.All(model.Config)
	switch {
	case layers == 0 || layers == len(all):
		return model, nil
	case layers > len(all):
		return nil, fmt.Errorf("the model has %d layers, not %d", len(all), layers)
	}
	return layerdrop.Drop(model, all[layers:])
}

// seed does the runs of a seed; storage, speed and the like for the first one only.
func (r *run) seed(ctx context.Context, seed uint64, first bool) error {
	name := Variant{Seed: seed}
	dense, trained, err := experiment.ModelStep(r.store, name.String(), func() (*gbert.Model, Trained, error) {
		result, trained, err := r.fineTune(ctx, name, name.String(), nil)
		if err != nil {
			return nil, trained, err
		}
		return result.Model, trained, nil
	})
	if err != nil {
		return err
	}
	defer dense.Close()
	r.result.Dense = append(r.result.Dense, trained)
	s := &seedRun{run: r, dense: dense}
	defer func() {
		for _, m := range s.models {
			m.model.Close()
		}
	}()
	for _, v := range r.config.variants(seed, first) {
		if err := s.prune(ctx, v, first); err != nil {
			return fmt.Errorf("%s: %w", v, err)
		}
	}
	if !first {
		return nil
	}
	if r.result.Drift, err = experiment.Step(r.store, fmt.Sprintf("drift-seed%d-%g", seed, r.config.Focus), func() (*Drift, error) { return measureDrift(r.pretrained, dense, r.config.Focus) }); err != nil {
		return err
	}
	if err := s.measureStorage(ctx); err != nil {
		return err
	}
	return s.measureSpeed(ctx)
}

// seedRun is the runs of a seed.
type seedRun struct {
	*run
	dense  *gbert.Model
	models []prunedModel // those that are kept
}

// prunedModel is a pruned model that storage and speed are measured of.
type prunedModel struct {
	trained Trained
	model   *gbert.Model
}

// prune does a pruned run. Its model is kept where storage or speed is measured of it.
func (s *seedRun) prune(ctx context.Context, v Variant, first bool) error {
	main := v.Remaining == s.config.Focus && s.result.isPlain(v)
	isKept := v.Structured || first && main && v.Kind == movement.Movement
	name := v.String()
	switch {
	case main && first:
		name += "-sampled"
	case main:
		name += "-masks"
	}
	if isKept {
		name += "-kept"
	}
	work := func() (*gbert.Model, Trained, error) {
		method, err := s.method(ctx, v)
		if err != nil {
			return nil, Trained{}, err
		}
		result, trained, err := s.fineTune(ctx, v, name, method)
		if err != nil {
			return nil, trained, err
		}
		if main {
			if trained.Sample, err = s.sample(result, v); err != nil {
				return nil, trained, err
			}
			if !first { // for the agreement of masks
				trained.Sample.Weights, trained.Sample.Scores = nil, nil
			}
		}
		return result.Model, trained, nil
	}
	if isKept {
		model, trained, err := experiment.ModelStep(s.store, name, work)
		if err != nil {
			return err
		}
		s.models = append(s.models, prunedModel{trained, model})
		s.result.Runs = append(s.result.Runs, trained)
		return nil
	}
	trained, err := experiment.Step(s.store, name, func() (Trained, error) {
		_, trained, err := work()
		if err != nil {
			return trained, err
		}
		return trained, finetune.RemoveCheckpoint(s.store.Checkpoint(name))
	})
	s.result.Runs = append(s.result.Runs, trained)
	return err
}
