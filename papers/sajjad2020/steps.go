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
	wholeName := fmt.Sprintf("%s-seed%d-whole", t.Task, seed)
	tuned, first, err := experiment.ModelStep(r.store, wholeName, func() (*gbert.Model, whole, error) {
		model, training, err := r.train(ctx, start, data, seed, wholeName, nil)
		if err != nil {
			return nil, whole{}, err
		}
		travel, err := layerdrop.Travel(start, model)
		if err != nil {
			return nil, whole{}, err
		}
		run, err := r.judge(ctx, model, data.test, training)
		return model, whole{run, travel}, err
	})
	if err != nil {
		return err
	}
	defer tuned.Close()
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

// train fine-tunes a model. The run that it returns has what is known of the training.
func (r *run) train(ctx context.Context, model *gbert.Model, data taskData, seed uint64, name string, order []int) (*gbert.Model, Trial, error) {
	clock := stepClock{watch: experiment.Start()}
	options := finetune.Options{
		Epochs: r.config.Epochs, BatchSize: r.config.BatchSize, MaxLength: r.config.MaxLength, LearningRate: r.config.LearningRate,
		Seed: seed, FreezeEmbeddings: r.config.FreezeEmbeddings, Keep: finetune.KeepLast, CheckpointDir: r.store.Checkpoint(name),
		Progress: func(p finetune.Progress) {
			clock.tick(p.Phase)
			detail := fmt.Sprintf("loss %.3f", p.Loss)
			if p.Phase != "training" {
				detail = p.Phase
			}
			r.env.Report(experiment.Progress{Stage: "fine-tuning " + name, Done: p.Step, Total: p.Steps, Detail: detail})
		},
	}
	if order == nil {
		result, err := finetune.Train(ctx, r.env.Backend, model, data.train, nil, options)
		if err != nil {
			return nil, Trial{}, err
		}
		run := Trial{TrainLoss: result.Best().TrainLoss, StepSeconds: clock.mean(experiment.Wall), StepClock: clock.mean(r.result.Clock)}
		for _, epoch := range result.Epochs {
			run.Seconds += epoch.Seconds
		}
		return result.Model, run, nil
	}
	model, parts, err := layerdrop.Progressive(ctx, r.env.Backend, model, data.train, nil, order, options)
	if err != nil {
		return nil, Trial{}, err
	}
	run := Trial{TrainLoss: parts[len(parts)-1].Training.Best().TrainLoss, StepSeconds: clock.mean(experiment.Wall), StepClock: clock.mean(r.result.Clock)}
	for _, part := range parts {
		for _, epoch := range part.Training.Epochs {
			run.Seconds += epoch.Seconds
		}
	}
	return model, run, nil
}

// stepClock times the training steps before which nothing was compiled.
type stepClock struct {
	watch     experiment.Stopwatch // since the last report
	compiling bool
	sum       experiment.Elapsed
	steps     int
}

func (c *stepClock) tick(phase string) {
	if took := c.watch.Elapsed(); phase == "training" && !c.compiling {
		c.sum.Wall += took.Wall
		c.sum.Processor += took.Processor
		c.steps++
	}
	c.watch, c.compiling = experiment.Start(), phase == "compiling"
}

// mean is the seconds a step by a clock.
func (c *stepClock) mean(clock experiment.Clock) float64 {
	return clock.Seconds(c.sum) / float64(max(c.steps, 1))
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
	right, err := task.Right(evaluation.Predictions, test.Examples)
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
