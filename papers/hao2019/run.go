package hao2019

import (
	"context"
	"fmt"
	"math"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/landscape"
)

// run is an experiment under way.
type run struct {
	config Config
	env    *experiment.Environment
	store  *experiment.Store
	result *Result

	pretrained   *gbert.Model
	train, other *task.Dataset // training sets
	dev          *task.Dataset // of the rollback
	fit, check   *task.Dataset // examples of train and dev that are evaluated at every point
	models       map[string]*gbert.Model
	explorers    map[string]*landscape.Explorer
	like         *finetune.Prepared // gives all sets the same shapes of batches
}

// Run does the experiment. Finished steps are remembered in the environment's folder; a run that was stopped goes on there.
func Run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	r := &run{config: config, env: env, result: &Result{Config: config}, models: map[string]*gbert.Model{}, explorers: map[string]*landscape.Explorer{}}
	defer r.close()
	began := time.Now()
	if err := r.prepare(ctx); err != nil {
		return nil, fmt.Errorf("hao2019: %w", err)
	}
	for _, part := range []func(context.Context) error{r.trainAll, r.geometry, r.curves, r.surfaces, r.parts, r.rollback} {
		if err := part(ctx); err != nil {
			return nil, fmt.Errorf("hao2019: %w", err)
		}
	}
	r.result.Claims = r.result.claims()
	r.result.Provenance.Seconds = time.Since(began).Seconds()
	return r.result, nil
}

func (r *run) close() {
	for _, e := range r.explorers {
		e.Close()
	}
	for _, m := range r.models {
		_ = m.Close() // only read
	}
	if r.pretrained != nil {
		_ = r.pretrained.Close()
	}
}

// prepare loads model and data and opens the store.
func (r *run) prepare(ctx context.Context) error {
	c := r.config
	if err := c.check(); err != nil {
		return err
	}
	model, resolved, err := r.env.Model(ctx, c.Model)
	if err != nil {
		return err
	}
	r.pretrained = model
	if r.result.Layers = model.Config.NumHiddenLayers; r.result.Layers < 3 {
		return fmt.Errorf("%s has %d layers; low, middle and high ones need at least 3", c.Model, r.result.Layers)
	}
	if r.result.Provenance, err = r.env.Describe(model, resolved); err != nil {
		return err
	}
	load := func(to **task.Dataset, name, data, split string, n int, seed uint64) {
		if err == nil {
			*to, err = r.env.Examples(ctx, name, split, data, n, seed)
		}
	}
	load(&r.train, c.Task, c.Data, "train", c.TrainExamples, 301)
	load(&r.other, c.Other, c.OtherData, "train", c.OtherExamples, 302)
	load(&r.dev, c.Task, c.Data, "dev", c.RollbackExamples, 303)
	if err != nil {
		return err
	}
	if r.fit, err = r.train.Take(min(c.Examples, r.train.Len()), 304); err != nil {
		return err
	}
	if r.check, err = r.dev.Take(min(c.Examples, r.dev.Len()), 305); err != nil {
		return err
	}
	for use, d := range map[string]*task.Dataset{"train": r.train, "other": r.other, "dev": r.dev, "fit": r.fit, "check": r.check} {
		if n := d.Unlabelled(); n > 0 {
			return fmt.Errorf("%d of the %d examples of %s (%s) have no label", n, d.Len(), d.Source, use)
		}
	}
	for _, d := range []struct {
		use string
		of  *task.Dataset
	}{{"train", r.train}, {"train, other task", r.other}, {"rollback", r.dev}, {"training loss of the surfaces", r.fit}, {"dev error of the surfaces", r.check}} {
		r.result.Provenance.Data = append(r.result.Provenance.Data, experiment.DescribeData(d.use, d.of))
	}
	r.result.Classes, r.result.Prior, r.result.Majority = r.train.Task.Outputs(), prior(r.fit), r.dev.Majority()
	r.store, err = experiment.Open(ctx, r.env.Dir, map[string]any{
		"paper": "hao2019", "config": c, "model": r.result.Provenance.ModelSHA256, "data": r.result.Provenance.Data,
		"backend": r.env.Choice.Name, "versions": experiment.ComputeVersions(r.result.Provenance.Versions),
	})
	return err
}

// shares are the shares of the classes.
func shares(d *task.Dataset) []float64 {
	list := make([]float64, d.Task.Outputs())
	for _, label := range d.Labels() {
		list[label] += 1 / float64(d.Len())
	}
	return list
}

// prior is the entropy of the classes in nats.
func prior(d *task.Dataset) float64 {
	entropy := 0.0
	for _, p := range shares(d) {
		if p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	return entropy
}
