package landscape

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

var goBackend, onBackends = testbed.Go, testbed.OnBackends

// tinyConfig is a BERT of six layers with a vocabulary of 40 words.
func tinyConfig(t testing.TB) *gbert.Config {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 45, "hidden_size": 16, "num_hidden_layers": 6, "num_attention_heads": 2,
		"intermediate_size": 24, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.2, "pad_token_id": 0}`))
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// end is a random model with a classifier: as an end of a space it does as well as a trained one.
func end(t testing.TB, seed uint64) *gbert.Model {
	t.Helper()
	model, err := gbert.New(tinyConfig(t), seed)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(2, nil, seed); err != nil {
		t.Fatal(err)
	}
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for i := range 40 {
		words = append(words, fmt.Sprintf("w%c%c", 'a'+i/26, 'a'+i%26))
	}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	return model
}

// sentences are n examples of random words out of the first 20, with random labels.
func sentences(n int, seed uint64) *task.Dataset {
	rng := rand.New(rand.NewPCG(seed, 3))
	d := &task.Dataset{Task: &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"bad", "good"}, Metrics: []string{task.Accuracy}}, Source: "toy", Split: "dev", SHA256: fmt.Sprint("toy", n, seed)}
	for i := range n {
		var words []string
		for range 1 + rng.IntN(9) {
			w := rng.IntN(20)
			words = append(words, fmt.Sprintf("w%c%c", 'a'+w/26, 'a'+w%26))
		}
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: strings.Join(words, " "), Label: rng.IntN(2)})
	}
	return d
}

func prepare(t testing.TB, m *gbert.Model, d *task.Dataset) *finetune.Prepared {
	return tiny.Prepare(t, m, d, 8)
}

func explore(t testing.TB, b compute.Backend, s Space, sets ...*finetune.Prepared) *Explorer {
	t.Helper()
	e, err := Open(b, s, sets...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// reference is the mean loss of a model by the ordinary evaluation.
func reference(t testing.TB, b compute.Backend, m *gbert.Model, p *finetune.Prepared) *finetune.Evaluation {
	t.Helper()
	session, err := gbert.NewSession(b, m)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	e, err := p.Evaluate(context.Background(), session, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// blend is the model whose weights are given by the values of the ends; what is not in the part, and the head, are those of To.
func blend(t testing.TB, s Space, part Part, f func(zero, one, two float64) float64) *gbert.Model {
	t.Helper()
	m := s.To.Clone()
	for _, u := range units(s.To) {
		if !part.holds(u) {
			continue
		}
		for _, spec := range u.specs {
			zero, _, _ := s.From.Weight(spec.Name)
			one, _, _ := s.To.Weight(spec.Name)
			two := zero
			if s.Other != nil {
				two, _, _ = s.Other.Weight(spec.Name)
			}
			values := make([]float32, len(one))
			for i := range values {
				values[i] = float32(f(float64(zero[i]), float64(one[i]), float64(two[i])))
			}
			if err := m.SetWeight(spec.Name, spec.Shape, values); err != nil {
				t.Fatal(err)
			}
		}
	}
	return m
}
