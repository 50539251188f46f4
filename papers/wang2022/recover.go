package wang2022

import (
	"context"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/techniques/distill"
)

// recover lets a decomposed model learn again, and judges it.
func (s *seedRun) recover(ctx context.Context, small *gbert.Model, recovery Recovery, name string) (Trial, error) {
	c := s.config
	model, seconds := small, 0.0
	var err error
	switch recovery {
	case Tuned:
		if model, seconds, err = s.learn(ctx, small, s.recovery, name, s.seed, 2*c.RecoveryEpochs, c.RecoveryRate, nil); err != nil {
			return Trial{}, err
		}
	case Distilled:
		if model, seconds, err = s.distil(ctx, small, name); err != nil {
			return Trial{}, err
		}
	}
	trial, err := s.judge(ctx, model)
	if err != nil {
		return trial, err
	}
	trial.Seconds = seconds
	for _, stage := range []string{"", "-layers", "-predictions"} {
		if err := finetune.RemoveCheckpoint(s.store.Checkpoint(name + stage)); err != nil {
			return trial, err
		}
	}
	return trial, nil
}

// distil is the two stages of TinyBERT (Jiao et al. 2020), which the paper uses: attention and hidden states, then predictions.
func (s *seedRun) distil(ctx context.Context, small *gbert.Model, name string) (*gbert.Model, float64, error) {
	c := s.config
	layers, err := distill.FromTeacher(s.whole, small, distill.Options{HiddenStates: 1, Attention: 1, LayersOnly: true})
	if err != nil {
		return nil, 0, err
	}
	half, first, err := s.learn(ctx, small, s.recovery, name+"-layers", s.seed, c.RecoveryEpochs, c.RecoveryRate, layers)
	if err != nil {
		return nil, 0, err
	}
	if s.logits == nil {
		session, err := s.wholeSession()
		if err != nil {
			return nil, 0, err
		}
		prepared, err := finetune.Prepare(s.env.Backend, s.whole, s.recovery, c.MaxLength, c.BatchSize, 1)
		if err != nil {
			return nil, 0, err
		}
		if s.logits, err = prepared.Logits(ctx, session, nil, s.env.Stage("the whole model's predictions")); err != nil {
			return nil, 0, err
		}
	}
	predictions, err := distill.SoftTargets(s.logits, distill.Options{Temperature: 1, Alpha: 1})
	if err != nil {
		return nil, 0, err
	}
	model, second, err := s.learn(ctx, half, s.recovery, name+"-predictions", s.seed, c.RecoveryEpochs, c.RecoveryRate, predictions)
	return model, first + second, err
}

// judge evaluates a model on the test set.
func (r *run) judge(ctx context.Context, model *gbert.Model) (Trial, error) {
	session, err := gbert.NewSession(r.env.Backend, model)
	if err != nil {
		return Trial{}, err
	}
	defer session.Close()
	prepared, err := finetune.Prepare(r.env.Backend, model, r.test, r.config.MaxLength, r.config.BatchSize, 1)
	if err != nil {
		return Trial{}, err
	}
	evaluation, err := prepared.Evaluate(ctx, session, nil, r.env.Stage("evaluating"))
	if err != nil {
		return Trial{}, err
	}
	right, err := task.Right(r.test.Task, evaluation.Predictions, r.test.Examples)
	if err != nil {
		return Trial{}, err
	}
	var marks strings.Builder
	for _, ok := range right {
		mark := byte('0')
		if ok {
			mark = '1'
		}
		marks.WriteByte(mark)
	}
	return Trial{Score: evaluation.Metrics[r.result.Metric], Loss: evaluation.Loss, Right: marks.String()}, nil
}
