// Package techniques tests that the techniques work together.
package techniques

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
	"bertlab/techniques/tucker"
)

var pureGo = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig("go") })

// tiny is a random classifier of two labels, of 8 hidden features, 4 heads and 12 neurons a layer, with biases.
func tiny(t testing.TB, layers int, seed uint64) *gbert.Model {
	t.Helper()
	config, err := gbert.ParseConfig(fmt.Appendf(nil, `{"model_type": "bert", "vocab_size": 16, "hidden_size": 8, "num_hidden_layers": %d, "num_attention_heads": 4,
		"intermediate_size": 12, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.5}`, layers))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, seed)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(2, nil, seed); err != nil {
		t.Fatal(err)
	}
	tokens := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for i := range 11 {
		tokens = append(tokens, string(rune('a'+i)))
	}
	if model.Tokenizer, err = tokenizer.FromVocab(tokens, true); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 77))
	for _, spec := range model.Weights() {
		if !strings.HasSuffix(spec.Name, ".bias") {
			continue
		}
		values := make([]float32, spec.Size())
		for i := range values {
			values[i] = float32(rng.NormFloat64() * 0.3)
		}
		if err := model.SetWeight(spec.Name, spec.Shape, values); err != nil {
			t.Fatal(err)
		}
	}
	return model
}

// prepared are n examples of 1 to 8 words for a model.
func prepared(t testing.TB, m *gbert.Model, n int) *finetune.Prepared {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 5))
	d := &task.Dataset{Task: &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"no", "yes"}, Metrics: []string{task.Accuracy}}, Source: "toy"}
	for i := range n {
		words := []string{string(rune('a' + i%2))}
		for range rng.IntN(8) {
			words = append(words, string(rune('c'+rng.IntN(9))))
		}
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: strings.Join(words, " "), Label: 1 - i%2})
	}
	p, err := finetune.Prepare(m, d, 16, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func session(t testing.TB, m *gbert.Model) *gbert.Session {
	t.Helper()
	b, err := pureGo()
	if err != nil {
		t.Fatal(err)
	}
	s, err := gbert.NewSession(b, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// logits are those of seven examples.
func logits(t testing.TB, m *gbert.Model) [][]float32 {
	t.Helper()
	rows, err := prepared(t, m, 7).Logits(context.Background(), session(t, m), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
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

func bank(t testing.TB, m *gbert.Model, o tucker.BankOptions) (*gbert.Model, *tucker.Factorisation) {
	t.Helper()
	banked, result, err := tucker.Bank(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return banked, result
}
