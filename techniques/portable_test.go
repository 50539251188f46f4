package techniques

import (
	"context"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/ort"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

// portableLogits are those of a model in ONNX Runtime, for the same sentences as [logits]; the test ends without it.
func portableLogits(t *testing.T, model *gbert.Model) [][]float32 {
	t.Helper()
	session, err := ort.Open(context.Background(), model, ort.Options{Backend: testbed.ONNXRuntime(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	prepared := tiny.Prepare(t, model, tiny.Sentences(7, 5), 4)
	rows := make([][]float32, len(prepared.Encodings))
	for _, batch := range prepared.Batches {
		logits, err := session.BatchLogits(batch, nil)
		if err != nil {
			t.Fatal(err)
		}
		for row, example := range batch.Index {
			rows[example] = logits[row]
		}
	}
	return rows
}
