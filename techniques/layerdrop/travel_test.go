package layerdrop

import (
	"context"
	"testing"

	"bertlab/gbert/finetune"
)

func TestAModelWithADroppedLayerTrains(t *testing.T) {
	smaller := drop(t, classifier(t, 3, 4), 1)
	d := sentences(16, 3)
	result, err := finetune.Train(context.Background(), backend(t), smaller, d, nil, finetune.Options{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	moved, err := Travel(smaller, result.Model)
	if err != nil {
		t.Fatal(err)
	}
	if len(moved) != 2 || !(moved[0] > 0 && moved[1] > 0) {
		t.Errorf("the layers moved by %v", moved)
	}
}
