package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/internal/testbed"
)

func TestModelsAreComparedInEachRuntime(t *testing.T) {
	testbed.ONNXRuntime(t) // or skip
	untrained, data, out := tinyModel(t, 2), reviews(t, 20), t.TempDir()
	model, fewer := filepath.Join(t.TempDir(), "trained"), filepath.Join(t.TempDir(), "fewer")
	bertlab(t, "finetune", "--model", untrained, "--task", "sst2", "--train", data, "--batch", "8", "--epochs", "15", "--lr", "1e-2", "--out", model, "--json").document()
	bertlab(t, "heads", "prune", "--remove", "0:1", "--model", untrained, "--out", fewer, "--json").document()
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
	adviseByRuntime(t, out, models)
	bertlab(t, "compare", model, fewer, "--task", "sst2", "--data", data, "--runtimes", "xla,tpu", "--out", out).fails(exitWrongCall, "--runtimes", "tpu", "onnx-int8")
	bertlab(t, "compare", model, fewer, "--task", "sst2", "--data", data, "--runtimes", "onnx,onnx", "--out", out).fails(exitWrongCall, "named twice")
}

// adviseByRuntime asks for a model within a size that lets the whole one in as safetensors, and as a graph of ONNX only the one with
// fewer heads: of the models, which are compared in three runtimes, another is right in each.
func adviseByRuntime(t *testing.T, results string, models []any) {
	t.Helper()
	size := func(i int) float64 { return number(t, models[i].(map[string]any), "sizes", "stored") }
	limit := size(4) // of the one with fewer heads, in ONNX Runtime
	if !(size(0) <= limit && limit < size(1)) {
		t.Fatalf("the files take %g, %g and %g bytes: no size tells them apart", size(0), size(1), limit)
	}
	advise := []string{"advise", "--from", results, "--max-size", fmt.Sprintf("%.0fB", limit)}
	document := bertlab(t, append(advise, "--json")...).document()
	within := map[string]any{}
	for _, entry := range document["runtimes"].([]any) {
		e := entry.(map[string]any)
		within[e["runtime"].(string)] = e["best"]
	}
	original, fewer := models[0].(map[string]any)["name"], models[4].(map[string]any)["name"]
	if within["xla"] != original || within["onnx"] != fewer || document["best"] != original {
		t.Errorf("the answers are %v, in all %v; want %v in xla and %v in onnx", within, document["best"], original, fewer)
	}
	if alone := bertlab(t, append(advise, "--runtime", "onnx", "--json")...).document(); alone["best"] != fewer || len(alone["candidates"].([]any)) != 2 {
		t.Errorf("in ONNX Runtime alone: %v of %v", alone["best"], alone["candidates"])
	}
	if told := bertlab(t, advise...); told.status != exitSuccess || !strings.Contains(told.stdout, "in onnx ") || !strings.Contains(told.stdout, "take "+fewer.(string)) {
		t.Errorf("%s%s", told.stdout, told.stderr)
	}
	bertlab(t, append(advise, "--runtime", "tpu")...).fails(exitWrongCall, "--runtime", "onnx-int8")
}
