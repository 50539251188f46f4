package finetune_test

import (
	"testing"

	"bertlab/gbert/finetune"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

// BenchmarkTrainingStep is a step of fine-tuning a small classifier on 16 sentences: gradients and AdamW, of runs of 16 steps, which
// compile before their first.
func BenchmarkTrainingStep(b *testing.B) {
	const steps, batch = 16, 16
	model := tiny.Classifier(b, tiny.Shape{Layers: 2, Hidden: 64, Heads: 4, Neurons: 256}, 1)
	backend, train := testbed.Go(b), tiny.Sentences(steps*batch, 1)
	runs := 0
	for b.Loop() {
		_, err := finetune.Train(b.Context(), backend, model, train, nil, finetune.Options{Epochs: 1, BatchSize: batch, LearningRate: 1e-3, Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		runs++
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(steps*runs), "ms/step")
}
