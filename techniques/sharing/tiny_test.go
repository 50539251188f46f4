package sharing

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

func backend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := pureGo()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tiny is a random classifier of two labels with large weights and biases, so that every layer matters.
func tiny(t testing.TB, layers int, seed uint64) *gbert.Model {
	t.Helper()
	config, err := gbert.ParseConfig(fmt.Appendf(nil, `{"model_type": "bert", "vocab_size": 16, "hidden_size": 8, "num_hidden_layers": %d, "num_attention_heads": 2,
		"intermediate_size": 12, "hidden_act": "gelu", "hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0,
		"max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.5}`, layers))
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
		if strings.HasSuffix(spec.Name, ".bias") {
			set(t, model, spec.Name, spec.Shape, random(rng, spec.Size()))
		}
	}
	return model
}

func random(rng *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64() * 0.3)
	}
	return values
}

func set(t testing.TB, m *gbert.Model, name string, shape []int, values []float32) {
	t.Helper()
	if err := m.SetWeight(name, shape, values); err != nil {
		t.Fatal(err)
	}
}

func setForm(m *gbert.Model, layer int, role gbert.Role, form gbert.Form) {
	if m.Config.Layers[layer].Forms == nil {
		m.Config.Layers[layer].Forms = map[gbert.Role]gbert.Form{}
	}
	m.Config.Layers[layer].Forms[role] = form
}

// factor stores a layer's map as a product of random factors.
func factor(t testing.TB, m *gbert.Model, layer int, role gbert.Role, rank int) {
	t.Helper()
	_, shape, err := m.Weight(gbert.WeightName(layer, role))
	if err != nil {
		t.Fatal(err)
	}
	m.DeleteWeight(gbert.WeightName(layer, role))
	u, v := gbert.FactorNames(layer, role)
	rng := rand.New(rand.NewPCG(uint64(layer), uint64(len(role))))
	set(t, m, u, []int{shape[0], rank}, random(rng, shape[0]*rank))
	set(t, m, v, []int{rank, shape[1]}, random(rng, rank*shape[1]))
	setForm(m, layer, role, gbert.Form{Kind: gbert.Factored, Rank: rank})
}

// tie is Tie, which must work.
func tie(t testing.TB, m *gbert.Model, o Options) (*gbert.Model, *Report) {
	t.Helper()
	shared, report, err := Tie(m, o)
	if err != nil {
		t.Fatalf("%+v: %v", o, err)
	}
	return shared, report
}

// sentences are n examples of 1 to 8 words. Those with an "a" are yes.
func sentences(n int, seed uint64) *task.Dataset {
	rng := rand.New(rand.NewPCG(seed, 5))
	d := &task.Dataset{Task: &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"no", "yes"}, Metrics: []string{task.Accuracy}}, Source: "toy", SHA256: fmt.Sprint("toy", n, seed)}
	for i := range n {
		words := []string{string(rune('a' + i%2))}
		for range rng.IntN(8) {
			words = append(words, string(rune('c'+rng.IntN(9))))
		}
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: strings.Join(words, " "), Label: 1 - i%2})
	}
	return d
}

func session(t testing.TB, m *gbert.Model) *gbert.Session {
	t.Helper()
	s, err := gbert.NewSession(backend(t), m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func prepare(t testing.TB, m *gbert.Model, d *task.Dataset, batchSize int) *finetune.Prepared {
	t.Helper()
	p, err := finetune.Prepare(m, d, 16, batchSize, 1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func logits(t testing.TB, m *gbert.Model, d *task.Dataset) [][]float32 {
	t.Helper()
	s := session(t, m)
	rows, err := prepare(t, m, d, 5).Logits(context.Background(), s, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// apart is the largest difference of two tables of the same shape.
func apart(a, b [][]float32) float64 {
	largest := 0.0
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return math.Inf(1)
		}
		for j := range a[i] {
			if d := math.Abs(float64(a[i][j]) - float64(b[i][j])); !(d <= largest) {
				largest = d
			}
		}
	}
	return largest
}
