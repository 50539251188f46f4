package movement

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

var (
	goBackend           = testbed.Go
	set, weight, logits = tiny.Set, tiny.Values, tiny.Logits
	apart               = tiny.Apart[float32]
)

// classifier is 12 wide, with 3 heads of 4 and 8 neurons a layer.
func classifier(t testing.TB, layers int, act string) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Layers: layers, Hidden: 12, Heads: 3, Neurons: 8, Activation: act, Range: 0.3}, 5)
}

// sentences are n examples of 1 to 8 words; the label says whether the first is one of the first letters.
func sentences(n int) *task.Dataset {
	rng := rand.New(rand.NewPCG(9, 5))
	d := tiny.Dataset(fmt.Sprint("toy", n))
	for i := range n {
		words, first := []string{}, rng.IntN(11)
		for range rng.IntN(8) {
			words = append(words, string(rune('a'+rng.IntN(11))))
		}
		label := 0
		if first < 5 {
			label = 1
		}
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: strings.Join(append([]string{string(rune('a' + first))}, words...), " "), Label: label})
	}
	return d
}

// train trains with a method on 40 sentences: 5 steps an epoch.
func train(t testing.TB, m *gbert.Model, o Options, f finetune.Options) *finetune.Result {
	t.Helper()
	method, err := New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	f.Method, f.Keep, f.BatchSize, f.MaxLength, f.LengthGrouping = method, finetune.KeepLast, 8, 16, -1
	result, err := finetune.Train(context.Background(), goBackend(t), m, sentences(40), nil, f)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func check[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
