package heads

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

const (
	tinyHeads = 3
	tinySize  = 4 // of a head
)

// tiny is a random classifier of two labels with 3 heads a layer. Its weights are large, so that heads matter.
func tiny(t testing.TB, layers int, seed uint64) *gbert.Model {
	t.Helper()
	text := fmt.Sprintf(`{"model_type": "bert", "vocab_size": 16, "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
		"intermediate_size": 8, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.5}`,
		tinyHeads*tinySize, layers, tinyHeads)
	config, err := gbert.ParseConfig([]byte(text))
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
	// Biases too, so that a bias in a wrong place shows.
	rng := rand.New(rand.NewPCG(seed, 77))
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

// sentences are n examples of 1 to 8 words with labels drawn at random.
func sentences(n int, seed uint64) *task.Dataset {
	rng := rand.New(rand.NewPCG(seed, 5))
	d := &task.Dataset{Task: &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"no", "yes"}, Metrics: []string{task.Accuracy}}, Source: "toy"}
	for i := range n {
		var words []string
		for range 1 + rng.IntN(8) {
			words = append(words, string(rune('a'+rng.IntN(11))))
		}
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: strings.Join(words, " "), Label: rng.IntN(2)})
	}
	return d
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

func prepare(t testing.TB, m *gbert.Model, d *task.Dataset, batchSize int) *finetune.Prepared {
	t.Helper()
	p, err := finetune.Prepare(m, d, 16, batchSize, 1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// oneByOne prepares each example as a batch of its own, without padding.
func oneByOne(t testing.TB, m *gbert.Model, d *task.Dataset) *finetune.Prepared {
	t.Helper()
	p := prepare(t, m, d, 1)
	p.Batches = nil
	for i := range p.Encodings {
		p.Batches = append(p.Batches, gbert.PadBatch(p.Encodings, []int{i}, 1, nil, m.Config.PadTokenID))
	}
	return p
}

func logits(t testing.TB, s *gbert.Session, p *finetune.Prepared, mask gbert.HeadMask) [][]float32 {
	t.Helper()
	rows, err := p.Logits(context.Background(), s, mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func evaluate(t testing.TB, s *gbert.Session, p *finetune.Prepared, mask gbert.HeadMask) *finetune.Evaluation {
	t.Helper()
	e, err := p.Evaluate(context.Background(), s, mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func remove(t testing.TB, m *gbert.Model, text string) *gbert.Model {
	t.Helper()
	smaller, err := Remove(m, parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return smaller
}

func parse(t testing.TB, text string) Set {
	t.Helper()
	set, err := ParseSet(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// apart is the largest difference of two tables of the same shape.
func apart[T float32 | float64](a, b [][]T) float64 {
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
