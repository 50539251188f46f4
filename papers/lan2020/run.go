package lan2020

import (
	"context"
	"fmt"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/sharing"
)

// run is an experiment under way.
type run struct {
	config Config
	env    *experiment.Environment
	store  *experiment.Store
	result *Result

	pretrained  *gbert.Model
	train, test *task.Dataset
}

// Run does the experiment. Finished steps are remembered in the environment's folder; a run that was stopped goes on there.
func Run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	r := &run{config: config, env: env, result: &Result{Config: config}}
	began := time.Now()
	if err := r.prepare(ctx); err != nil {
		return nil, fmt.Errorf("lan2020: %w", err)
	}
	defer r.pretrained.Close()
	if err := r.all(ctx); err != nil {
		return nil, fmt.Errorf("lan2020: %w", err)
	}
	var err error
	if r.result.Claims, err = r.result.claims(); err != nil {
		return nil, fmt.Errorf("lan2020: %w", err)
	}
	r.result.Provenance.Seconds = time.Since(began).Seconds()
	return r.result, nil
}

// prepare loads model and data and opens the store.
func (r *run) prepare(ctx context.Context) error {
	c := r.config
	model, resolved, err := r.env.Model(ctx, c.Model)
	if err != nil {
		return err
	}
	r.pretrained = model
	if err := c.check(model.Config); err != nil {
		return err
	}
	r.result.Layers, r.result.Hidden, r.result.Vocab = model.Config.NumHiddenLayers, model.Config.HiddenSize, model.Config.VocabSize
	if r.result.Provenance, err = r.env.Describe(model, resolved); err != nil {
		return err
	}
	if r.train, err = r.env.Examples(ctx, r.config.Task, "train", r.config.Data, c.TrainExamples, 301); err != nil {
		return err
	}
	if r.test, err = r.env.Examples(ctx, r.config.Task, "dev", r.config.Data, c.TestExamples, 302); err != nil {
		return err
	}
	kind := r.test.Task
	r.result.Title, r.result.Metric, r.result.Examples, r.result.Majority = kind.Title, kind.Metrics[0], r.test.Len(), r.test.Majority()
	r.result.Provenance.Data = []experiment.DataProvenance{experiment.DescribeData("train", r.train), experiment.DescribeData("test", r.test)}
	lasting := c
	lasting.Seeds = c.Seeds[:1] // with further seeds finished steps stay valid
	r.store, err = experiment.Open(ctx, r.env.Dir, map[string]any{
		"paper": "lan2020", "config": lasting, "model": r.result.Provenance.ModelSHA256, "data": r.result.Provenance.Data,
		"backend": r.env.Choice.Name, "versions": experiment.ComputeVersions(r.result.Provenance.Versions),
	})
	return err
}

func (r *run) all(ctx context.Context) error {
	r.result.Counts = sharing.Counts()
	var err error
	r.result.Distances, err = experiment.Step(r.store, "distances", func() ([]sharing.Distance, error) {
		_, report, err := sharing.Tie(r.pretrained, sharing.Options{Init: sharing.Mean})
		if err != nil {
			return nil, err
		}
		return report.Layers, nil
	})
	if err != nil {
		return err
	}
	if r.result.Errors, err = experiment.Step(r.store, "word-table", func() ([]float64, error) { return sharing.EmbeddingErrors(r.pretrained) }); err != nil {
		return err
	}
	for _, seed := range r.config.Seeds {
		if err := r.seed(ctx, seed); err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
	}
	r.result.Speed, err = experiment.Step(r.store, "speed", func() (*Speed, error) { return r.measureSpeed(ctx) })
	return err
}
