package tiny

import (
	"context"
	"math"
	"testing"

	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
)

func TestAClassifierLearnsTheSentences(t *testing.T) {
	model := Classifier(t, Shape{Layers: 2, Range: 0.3}, 1)
	result, err := finetune.Train(context.Background(), testbed.Go(t), model, Sentences(80, 1), Sentences(20, 2), finetune.Options{
		Epochs: 8, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := result.Best().Dev.Metrics[task.Accuracy]; got < 0.9 {
		t.Errorf("accuracy %g", got)
	}
}

func TestWhatHasTheSameArgumentsIsTheSame(t *testing.T) {
	d := Sentences(9, 1)
	logits := func(s Shape, seed uint64) [][]float32 { return Logits(t, Classifier(t, s, seed), d) }
	first := logits(Shape{Layers: 2}, 1)
	if Apart(first, logits(Shape{Layers: 2}, 1)) != 0 || Apart(first, logits(Default, 1)) != 0 {
		t.Error("the same arguments, other models")
	}
	for name, other := range map[string][][]float32{"seed": logits(Shape{Layers: 2}, 2), "layers": logits(Shape{Layers: 3}, 1), "activation": logits(Shape{Layers: 2, Activation: "relu"}, 1)} {
		if Apart(first, other) == 0 {
			t.Errorf("another %s, the same model", name)
		}
	}
}

func TestApart(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct {
		a, b [][]float64
		want float64
	}{
		{[][]float64{{1, 2}, {3}}, [][]float64{{1, 2}, {3}}, 0}, {[][]float64{{1, 2}}, [][]float64{{1.5, 4}}, 2},
		{[][]float64{{1}}, [][]float64{{1}, {2}}, math.Inf(1)}, {[][]float64{{1}}, [][]float64{{1, 2}}, math.Inf(1)},
		{[][]float64{{nan}}, [][]float64{{1}}, math.Inf(1)}, {[][]float64{{nan}, {5}}, [][]float64{{1}, {5}}, math.Inf(1)},
	} {
		if got := Apart(test.a, test.b); got != test.want {
			t.Errorf("%v and %v: %g, want %g", test.a, test.b, got, test.want)
		}
	}
}
