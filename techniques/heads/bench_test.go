package heads

import (
	"testing"

	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

// BenchmarkAblate masks each of 16 heads of a small classifier alone, on 64 sentences: what lies below a masked layer is computed once.
func BenchmarkAblate(b *testing.B) {
	model := tiny.Classifier(b, tiny.Shape{Layers: 4, Hidden: 64, Heads: 4, Neurons: 256}, 1)
	session := tiny.SessionOn(b, testbed.Go(b), model)
	sample := tiny.Prepare(b, model, tiny.Sentences(64, 1), 32)
	if _, err := Ablate(b.Context(), session, sample, nil); err != nil { // compiles
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Ablate(b.Context(), session, sample, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(All(model.Config))*b.N)/b.Elapsed().Seconds(), "heads/s")
}
