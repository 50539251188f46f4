// Package tiny makes models and data sets for tests: random BERTs of a few thousand weights, and sentences of a toy language that
// they can learn. What has the same arguments is the same.
package tiny

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
)

// Shape is the shape of a model. What is 0 or empty is that of [Default], but for the layers, of which there may be none.
type Shape struct {
	Layers                 int
	Hidden, Heads, Neurons int
	Activation             string
	// Range is the standard deviation of the weights: large, so that every layer and head matters.
	Range float64
	// NoDropout trains without; else it is BERT's 0.1.
	NoDropout bool
	// More are further words of the vocabulary, which no sentence has.
	More []string
}

// Default is the shape that fills in for what another leaves open.
var Default = Shape{Layers: 2, Hidden: 8, Heads: 2, Neurons: 12, Activation: "gelu", Range: 0.5}

// letters are the words of the toy language, after the five that a BERT needs.
const letters = 11

// Classifier is a random classifier of two labels with a tokenizer for a … k. Its biases are not 0, so that a bias in a wrong place
// shows.
func Classifier(t testing.TB, s Shape, seed uint64) *gbert.Model {
	t.Helper()
	words := make([]string, letters)
	for i := range words {
		words[i] = string(rune('a' + i))
	}
	model, err := pretrained(t, s, seed, append(words, s.More...)).WithClassifier(2, nil, seed)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 77))
	for _, spec := range model.Weights() {
		if strings.HasSuffix(spec.Name, ".bias") {
			Set(t, model, spec.Name, spec.Shape, Normal(rng, spec.Size()))
		}
	}
	return model
}

// pretrained is a random model without a head.
func pretrained(t testing.TB, s Shape, seed uint64, words []string) *gbert.Model {
	t.Helper()
	fill := func(value *int, otherwise int) {
		if *value == 0 {
			*value = otherwise
		}
	}
	fill(&s.Hidden, Default.Hidden)
	fill(&s.Heads, Default.Heads)
	fill(&s.Neurons, Default.Neurons)
	if s.Activation == "" {
		s.Activation = Default.Activation
	}
	if s.Range == 0 {
		s.Range = Default.Range
	}
	words = append([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}, words...)
	config, err := gbert.ParseConfig(fmt.Appendf(nil, `{"model_type": "bert", "vocab_size": %d, "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
		"intermediate_size": %d, "hidden_act": %q, "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": %g}`,
		len(words), s.Hidden, s.Layers, s.Heads, s.Neurons, s.Activation, s.Range))
	if err != nil {
		t.Fatal(err)
	}
	if s.NoDropout {
		config.HiddenDropoutProb, config.AttentionProbsDropoutProb = 0, 0
	}
	model, err := gbert.New(config, seed)
	if err != nil {
		t.Fatal(err)
	}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	return model
}

// Normal are n numbers with the standard deviation 0.3.
func Normal(rng *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64() * 0.3)
	}
	return values
}

// Set replaces a weight.
func Set(t testing.TB, m *gbert.Model, name string, shape []int, values []float32) {
	t.Helper()
	if err := m.SetWeight(name, shape, values); err != nil {
		t.Fatal(err)
	}
}

// Values are those of a weight.
func Values(t testing.TB, m *gbert.Model, name string) []float32 {
	t.Helper()
	values, _, err := m.Weight(name)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// Fingerprint is a model's.
func Fingerprint(t testing.TB, m *gbert.Model) string {
	t.Helper()
	sum, err := m.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// SameWords says whether two models have the same word embeddings.
func SameWords(t testing.TB, a, b *gbert.Model) bool {
	t.Helper()
	const words = "bert.embeddings.word_embeddings.weight"
	return slices.Equal(Values(t, a, words), Values(t, b, words))
}

// Factor stores a layer's map as a product of random factors.
func Factor(t testing.TB, m *gbert.Model, layer int, role gbert.Role, rank int) {
	t.Helper()
	_, shape, err := m.Weight(gbert.WeightName(layer, role))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(layer), uint64(len(role))))
	if err := m.Store(layer, role, gbert.Factored(rank), Normal(rng, shape[0]*rank), Normal(rng, rank*shape[1])); err != nil {
		t.Fatal(err)
	}
}

// Sentences are n examples of 1 to 8 letters. Those with an "a" are yes, those with a "b" no.
func Sentences(n int, seed uint64) *task.Dataset {
	rng := rand.New(rand.NewPCG(seed, 5))
	d := Dataset(fmt.Sprint("toy", n, seed))
	for i := range n {
		words := []string{string(rune('a' + i%2))}
		for range rng.IntN(8) {
			words = append(words, string(rune('c'+rng.IntN(letters-2))))
		}
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: strings.Join(words, " "), Label: 1 - i%2})
	}
	return d
}

// Dataset is a data set of the toy task, yes or no, without examples. sum stands for the checksum of its file.
func Dataset(sum string) *task.Dataset {
	return &task.Dataset{
		Task:   &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"no", "yes"}, Metrics: []string{task.Accuracy}},
		Source: "toy", SHA256: sum,
	}
}

// Session puts a model on the pure Go backend until the test ends.
func Session(t testing.TB, m *gbert.Model) *gbert.Session { return SessionOn(t, testbed.Go(t), m) }

// SessionOn puts a model on a backend until the test ends.
func SessionOn(t testing.TB, b compute.Backend, m *gbert.Model) *gbert.Session {
	t.Helper()
	s, err := gbert.NewSession(b, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Prepare makes batches of a data set for a model.
func Prepare(t testing.TB, m *gbert.Model, d *task.Dataset, batchSize int) *finetune.Prepared {
	t.Helper()
	p, err := finetune.Prepare(nil, m, d, 16, batchSize, 1)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Logits are a model's for the examples of a data set, [examples][labels], on the pure Go backend.
func Logits(t testing.TB, m *gbert.Model, d *task.Dataset) [][]float32 {
	t.Helper()
	rows, err := Prepare(t, m, d, 5).Logits(context.Background(), Session(t, m), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// HiddenStates are the values of all hidden states of the first batch of the examples.
func HiddenStates(t testing.TB, m *gbert.Model, p *finetune.Prepared) [][]float32 {
	t.Helper()
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](Session(t, m), "states", func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*Node {
		return begin(gbert.Taps{HiddenStates: true}).Encode(in, false).HiddenStates
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := program.Consume(p.Batches[0].Tensors().BatchOf)
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()
	states := make([][]float32, results.Len())
	for i := range states {
		if states[i], err = results.Values(i); err != nil {
			t.Fatal(err)
		}
	}
	return states
}

// Apart is the largest difference of two tables; it is infinite where they are of different shapes, and NaN counts as infinite.
func Apart[T float32 | float64](a, b [][]T) float64 {
	largest := 0.0
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return math.Inf(1)
		}
		for j := range a[i] {
			d := math.Abs(float64(a[i][j]) - float64(b[i][j]))
			if math.IsNaN(d) {
				return math.Inf(1)
			}
			largest = max(largest, d)
		}
	}
	return largest
}
