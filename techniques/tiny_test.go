// Package techniques tests that the techniques work together.
package techniques

import (
	"context"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/internal/tiny"
	"bertlab/techniques/tucker"
)

var apart = tiny.Apart[float32]

func classifier(t testing.TB, layers int, seed uint64) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Layers: layers, Heads: 4, More: []string{"##c", "##d", "cd", "##cd"}}, seed)
}

// prepared are n sentences for a model.
func prepared(t testing.TB, m *gbert.Model, n int) *finetune.Prepared {
	return tiny.Prepare(t, m, tiny.Sentences(n, 5), 5)
}

// logits are those of seven sentences.
func logits(t testing.TB, m *gbert.Model) [][]float32 { return tiny.Logits(t, m, tiny.Sentences(7, 5)) }

func bank(t testing.TB, m *gbert.Model, o tucker.BankOptions) (*gbert.Model, *tucker.Factorisation) {
	t.Helper()
	banked, result, err := tucker.Bank(context.Background(), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return banked, result
}
