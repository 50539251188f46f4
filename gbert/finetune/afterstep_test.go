package finetune

import (
	"context"
	"errors"
	"slices"
	"testing"

	"bertlab/gbert"
)

func TestAfterStepSeesEveryStepAndTheWeightsOfTheLast(t *testing.T) {
	var steps []int
	var first, last *gbert.Model
	start := learner(t, 2, 0.1)
	o := resumeOptions("")
	o.Keep = KeepLast
	o.AfterStep = func(step, of int, model func() (*gbert.Model, error)) (err error) {
		if of != 16 {
			t.Errorf("%d steps", of)
		}
		steps = append(steps, step)
		switch step {
		case 1:
			first, err = model()
		case of:
			last, err = model()
		}
		return err
	}
	result := mustTrain(t, start, resumeExamples, nil, o)
	if len(steps) != 16 || steps[0] != 1 || !slices.IsSorted(steps) {
		t.Errorf("steps %v", steps)
	}
	if err := sameWeights(t, last, result.Model); err != nil {
		t.Errorf("after the last step: %v", err)
	}
	if sameWeights(t, first, result.Model) == nil {
		t.Error("after the first step the weights are those of the last")
	}
}

func TestAnErrorAfterAStepEndsTheRun(t *testing.T) {
	full := errors.New("the disk is full")
	o := resumeOptions("")
	o.AfterStep = func(step, _ int, _ func() (*gbert.Model, error)) error {
		if step == 3 {
			return full
		}
		return nil
	}
	if _, err := train(t, context.Background(), learner(t, 2, 0.1), resumeExamples, nil, o); !errors.Is(err, full) {
		t.Error(err)
	}
}

// A snapshot is taken again when its step is done again, and not lost when the checkpoint includes the step.
func TestAResumedRunShowsTheStepsSinceItsCheckpoint(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 6)
	var steps []int
	o := resumeOptions(dir)
	o.AfterStep = func(step, _ int, _ func() (*gbert.Model, error)) error {
		steps = append(steps, step)
		return nil
	}
	mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), o)
	if steps[0] != 7 || steps[len(steps)-1] != 16 {
		t.Errorf("steps %v after an interruption at 6", steps)
	}
}
