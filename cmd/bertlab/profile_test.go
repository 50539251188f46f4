package main

import (
	"path/filepath"
	"strings"
	"testing"

	"bertlab/internal/testbed"
)

func TestProfileOfAPrunedModelBesideItsOriginal(t *testing.T) {
	model, pruned := tinyModel(t, 2), filepath.Join(t.TempDir(), "pruned")
	bertlab(t, "heads", "prune", "--model", model, "--remove", "0:3,1;2:0,1,2,3", "--out", pruned, "--json").document()
	document := bertlab(t, "profile", "--model", pruned, "--baseline", model, "--batch", "1,3", "--length", "8,32", "--repeats", "2", "--json").document()
	cells, before := document["cells"].([]any), document["baseline"].(map[string]any)["cells"].([]any)
	if len(cells) != 4 || len(before) != 4 {
		t.Fatalf("%d and %d cells, want 2 batch sizes × 2 lengths", len(cells), len(before))
	}
	sum := 0.0
	for _, c := range document["parameters"].(map[string]any)["components"].([]any) {
		sum += number(t, c.(map[string]any), "parameters")
	}
	if sum != number(t, document, "model", "parameters") || sum != number(t, document, "parameters", "total") || sum != number(t, document, "parameters", "file", "values") {
		t.Errorf("components have %g parameters, the model %g, its file %v", sum, number(t, document, "model", "parameters"), document["parameters"])
	}
	if sum >= number(t, document, "baseline", "parameters", "total") {
		t.Error("the pruned model is not smaller")
	}
	for i := range cells {
		cell, whole := cells[i].(map[string]any), before[i].(map[string]any)
		macs, seconds := 0.0, 0.0
		for _, c := range cell["components"].([]any) {
			macs += number(t, c.(map[string]any), "macs")
			seconds += number(t, c.(map[string]any), "seconds", "median")
		}
		if macs != number(t, cell, "macs") || macs != number(t, cell, "graph_macs") || macs >= number(t, whole, "macs") {
			t.Errorf("components compute %g operations, the cell %v, in its graph %v, the original %v", macs, cell["macs"], cell["graph_macs"], whole["macs"])
		}
		if got := number(t, cell, "seconds", "median") - number(t, cell, "remainder_seconds"); got < seconds-1e-9 || got > seconds+1e-9 {
			t.Errorf("components take %g s, the pass without the remainder %g s", seconds, got)
		}
	}
	for _, key := range []string{"pass", "threads", "call_seconds", "backend", "machine", "versions", "seconds"} {
		if document[key] == nil {
			t.Errorf("the document does not say %s", key)
		}
	}
	if c := bertlab(t, "profile", "--model", pruned, "--baseline", model, "--batch", "2", "--length", "4", "--repeats", "1"); c.status != exitSuccess {
		t.Errorf("%s%s", c.stdout, c.stderr)
	}
}

func TestWrongCallsOfProfileSayWhatIsPossible(t *testing.T) {
	model := tinyModel(t, 0)
	for name, test := range map[string]struct {
		args     []string
		mentions []string
	}{
		"no batch":      {[]string{"--batch", "0"}, []string{"--batch 0", "1"}},
		"too long":      {[]string{"--length", "8,33"}, []string{"--length 33", "1…32"}},
		"no repeats":    {[]string{"--repeats", "0"}, []string{"--repeats 0"}},
		"negative time": {[]string{"--cell-seconds", "-1"}, []string{"--cell-seconds -1"}},
		"no number":     {[]string{"--batch", "one"}, []string{"--batch"}},
	} {
		t.Run(name, func(t *testing.T) {
			bertlab(t, append([]string{"profile", "--model", model, "--length", "8"}, test.args...)...).fails(exitWrongCall, test.mentions...)
		})
	}
}

func TestProfileOfTheWholePassInONNXRuntime(t *testing.T) {
	testbed.ONNXRuntime(t) // or skip
	model, pruned := tinyModel(t, 2), filepath.Join(t.TempDir(), "pruned")
	bertlab(t, "heads", "prune", "--model", model, "--remove", "0:3,1;2:0,1,2,3", "--out", pruned, "--json").document()
	inXLA := bertlab(t, "profile", "--model", pruned, "--batch", "3", "--length", "8", "--repeats", "1", "--json").document()["cells"].([]any)[0].(map[string]any)
	for _, runtime := range []string{"onnx", "onnx-int8"} {
		args := []string{"profile", "--runtime", runtime, "--model", pruned, "--baseline", model, "--batch", "3,1", "--length", "8", "--repeats", "4"}
		document := bertlab(t, append(args, "--json")...).document()
		used, cells := document["runtime"].(map[string]any), document["cells"].([]any)
		if used["name"] != runtime || used["library"] == "" || used["version"] == "" || len(cells) != 2 || document["backend"] != nil {
			t.Fatalf("%s: %v", runtime, document)
		}
		if number(t, document, "model", "parameters") != number(t, document, "parameters", "total") || number(t, document, "open_seconds") <= 0 {
			t.Errorf("%s: %v", runtime, document["parameters"])
		}
		before := document["baseline"].(map[string]any)["cells"].([]any)
		for i, batch := range []float64{1, 3} {
			cell, whole := cells[i].(map[string]any), before[i].(map[string]any)
			low, median, high := number(t, cell, "seconds", "low"), number(t, cell, "seconds", "median"), number(t, cell, "seconds", "high")
			if cell["batch"] != batch || cell["repeats"] != 4.0 || !(0 < low && low <= median && median <= high) || number(t, whole, "seconds", "median") <= 0 {
				t.Errorf("%s: %v", runtime, cell)
			}
			if number(t, cell, "macs") >= number(t, whole, "macs") || batch == 3 && cell["macs"] != inXLA["macs"] {
				t.Errorf("%s: %v operations, the original %v, in XLA %v", runtime, cell["macs"], whole["macs"], inXLA["macs"])
			}
		}
		if c := bertlab(t, args...); c.status != exitSuccess || !strings.Contains(c.stdout, "whole pass") || !strings.Contains(c.stdout, runtime+", ONNX Runtime") || !strings.Contains(c.stdout, "faster") {
			t.Errorf("%s%s", c.stdout, c.stderr)
		}
	}
	bertlab(t, "profile", "--model", model, "--runtime", "onnx", "--length", "33").fails(exitWrongCall, "--length 33", "1…32")
	bertlab(t, "profile", "--model", model, "--runtime", "tpu").fails(exitWrongCall, "--runtime", "onnx-int8")
	t.Setenv("BERTLAB_ONNXRUNTIME", filepath.Join(t.TempDir(), "none"))
	bertlab(t, "profile", "--model", model, "--runtime", "onnx", "--length", "8").fails(exitFailure, "BERTLAB_ONNXRUNTIME")
}
