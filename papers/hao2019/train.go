package hao2019

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/landscape"
)

// The trained models by name.
const (
	fine         = "fine-tuned"
	fineOther    = "fine-tuned-other"
	scratch      = "scratch"
	scratchOther = "scratch-other"
)

// trainAll trains every model.
func (r *run) trainAll(ctx context.Context) error {
	for _, m := range []struct {
		name, start string
		train       *task.Dataset
		way         bool
	}{
		{fine, "pretrained", r.train, true}, {fineOther, "pretrained", r.other, false},
		{scratch, "random", r.train, true}, {scratchOther, "random", r.other, false},
	} {
		if m.name == scratchOther && !r.config.ScratchSurface {
			continue
		}
		model, done, err := experiment.ModelStep(r.store, m.name, func() (*gbert.Model, Training, error) {
			start, err := r.start(m.start, m.train)
			if err != nil {
				return nil, Training{}, err
			}
			return r.trainModel(ctx, m.name, start, m.train, m.way)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		done.Start, done.Task = m.start, m.train.Task.Name
		r.models[m.name] = model
		r.result.Runs = append(r.result.Runs, done)
	}
	return nil
}

// start is θ₀, with a fresh head for the task: the pretrained weights, or random ones of the same shape.
func (r *run) start(kind string, d *task.Dataset) (*gbert.Model, error) {
	model := r.pretrained
	if kind == "random" {
		config := model.Config.Clone()
		config.Layers = nil
		fresh, err := gbert.New(config, r.config.Seed)
		if err != nil {
			return nil, err
		}
		fresh.Tokenizer = model.Tokenizer
		model = fresh
	}
	return model.WithClassifier(d.Task.Outputs(), d.Task.Labels, r.config.Seed)
}

// trainModel trains a model, keeps its weights at times on the disk if there is to be a trajectory, and makes it of them.
func (r *run) trainModel(ctx context.Context, name string, start *gbert.Model, train *task.Dataset, way bool) (*gbert.Model, Training, error) {
	o := finetune.Options{
		Epochs: r.config.Epochs, BatchSize: r.config.BatchSize, MaxLength: r.config.MaxLength, LearningRate: r.config.LearningRate,
		Seed: r.config.Seed, Keep: finetune.KeepLast, CheckpointDir: r.store.Checkpoint(name),
	}
	if name == scratch || name == scratchOther {
		o.Epochs, o.LearningRate = r.config.ScratchEpochs, r.config.ScratchLearningRate
	}
	snapshots := r.store.Dir(name + "-snapshots")
	if way {
		o.AfterStep = func(step, steps int, model func() (*gbert.Model, error)) error {
			if !due(step, steps, r.config.Snapshots) {
				return nil
			}
			now, err := model()
			if err != nil {
				return err
			}
			return now.Save(filepath.Join(snapshots, fmt.Sprint(step)), gbert.Float32)
		}
	}
	trained, training, err := r.env.Train(ctx, "training "+name, start, train, nil, o)
	if err != nil {
		return nil, Training{}, err
	}
	done := Training{Steps: training.Steps, TrainLoss: training.TrainLoss, Seconds: training.Seconds}
	if way {
		if done.Way, err = r.way(ctx, name, start, trained, snapshots); err != nil {
			return nil, Training{}, err
		}
		if err := os.RemoveAll(snapshots); err != nil {
			return nil, Training{}, err
		}
	}
	return trained.Model, done, nil
}

// due says after which steps the weights are kept: so many times, evenly, the last step being one.
func due(step, steps, times int) bool { return step*times/steps > (step-1)*times/steps }

// way makes a trajectory of the snapshots.
func (r *run) way(ctx context.Context, name string, start *gbert.Model, trained *finetune.Result, snapshots string) ([]Waypoint, error) {
	point := func(step int, at *gbert.Model) (Waypoint, error) {
		r.env.Report(experiment.Progress{Stage: "trajectory of " + name, Done: step, Total: trained.Steps})
		w := Waypoint{Step: step}
		var err error
		if w.Projection, err = landscape.Project(start, trained.Model, at); err != nil {
			return w, err
		}
		if w.Loss, err = r.loss(ctx, at); err != nil {
			return w, err
		}
		mixed := at.Clone()
		for _, spec := range trained.Model.Weights() {
			if !strings.HasPrefix(spec.Name, "classifier.") {
				continue
			}
			values, shape, err := trained.Model.Weight(spec.Name)
			if err != nil {
				return w, err
			}
			if err := mixed.SetWeight(spec.Name, shape, values); err != nil {
				return w, err
			}
		}
		w.LearnedHead, err = r.loss(ctx, mixed)
		return w, err
	}
	first, err := point(0, start)
	if err != nil {
		return nil, err
	}
	list := []Waypoint{first}
	for step := 1; step <= trained.Steps; step++ {
		if !due(step, trained.Steps, r.config.Snapshots) {
			continue
		}
		at, err := gbert.Load(filepath.Join(snapshots, fmt.Sprint(step)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the weights after step %d are gone: delete the folder %s and begin anew: %w", step, r.store.Checkpoint(name), err)
		}
		if err != nil {
			return nil, err
		}
		w, err := point(step, at)
		if closed := at.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}

// loss is a model's on the training examples that are evaluated.
func (r *run) loss(ctx context.Context, model *gbert.Model) (float64, error) {
	session, err := gbert.NewSession(r.env.Backend, model)
	if err != nil {
		return 0, err
	}
	defer session.Close()
	prepared, err := r.prepareSet(r.fit)
	if err != nil {
		return 0, err
	}
	evaluation, err := prepared.Evaluate(ctx, session, nil, nil)
	if err != nil {
		return 0, err
	}
	return evaluation.Loss, nil
}

// prepareSet makes batches of a set, all sets in the same shapes, which are chosen for the examples that are evaluated most.
func (r *run) prepareSet(d *task.Dataset) (*finetune.Prepared, error) {
	if r.like == nil {
		points := r.config.SurfacePoints*r.config.SurfacePoints + 2*r.config.CurvePoints
		like, err := finetune.Prepare(r.env.Backend, r.pretrained, r.fit, r.config.MaxLength, 32, points)
		if err != nil {
			return nil, err
		}
		r.like = like
	}
	return finetune.PrepareLike(r.pretrained, d, r.config.MaxLength, r.like)
}
