package finetune

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"bertlab/gbert/safetensors"
)

// FuzzCheckpoint reads any bytes as a checkpoint and as a best epoch's file.
func FuzzCheckpoint(f *testing.F) {
	path := filepath.Join(f.TempDir(), checkpointName)
	entries := []safetensors.Entry{{Name: "w/a", Shape: []int{2}, DType: safetensors.F32, Values: []float32{1, 2}}}
	if err := writeSummed(path, entries, map[string]string{"state": `{"step": 3, "epochs": [], "best": 0}`, "steps": "3", "fingerprint": "x"}); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, checkpointName)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		Finished(dir)
		file, err := safetensors.Open(path)
		if err != nil {
			return
		}
		defer file.Close()
		if verifySum(file) != nil {
			return
		}
		for _, name := range file.Names() {
			if tensor, _ := file.Tensor(name); tensor.DType == safetensors.F32 {
				if _, err := checkpointValues(file, name, tensor.Shape); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
	})
}

// FuzzState goes on from any state whose sum is right.
func FuzzState(f *testing.F) {
	dir := f.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	t := &testing.B{} // carries nothing but the failures of the set-up, which panic
	if _, err := train(t, ctx, learner(t, 2, 0.1), resumeExamples, nil, Options{Epochs: 2, BatchSize: 8, LearningRate: 1e-2, Seed: 3, CheckpointDir: dir, CheckpointEvery: 1}); err == nil {
		f.Fatal("a cancelled run has a result")
	}
	path := filepath.Join(dir, checkpointName)
	file, err := safetensors.Open(path)
	if err != nil {
		f.Fatal(err)
	}
	var entries []safetensors.Entry
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		values, err := tensor.Copy()
		if err != nil {
			f.Fatal(err)
		}
		entries = append(entries, safetensors.Entry{Name: name, Shape: tensor.Shape, DType: safetensors.F32, Values: values})
	}
	metadata := file.Metadata()
	delete(metadata, sumKey)
	f.Add(metadata["state"])
	f.Add(`{"step": 4, "epoch_loss": 1e308, "epochs": [{"epoch": 1}], "best": 1}`)
	f.Add(`{"step": 8, "epochs": [null, {}], "best": 2}`)
	f.Fuzz(func(t *testing.T, text string) {
		var s state
		if json.Unmarshal([]byte(text), &s) != nil || len(s.Epochs) > 3 {
			return
		}
		dir := t.TempDir()
		metadata["state"] = text
		if err := writeSummed(filepath.Join(dir, checkpointName), entries, metadata); err != nil {
			return // no UTF-8
		}
		o := Options{Epochs: 2, BatchSize: 8, LearningRate: 1e-2, Seed: 3, CheckpointDir: dir, CheckpointEvery: 1}
		result, err := train(t, ctx, learner(t, 2, 0.1), resumeExamples, nil, o)
		if err == nil && len(result.Epochs) != 2 {
			t.Fatalf("%q: %+v", text, result)
		}
	})
}
