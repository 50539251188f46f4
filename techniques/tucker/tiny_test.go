package tucker

import (
	"context"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

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

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	if text := err.Error(); !strings.HasPrefix(text, "tucker: ") && !strings.HasPrefix(text, "tensor: ") {
		t.Errorf("error %q does not say where it comes from", text)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func distance(a, b mat.Matrix) float64 {
	var difference mat.Dense
	difference.Sub(a, b)
	return mat.Norm(&difference, 2)
}

func singularValues(a mat.Matrix) []float64 {
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDNone) {
		panic("no SVD")
	}
	return svd.Values(nil)
}
