package finetune

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
)

var goBackend, onBackends = testbed.Go, testbed.OnBackends

// loadTiny reads a model of gbert's testdata; every dropout has the given probability.
func loadTiny(t testing.TB, name string, dropout float64) *gbert.Model {
	t.Helper()
	model, err := gbert.Load("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	model = model.Clone()
	model.Config.HiddenDropoutProb, model.Config.AttentionProbsDropoutProb = dropout, dropout
	return model
}

// vocabulary has good and bad words and words of no matter.
func vocabulary(t testing.TB) *tokenizer.Tokenizer {
	t.Helper()
	tokens := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for i := range 15 {
		tokens = append(tokens, fmt.Sprintf("good%c", 'a'+i), fmt.Sprintf("bad%c", 'a'+i), fmt.Sprintf("word%c", 'a'+i))
	}
	tok, err := tokenizer.FromVocab(tokens, true)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// learner is a small model with a tokenizer and a classifier of the given outputs.
func learner(t testing.TB, outputs int, dropout float64) *gbert.Model {
	t.Helper()
	config := loadTiny(t, "tiny", dropout).Config.Clone()
	config.Layers, config.NumHiddenLayers, config.VocabSize, config.InitializerRange, config.Labels = nil, 1, 50, 0.1, nil
	model, err := gbert.New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(outputs, nil, 1); err != nil {
		t.Fatal(err)
	}
	model.Tokenizer = vocabulary(t)
	return model
}

// sentiment makes n examples with one good or bad word among others: a task that can be learnt from its words.
func sentiment(n int, seed uint64, kind task.Kind) *task.Dataset {
	rng := rand.New(rand.NewPCG(seed, 3))
	d := &task.Dataset{Task: &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"bad", "good"}, Metrics: []string{task.Accuracy}}, Source: "toy", SHA256: fmt.Sprint("toy", n, seed)}
	if kind == task.Regression {
		d.Task = &task.Task{Name: "toy", Kind: task.Regression, Metrics: []string{task.Pearson, task.Spearman}}
	}
	for i := range n {
		label := rng.IntN(2)
		words := []string{fmt.Sprintf("%s%c", []string{"bad", "good"}[label], 'a'+rng.IntN(15))}
		for range rng.IntN(8) {
			words = append(words, fmt.Sprintf("word%c", 'a'+rng.IntN(15)))
		}
		rng.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		e := task.Example{ID: fmt.Sprint(i), TextA: strings.Join(words, " "), Label: label}
		if kind == task.Regression {
			e.Label, e.Value = 0, float64(label)*4-1
		}
		d.Examples = append(d.Examples, e)
	}
	return d
}

// weightsOf are all weights of a model, by name.
func weightsOf(t testing.TB, m *gbert.Model) map[string][]float32 {
	t.Helper()
	all := map[string][]float32{}
	for _, spec := range m.Weights() {
		values, _, err := m.Weight(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		all[spec.Name] = values
	}
	return all
}

// sameWeights reports the first weight in which two models differ in a bit.
func sameWeights(t testing.TB, a, b *gbert.Model) error {
	t.Helper()
	x, y := weightsOf(t, a), weightsOf(t, b)
	for name := range x {
		if !slices.Equal(x[name], y[name]) {
			return fmt.Errorf("%s differs", name)
		}
	}
	return nil
}
