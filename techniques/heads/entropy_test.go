package heads

import (
	"context"
	"math"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/internal/tiny"
)

func entropy(t testing.TB, m *gbert.Model, p *finetune.Prepared) [][]float64 {
	t.Helper()
	table, err := Entropy(context.Background(), session(t, m), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestUniformAttentionHasTheEntropyOfTheLogarithmOfTheLength(t *testing.T) {
	model, d := classifier(t, 2, 1), sentences(7, 1)
	for _, spec := range model.Weights() {
		if strings.Contains(spec.Name, "self.query") {
			set(t, model, spec.Name, spec.Shape, make([]float32, spec.Size()))
		}
	}
	p := prepare(t, model, d, 4)
	want := 0.0
	for _, e := range p.Encodings {
		want += math.Log(float64(len(e.IDs))) / float64(d.Len())
	}
	for _, row := range entropy(t, model, p) {
		for _, got := range row {
			if math.Abs(got-want) > 1e-5 {
				t.Errorf("%g, want %g", got, want)
			}
		}
	}
}

func TestEntropyIsBoundedAndKnowsNoPadding(t *testing.T) {
	d := sentences(7, 2)
	model := remove(t, classifier(t, 3, 2), "0:1;1:0,1,2")
	p := prepare(t, model, d, 4)
	bound := 0.0
	for _, e := range p.Encodings {
		bound += math.Log(float64(len(e.IDs))) / float64(d.Len())
	}
	got := entropy(t, model, p)
	if far := tiny.Apart(got, entropy(t, model, oneByOne(t, model, d))); far > 1e-5 {
		t.Errorf("without padding it differs by %g", far)
	}
	for _, h := range All(model.Config) {
		if e := got[h.Layer][h.Head]; !(e > 0 && e < bound) {
			t.Errorf("%v has the entropy %g; the bound is %g", h, e, bound)
		}
		got[h.Layer][h.Head] = 0
	}
	if tiny.Apart(got, zeros(model.Config)) != 0 {
		t.Errorf("heads that are not there have an entropy: %v", got)
	}
}
