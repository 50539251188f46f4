package movement

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
)

var pureGo = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig("go") })

func goBackend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := pureGo()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tiny is a random classifier of two labels: 12 wide, 3 heads of 4, 8 neurons a layer. Its weights are large, and its biases
// are not zero, so that a wrong one shows.
func tiny(t testing.TB, layers int, act string) *gbert.Model {
	t.Helper()
	text := fmt.Sprintf(`{"model_type": "bert", "vocab_size": 16, "hidden_size": 12, "num_hidden_layers": %d, "num_attention_heads": 3,
		"intermediate_size": 8, "hidden_act": %q, "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.3}`, layers, act)
	config, err := gbert.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 5)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(2, nil, 5); err != nil {
		t.Fatal(err)
	}
	tokens := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for i := range 11 {
		tokens = append(tokens, string(rune('a'+i)))
	}
	if model.Tokenizer, err = tokenizer.FromVocab(tokens, true); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 77))
	for _, spec := range model.Weights() {
		if strings.HasSuffix(spec.Name, ".bias") {
			values := make([]float32, spec.Size())
			for i := range values {
				values[i] = float32(rng.NormFloat64() * 0.3)
			}
			set(t, model, spec.Name, spec.Shape, values)
		}
	}
	return model
}

func set(t testing.TB, m *gbert.Model, name string, shape []int, values []float32) {
	t.Helper()
	if err := m.SetWeight(name, shape, values); err != nil {
		t.Fatal(err)
	}
}

func weight(t testing.TB, m *gbert.Model, name string) []float32 {
	t.Helper()
	values, _, err := m.Weight(name)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// sentences are n examples of 1 to 8 words; the label says whether the first is one of the first letters.
func sentences(n int) *task.Dataset {
	rng := rand.New(rand.NewPCG(9, 5))
	d := &task.Dataset{Task: &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"no", "yes"}, Metrics: []string{task.Accuracy}}, Source: "toy", SHA256: fmt.Sprint("toy", n)}
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

func logits(t testing.TB, m *gbert.Model, d *task.Dataset) [][]float32 {
	t.Helper()
	p, err := finetune.Prepare(m, d, 16, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := gbert.NewSession(goBackend(t), m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := p.Logits(context.Background(), s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
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

// apart is the largest difference of two tables of the same shape.
func apart(a, b [][]float32) float64 {
	largest := 0.0
	for i := range a {
		for j := range a[i] {
			if d := math.Abs(float64(a[i][j]) - float64(b[i][j])); !(d <= largest) {
				largest = d
			}
		}
	}
	return largest
}
