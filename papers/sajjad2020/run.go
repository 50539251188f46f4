package sajjad2020

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/layerdrop"
)

// run is an experiment under way.
type run struct {
	config Config
	env    *experiment.Environment
	store  *experiment.Store
	result *Result

	pretrained *gbert.Model
	tasks      []taskData
}

type taskData struct {
	train, test *task.Dataset
}

// Run does the experiment. Finished steps are remembered in the environment's folder; a run that was stopped goes on there.
func Run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	r := &run{config: config, env: env, result: &Result{Config: config, Clock: env.Clock()}}
	began := time.Now()
	if err := r.prepare(ctx); err != nil {
		return nil, fmt.Errorf("sajjad2020: %w", err)
	}
	if err := r.all(ctx); err != nil {
		return nil, fmt.Errorf("sajjad2020: %w", err)
	}
	var err error
	if r.result.Claims, err = r.result.claims(); err != nil {
		return nil, fmt.Errorf("sajjad2020: %w", err)
	}
	r.result.Provenance.Seconds = time.Since(began).Seconds()
	return r.result, nil
}

func (r *run) all(ctx context.Context) error {
	if err := r.similarity(ctx); err != nil {
		return err
	}
	choices, err := r.choices()
	if err != nil {
		return err
	}
	for i, data := range r.tasks {
		t := r.result.Tasks[i]
		for _, seed := range r.config.Seeds {
			if err := r.seed(ctx, t, data, seed, choices); err != nil {
				return fmt.Errorf("%s, seed %d: %w", t.Task, seed, err)
			}
		}
	}
	r.result.Speed, err = experiment.Step(r.store, "speed", func() (*Speed, error) { return r.measureSpeed(ctx) })
	return err
}

// check reports a protocol that cannot be done.
func (c Config) check(layers int) error {
	switch {
	case len(c.Tasks) == 0 || len(c.Seeds) == 0 || len(c.Strategies) == 0 || len(c.Drops) == 0:
		return errors.New("the protocol needs at least one task, seed, strategy and number of layers to drop")
	case slices.Min(c.Drops) < 1 || slices.Max(c.Drops) >= layers:
		return fmt.Errorf("the protocol drops %v of %d layers; each number must be 1…%d", c.Drops, layers, layers-1)
	case len(c.SpeedBatches) == 0 || slices.Min(c.SpeedBatches) < 1 || c.SpeedRepeats < 1 || c.SpeedLength < 1:
		return errors.New("the protocol needs batch sizes, repeats and a length of at least 1 for the speed")
	case c.SimilarityExamples < 0 || c.TrainExamples < 0 || c.TestExamples < 0:
		return errors.New("the protocol has a negative number of examples; 0 means all")
	}
	return nil
}

// prepare loads model and data and opens the store.
func (r *run) prepare(ctx context.Context) error {
	c := r.config
	model, resolved, err := r.env.Model(ctx, c.Model)
	if err != nil {
		return err
	}
	r.pretrained = model
	r.result.Layers, r.result.Parameters = model.Config.NumHiddenLayers, model.NumParameters()
	if err := c.check(r.result.Layers); err != nil {
		return err
	}
	if r.result.Provenance, err = r.env.Describe(model, resolved); err != nil {
		return err
	}
	for _, t := range c.Tasks {
		data := taskData{}
		if data.train, err = r.env.Examples(ctx, t.Name, "train", t.Data, c.TrainExamples, experiment.TrainSample); err == nil {
			data.test, err = r.env.Examples(ctx, t.Name, "dev", t.Data, c.TestExamples, 202)
		}
		if err != nil && t.Optional && ctx.Err() == nil {
			r.result.LeftOut = append(r.result.LeftOut, fmt.Sprintf("%s: %v", t.Name, err))
			continue
		}
		if err != nil {
			return err
		}
		r.tasks = append(r.tasks, data)
		kind := data.test.Task
		r.result.Tasks = append(r.result.Tasks, &TaskResult{
			Task: kind.Name, Title: kind.Title, Pair: kind.Pair, Metric: kind.Metrics[0], Examples: data.test.Len(), Majority: data.test.Majority(),
		})
		r.result.Provenance.Data = append(r.result.Provenance.Data, experiment.DescribeData("train", data.train), experiment.DescribeData("test", data.test))
	}
	if len(r.tasks) == 0 {
		return fmt.Errorf("no task of the protocol has data: %s", strings.Join(r.result.LeftOut, "; "))
	}
	lasting := c
	lasting.Seeds = c.Seeds[:1] // with further seeds finished steps stay valid
	r.store, err = experiment.Open(ctx, r.env.Dir, map[string]any{
		"paper": "sajjad2020", "config": lasting, "model": r.result.Provenance.ModelSHA256, "data": r.result.Provenance.Data,
		"backend": r.env.Choice.Name, "versions": experiment.ComputeVersions(r.result.Provenance.Versions),
	})
	return err
}

// similarity compares the pretrained model's layers on a sample of the first task.
func (r *run) similarity(ctx context.Context) error {
	sample := r.tasks[0].train
	if n := r.config.SimilarityExamples; n > 0 {
		var err error
		if sample, err = sample.Take(n, 203); err != nil {
			return err
		}
	}
	both, err := experiment.Step(r.store, "similarity", func() (map[layerdrop.Pooling]*layerdrop.Similarity, error) {
		session, err := gbert.NewSession(r.env.Backend, r.pretrained)
		if err != nil {
			return nil, err
		}
		defer session.Close()
		prepared, err := finetune.Prepare(r.env.Backend, r.pretrained, sample, r.config.MaxLength, r.config.BatchSize, 1)
		if err != nil {
			return nil, err
		}
		both := map[layerdrop.Pooling]*layerdrop.Similarity{}
		for _, pooling := range []layerdrop.Pooling{layerdrop.CLS, layerdrop.MeanToken} {
			if both[pooling], err = layerdrop.Measure(ctx, session, prepared, pooling, r.env.Stage("similarity of layers")); err != nil {
				return nil, err
			}
		}
		return both, nil
	})
	r.result.Similarity, r.result.MeanSimilarity = both[layerdrop.CLS], both[layerdrop.MeanToken]
	return err
}

// choices are the sets of layers that are dropped: by position, by contribution, named. Sets that a strategy cannot give, or that an
// earlier one by contribution has given, are left out.
func (r *run) choices() ([]Choice, error) {
	var list []Choice
	for _, k := range r.config.Drops {
		for _, strategy := range r.config.Strategies {
			dropped, err := layerdrop.Select(strategy, r.result.Layers, k)
			if err != nil && (strategy == layerdrop.AlternateOdd || strategy == layerdrop.AlternateEven) {
				continue
			}
			if err != nil {
				return nil, err
			}
			list = append(list, Choice{Strategy: strategy, Dropped: dropped})
		}
	}
	for _, threshold := range r.config.Thresholds {
		dropped, err := layerdrop.ByContribution(r.result.Similarity, threshold)
		if err != nil {
			return nil, err
		}
		given := slices.ContainsFunc(list, func(c Choice) bool {
			return c.Strategy == layerdrop.Contribution && slices.Equal(c.Dropped, dropped)
		})
		if len(dropped) > 0 && !given {
			list = append(list, Choice{Strategy: layerdrop.Contribution, Threshold: threshold, Dropped: dropped})
		}
	}
	for _, layers := range r.config.Lists {
		if _, err := layerdrop.Drop(r.pretrained, layers); err != nil {
			return nil, err
		}
		list = append(list, Choice{Strategy: layerdrop.List, Dropped: slices.Sorted(slices.Values(layers))})
	}
	return list, nil
}
