package finetune

import (
	"context"
	"errors"
	"slices"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// Where an epoch is one batch, a step is that of a training.
func TestAStepperTakesTheStepOfATraining(t *testing.T) {
	start := learner(t, 2, 0.1)
	o := resumeOptions("")
	o.BatchSize = resumeExamples
	after := map[int]*gbert.Model{}
	o.AfterStep = func(step, _ int, model func() (*gbert.Model, error)) (err error) {
		after[step], err = model()
		return err
	}
	mustTrain(t, start, resumeExamples, nil, o)
	o.AfterStep = nil
	stepper, err := NewStepper(goBackend(t), start, sentiment(resumeExamples, 1, task.Classification), o)
	if err != nil {
		t.Fatal(err)
	}
	defer stepper.Close()
	for i, want := range []*gbert.Model{after[1], after[2]} {
		if err := stepper.Step(); err != nil {
			t.Fatal(err)
		}
		got, err := stepper.run.present()
		if err != nil {
			t.Fatal(err)
		}
		if err := sameWeights(t, got, want); (err == nil) != (i == 0) { // a second step has another rate and dropout
			t.Errorf("after step %d: %v", i+1, err)
		}
	}
}

func TestAStepperHasTheBatchOfMedianLength(t *testing.T) {
	data := sentiment(21, 1, task.Classification) // the third batch is not full
	model, o := learner(t, 2, 0), resumeOptions("")
	stepper, err := NewStepper(goBackend(t), model, data, o)
	if err != nil {
		t.Fatal(err)
	}
	defer stepper.Close()
	var lengths []int
	for _, index := range epochOrder(stepper.run.read.Encodings, stepper.run.options, 0) {
		if batch, err := stepper.run.batch(index); err != nil {
			t.Fatal(err)
		} else if len(index) == o.BatchSize {
			lengths = append(lengths, batch.Length)
		}
	}
	slices.Sort(lengths)
	if rows, tokens := stepper.Shape(); rows != o.BatchSize || tokens != lengths[len(lengths)/2] {
		t.Errorf("%d × %d tokens, lengths %v", rows, tokens, lengths)
	}
}

func TestAStepperThatCannotBeIsRefused(t *testing.T) {
	o := resumeOptions("")
	o.LearningRate = -1
	_, err := NewStepper(goBackend(t), learner(t, 2, 0), sentiment(8, 1, task.Classification), o)
	_, want := train(t, context.Background(), learner(t, 2, 0), 8, nil, o)
	if err == nil || want == nil || err.Error() != want.Error() || errors.Is(err, context.Canceled) {
		t.Errorf("%v, of a training: %v", err, want)
	}
}
