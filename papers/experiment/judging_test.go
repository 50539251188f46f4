package experiment_test

import (
	"context"
	"reflect"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// evaluateMade judges a model as one that the step itself has made.
var evaluateMade = &experiment.Definition[experiment.Judging, experiment.Evaluated]{
	Name: "evaluation of what was made", Version: 1,
	Title: func(*words.Printer, experiment.Judging) string {
		return "evaluation of what was made"
	},
	Run: func(ctx context.Context, w *experiment.Worker, in experiment.Judging) (experiment.Evaluated, error) {
		model := w.Model(in.Model)
		in.Model = nil
		return in.EvaluateModel(ctx, w, model)
	},
}

func TestAnEvaluationSaysWhichExamplesAreRight(t *testing.T) {
	env := tiny.Environment(t, t.TempDir())
	model := tiny.Classifier(t, tiny.Shape{}, 1)
	samples, err := env.Samples(t.Context(), "sst2", tiny.Reviews(t, 8, 23, true), experiment.SampleSizes{})
	if err != nil {
		t.Fatal(err)
	}
	plan := experiment.NewPlan(env)
	judging := experiment.Judging{Model: &experiment.Pretrained{Model: model, SHA256: "1"}, Sample: samples.Dev, MaxLength: 16, BatchSize: 4}
	whole, made := experiment.Evaluate(plan, judging), evaluateMade.Of(plan, judging)
	if err := plan.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := whole.Result()
	right := e.Right.Right()
	if len(e.Right) != 23 || e.Examples != 23 || e.Metrics["accuracy"] != float64(right)/23 || right == 0 || right == 23 {
		t.Errorf("%+v", e)
	}
	if !reflect.DeepEqual(made.Result(), e) {
		t.Errorf("a model that the step has made: %+v, want %+v", made.Result(), e)
	}
}
