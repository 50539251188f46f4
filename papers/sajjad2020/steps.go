package sajjad2020

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/layerdrop"
)

// whole is what is remembered of the whole model of a seed.
type whole struct {
	Run    Trial     `json:"run"`
	Travel []float64 `json:"travel"`
}

// seed fine-tunes the whole model and every dropped one with a seed, and drops the same layers of the fine-tuned whole model.
func (r *run) seed(ctx context.Context, t *TaskResult, data taskData, seed uint64, choices []Choice) error {
	start, err := r.pretrained.WithClassifier(data.train.Task.Outputs(), data.train.Task.Labels, seed)
	if err != nil {
		return err
	}
	name := func(c Choice) string {
		return fmt.Sprintf("%s-seed%d-%s-%s-%s", t.Task, seed, c.When, c.Strategy, strings.ReplaceAll(layerdrop.FormatLayers(c.Dropped), ",", "_"))
	}
	tuned, training, err := r.env.FineTune(ctx, experiment.Original{
		Pretrained: r.pretrained, SHA256: r.result.Provenance.ModelSHA256, Train: data.train, Options: r.options(seed),
	})
	if err != nil {
		return err
	}
	defer tuned.Close()
	first, err := experiment.Step(r.store, fmt.Sprintf("%s-seed%d-whole", t.Task, seed), func() (whole, error) {
		travel, err := layerdrop.Travel(start, tuned)
		if err != nil {
			return whole{}, err
		}
		run, err := r.judge(ctx, tuned, data.test, r.trial(training))
		return whole{run, travel}, err
	})
	if err != nil {
		return err
	}
	reference := first.Run
	reference.Seed, reference.P, reference.Dropped = seed, 1, []int{}
	t.Runs, t.Travel = append(t.Runs, reference), append(t.Travel, first.Travel)
	add := func(c Choice, do func() (Trial, error)) error {
		run, err := experiment.Step(r.store, name(c), do)
		if err != nil {
			return err
		}
		run.Choice, run.Seed = c, seed
		if err := run.compare(reference); err != nil {
			return err
		}
		t.Runs = append(t.Runs, run)
		return nil
	}
	for _, c := range choices {
		c.When = Before
		if err := add(c, func() (Trial, error) { return r.dropThenTune(ctx, start, data, seed, c, name(c), nil) }); err != nil {
			return err
		}
		c.When = After
		if err := add(c, func() (Trial, error) {
			smaller, err := layerdrop.Drop(tuned, c.Dropped)
			if err != nil {
				return Trial{}, err
			}
			return r.judge(ctx, smaller, data.test, Trial{})
		}); err != nil {
			return err
		}
		if c.When = Progressive; !r.config.Progressive || c.Strategy != layerdrop.Top {
			continue
		}
		order := slices.Clone(c.Dropped)
		slices.Reverse(order)
		if err := add(c, func() (Trial, error) { return r.dropThenTune(ctx, start, data, seed, c, name(c), order) }); err != nil {
			return err
		}
	}
	return nil
}

// dropThenTune trains and judges a dropped model; with an order, layers go one by one while training.
func (r *run) dropThenTune(ctx context.Context, start *gbert.Model, data taskData, seed uint64, c Choice, name string, order []int) (Trial, error) {
	smaller := start
	if order == nil {
		var err error
		if smaller, err = layerdrop.Drop(start, c.Dropped); err != nil {
			return Trial{}, err
		}
	}
	model, training, err := r.train(ctx, smaller, data, seed, name, order)
	if err != nil {
		return Trial{}, err
	}
	run, err := r.judge(ctx, model, data.test, training)
	if err != nil {
		return run, err
	}
	return run, finetune.RemoveCheckpoint(r.store.Checkpoint(name))
}

// options are those of all training runs with a seed.
func (r *run) options(seed uint64) finetune.Options {
	c := r.config
	return finetune.Options{
		Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: seed, FreezeEmbeddings: c.FreezeEmbeddings,
		Keep: finetune.KeepLast,
	}
}

// trial is what is known of a model after its training.
func (r *run) trial(done experiment.Training) Trial {
	return Trial{
		TrainLoss: done.TrainLoss, Seconds: done.Seconds, StepSeconds: done.Clock.Median(experiment.Wall), StepClock: done.Clock.Median(r.result.Clock),
	}
}

// train fine-tunes a model. The run that it returns has what is known of the training.
func (r *run) train(ctx context.Context, model *gbert.Model, data taskData, seed uint64, name string, order []int) (*gbert.Model, Trial, error) {
	options, stage := r.options(seed), "fine-tuning "+name
	options.CheckpointDir = r.store.Checkpoint(name)
	if order == nil {
		result, done, err := r.env.Train(ctx, stage, model, data.train, nil, options)
		if err != nil {
			return nil, Trial{}, err
		}
		return result.Model, r.trial(done), nil
	}
	var done experiment.Training
	options.Progress = r.env.Training(stage, &done.Clock)
	model, parts, err := layerdrop.Progressive(ctx, r.env.Backend, model, data.train, nil, order, options)
	if err != nil {
		return nil, Trial{}, err
	}
	for _, part := range parts {
		done.TrainLoss = part.Training.Best().TrainLoss
		for _, epoch := range part.Training.Epochs {
			done.Seconds += epoch.Seconds
		}
	}
	return model, r.trial(done), nil
}

// judge evaluates a model on the test set and adds what it finds to a run.
func (r *run) judge(ctx context.Context, model *gbert.Model, test *task.Dataset, run Trial) (Trial, error) {
	session, err := gbert.NewSession(r.env.Backend, model)
	if err != nil {
		return run, err
	}
	defer session.Close()
	prepared, err := finetune.Prepare(r.env.Backend, model, test, r.config.MaxLength, r.config.BatchSize, 1)
	if err != nil {
		return run, err
	}
	evaluation, err := prepared.Evaluate(ctx, session, nil, r.env.Stage("evaluating"))
	if err != nil {
		return run, err
	}
	right, err := task.Right(test.Task, evaluation.Predictions, test.Examples)
	if err != nil {
		return run, err
	}
	var marks strings.Builder
	for _, ok := range right {
		marks.WriteByte("01"[bit(ok)])
	}
	run.Right, run.Score, run.Loss = marks.String(), evaluation.Metrics[test.Task.Metrics[0]], evaluation.Loss
	run.Parameters = model.NumParameters()
	return run, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// right are the test examples whose class a run predicted.
func (r Trial) right() []bool {
	list := make([]bool, len(r.Right))
	for i := range list {
		list[i] = r.Right[i] == '1'
	}
	return list
}

// compare tests a run against the whole model of the same seed.
func (r *Trial) compare(whole Trial) error {
	test, err := task.McNemar(r.right(), whole.right())
	if err != nil {
		return err
	}
	mine, theirs := make([]float64, len(r.Right)), make([]float64, len(r.Right))
	for i := range mine {
		mine[i], theirs[i] = float64(r.Right[i]-'0'), float64(whole.Right[i]-'0')
	}
	difference, err := task.PairedBootstrap(mine, theirs, task.Resampling{Seed: 1, Resamples: 2000})
	if err != nil {
		return err
	}
	r.P, r.Difference, r.Low, r.High = test.P, difference.Estimate, difference.Low, difference.High
	return nil
}
