package gbert_test

import (
	"testing"

	"bertlab/gbert"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

// BenchmarkBatchLogits is a forward pass of a small classifier on a batch of 32 sentences.
func BenchmarkBatchLogits(b *testing.B) {
	model := tiny.Classifier(b, tiny.Shape{Layers: 4, Hidden: 64, Heads: 4, Neurons: 256}, 1)
	session := tiny.SessionOn(b, testbed.Go(b), model)
	batch := tiny.Prepare(b, model, tiny.Sentences(32, 1), 32).Batches[0]
	mask := gbert.NewHeadMask(model.Config)
	if _, err := session.BatchLogits(batch, mask); err != nil { // compiles
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := session.BatchLogits(batch, mask); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(batch.Index)*b.N)/b.Elapsed().Seconds(), "examples/s")
}
