package main

import (
	"path/filepath"
	"strings"
	"testing"

	"bertlab/internal/testbed"
)

func TestModelsAreComparedInEachRuntime(t *testing.T) {
	testbed.ONNXRuntime(t) // or skip
	model, data, out := tinyModel(t, 2), reviews(t, 20), t.TempDir()
	fewer := filepath.Join(t.TempDir(), "fewer")
	bertlab(t, "heads", "prune", "--remove", "0:1", "--model", model, "--out", fewer, "--json").document()
	document := bertlab(t, "compare", model, fewer, "--task", "sst2", "--data", data, "--runtimes", "xla,onnx,onnx-int8", "--batches", "2", "--length", "8", "--repeats", "2",
		"--no-memory", "--out", out, "--json").document()
	models := document["models"].([]any)
	if len(models) != 6 {
		t.Fatalf("%d models", len(models))
	}
	for i, entry := range models {
		m := entry.(map[string]any)
		runtime := []string{"xla", "onnx", "onnx-int8"}[i%3]
		if !strings.HasSuffix(m["name"].(string), ", "+runtime) || number(t, m, "sizes", "stored") <= 0 {
			t.Errorf("model %d: %v, %v", i, m["name"], m["sizes"])
		}
		if apart := number(t, m, "largest_logit_difference"); runtime == "onnx" && i < 3 && apart > 1e-4 || runtime == "onnx-int8" && i < 3 && apart == 0 {
			t.Errorf("%v: logits differ by %g", m["name"], apart)
		}
	}
	bertlab(t, "compare", model, fewer, "--task", "sst2", "--data", data, "--runtimes", "xla,tpu", "--out", out).fails(exitWrongCall, "--runtimes", "tpu", "onnx-int8")
	bertlab(t, "compare", model, fewer, "--task", "sst2", "--data", data, "--runtimes", "onnx,onnx", "--out", out).fails(exitWrongCall, "named twice")
}
