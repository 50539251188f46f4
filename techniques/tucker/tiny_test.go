package tucker

import (
	"context"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/internal/tiny"
)

var (
	session = tiny.Session
	apart   = tiny.Apart[float32]
)

func classifier(t testing.TB, layers int, seed uint64) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Layers: layers}, seed)
}

// prepared are n sentences for a model.
func prepared(t testing.TB, m *gbert.Model, n int) *finetune.Prepared {
	return tiny.Prepare(t, m, tiny.Sentences(n, 5), 5)
}

// logits are those of seven sentences.
func logits(t testing.TB, m *gbert.Model) [][]float32 { return tiny.Logits(t, m, tiny.Sentences(7, 5)) }

func factorise(t testing.TB, m *gbert.Model, o FactoriseOptions) (*gbert.Model, *Factorisation) {
	t.Helper()
	smaller, result, err := Factorise(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return smaller, result
}

func moments(t testing.TB, m *gbert.Model, examples int) *SecondMoments {
	t.Helper()
	c, err := Moments(context.Background(), session(t, m), prepared(t, m, examples), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
