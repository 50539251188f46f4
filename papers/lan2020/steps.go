package lan2020

import (
	"context"
	"fmt"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/distill"
	"bertlab/techniques/sharing"
)

// seed fine-tunes the whole model and every variant with a seed, and cuts the word table of the fine-tuned whole model.
func (r *run) seed(ctx context.Context, seed uint64) error {
	start, err := r.pretrained.WithClassifier(r.train.Task.Outputs(), r.train.Task.Labels, seed)
	if err != nil {
		return err
	}
	prefix := fmt.Sprintf("seed%d-", seed)
	name := prefix + Variant{}.file()
	tuned, whole, err := experiment.ModelStep(r.store, name, func() (*gbert.Model, Trial, error) {
		return r.tune(ctx, start, Variant{}, seed, name, nil)
	})
	if err != nil {
		return err
	}
	defer tuned.Close()
	whole.P = 1
	r.result.Runs = append(r.result.Runs, whole)
	for _, v := range r.config.Variants {
		name := prefix + v.file()
		trial, err := experiment.Step(r.store, name, func() (Trial, error) {
			converted, err := v.convert(start)
			if err != nil {
				return Trial{}, err
			}
			method, err := r.teaching(ctx, tuned, v)
			if err != nil {
				return Trial{}, err
			}
			_, trial, err := r.tune(ctx, converted, v, seed, name, method)
			if err != nil {
				return trial, err
			}
			if !v.Distilled { // the same conversion as without
				if converted, err = v.convert(tuned); err != nil {
					return trial, err
				}
				answers, err := r.judge(ctx, converted)
				if err != nil {
					return trial, err
				}
				trial.Converted = &answers
			}
			return trial, finetune.RemoveCheckpoint(r.store.Checkpoint(name))
		})
		if err != nil {
			return err
		}
		if err := trial.compare(whole); err != nil {
			return err
		}
		r.result.Runs = append(r.result.Runs, trial)
	}
	for _, init := range sharing.Inits {
		begun, err := experiment.Step(r.store, prefix+"begun-"+string(init), func() (Begun, error) {
			shared, err := Variant{What: sharing.All, Init: init}.convert(tuned)
			if err != nil {
				return Begun{}, err
			}
			answers, err := r.judge(ctx, shared)
			return Begun{Init: init, Seed: seed, Answers: answers}, err
		})
		if err != nil {
			return err
		}
		r.result.Inits = append(r.result.Inits, begun)
	}
	for _, size := range r.config.EmbeddingSizes {
		cut, err := experiment.Step(r.store, fmt.Sprintf("%scut%d", prefix, size), func() (Cut, error) {
			smaller, report, err := sharing.FactorEmbedding(tuned, size)
			if err != nil {
				return Cut{}, err
			}
			answers, err := r.judge(ctx, smaller)
			return Cut{Size: size, Seed: seed, Answers: answers, RelativeError: report.RelativeError, Parameters: report.After}, err
		})
		if err != nil {
			return err
		}
		r.result.Cuts = append(r.result.Cuts, cut)
	}
	return nil
}

// teaching is the method that adds the whole model's soft targets; nil for a variant without.
func (r *run) teaching(ctx context.Context, teacher *gbert.Model, v Variant) (*finetune.Method, error) {
	if !v.Distilled {
		return nil, nil
	}
	session, err := gbert.NewSession(r.env.Backend, teacher)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	prepared, err := finetune.Prepare(r.env.Backend, teacher, r.train, r.config.MaxLength, r.config.BatchSize, 1)
	if err != nil {
		return nil, err
	}
	logits, err := prepared.Logits(ctx, session, nil, r.env.Stage("teacher of "+v.String()))
	if err != nil {
		return nil, err
	}
	return distill.SoftTargets(logits, distill.Options{})
}

// tune trains and judges a model.
func (r *run) tune(ctx context.Context, model *gbert.Model, v Variant, seed uint64, name string, method *finetune.Method) (*gbert.Model, Trial, error) {
	trial := Trial{Variant: v, Seed: seed}
	trained, done, err := r.env.Train(ctx, fmt.Sprintf("fine-tuning, shared: %s, seed %d", v, seed), model, r.train, nil, finetune.Options{
		Epochs: r.config.Epochs, BatchSize: r.config.BatchSize, MaxLength: r.config.MaxLength, LearningRate: r.config.LearningRate,
		Seed: seed, Keep: finetune.KeepLast, Method: method, CheckpointDir: r.store.Checkpoint(name),
	})
	if err != nil {
		return nil, trial, err
	}
	trial.TrainLoss, trial.StepSeconds, trial.Seconds = done.TrainLoss, done.Clock.Median(experiment.Wall), done.Seconds
	if trial.Answers, err = r.judge(ctx, trained.Model); err != nil {
		return nil, trial, err
	}
	config := trained.Model.Config
	trial.Parts, trial.MACs = sharing.Count(trained.Model), config.MACs(min(macLength, config.MaxPositionEmbeddings), true).Total()
	if v == (Variant{}) || v == shareAll {
		trial.Transitions, err = r.transitions(ctx, trained.Model)
	}
	return trained.Model, trial, err
}

// macLength is the number of tokens at which operations are counted.
const macLength = 128

// transitions measures how far a model's layers move their input.
func (r *run) transitions(ctx context.Context, model *gbert.Model) (*sharing.Transitions, error) {
	sample := r.test
	if n := r.config.TransitionExamples; n < sample.Len() {
		var err error
		if sample, err = sample.Take(n, 303); err != nil {
			return nil, err
		}
	}
	session, prepared, err := r.open(model, sample)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return sharing.MeasureTransitions(ctx, session, prepared, r.env.Stage("transitions"))
}

// open is a session of a model and a data set in its tokens.
func (r *run) open(model *gbert.Model, d *task.Dataset) (*gbert.Session, *finetune.Prepared, error) {
	prepared, err := finetune.Prepare(r.env.Backend, model, d, r.config.MaxLength, r.config.BatchSize, 1)
	if err != nil {
		return nil, nil, err
	}
	session, err := gbert.NewSession(r.env.Backend, model)
	return session, prepared, err
}

// judge evaluates a model on the test set.
func (r *run) judge(ctx context.Context, model *gbert.Model) (Answers, error) {
	session, prepared, err := r.open(model, r.test)
	if err != nil {
		return Answers{}, err
	}
	defer session.Close()
	evaluation, err := prepared.Evaluate(ctx, session, nil, r.env.Stage("evaluating"))
	if err != nil {
		return Answers{}, err
	}
	right, err := task.Right(r.test.Task, evaluation.Predictions, r.test.Examples)
	if err != nil {
		return Answers{}, err
	}
	var marks strings.Builder
	for _, ok := range right {
		if ok {
			marks.WriteByte('1')
		} else {
			marks.WriteByte('0')
		}
	}
	return Answers{Right: marks.String(), Score: evaluation.Metrics[r.result.Metric], Loss: evaluation.Loss}, nil
}

// measureSpeed times converted models beside the whole one, in turn.
func (r *run) measureSpeed(ctx context.Context) (*Speed, error) {
	start, err := r.pretrained.WithClassifier(2, nil, 1)
	if err != nil {
		return nil, err
	}
	whole, prepared, err := r.open(start, r.test)
	if err != nil {
		return nil, err
	}
	defer whole.Close()
	length := min(r.config.SpeedLength, start.Config.MaxPositionEmbeddings)
	speed := &Speed{Length: length, Repeats: r.config.SpeedRepeats}
	for i, v := range r.config.SpeedVariants {
		model, err := v.convert(start)
		if err != nil {
			return nil, err
		}
		session, err := gbert.NewSession(r.env.Backend, model)
		if err != nil {
			return nil, err
		}
		timed := SpeedModel{Variant: v, Parameters: model.NumParameters()}
		for _, size := range r.config.SpeedBatches {
			batch := experiment.FilledBatch(prepared.Encodings, size, length, start.Config.PadTokenID)
			pair, err := experiment.ComparePair(ctx, whole, session, batch, r.config.SpeedRepeats)
			if err != nil {
				session.Close()
				return nil, err
			}
			timed.Batches = append(timed.Batches, pair)
		}
		session.Close()
		speed.Models = append(speed.Models, timed)
		r.env.Report(experiment.Progress{Stage: "speed of shared models", Done: i + 1, Total: len(r.config.SpeedVariants)})
	}
	return speed, nil
}
