package main

import (
	"math"
	"path/filepath"
	"testing"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert"
	"bertlab/internal/testbed"
	"bertlab/techniques/quantise"
)

func TestAQuantisedModelIsJudgedAndExportedAsAnyOther(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 24)
	eval := func(t *testing.T, model string, more ...string) []line {
		file := filepath.Join(t.TempDir(), "predictions.jsonl")
		bertlab(t, append([]string{"eval", "--model", model, "--task", "sst2", "--data", data, "--predictions", file, "--json"}, more...)...).document()
		return readPredictions(t, file)
	}
	whole := eval(t, model)
	for method, arguments := range map[string][]string{
		"dynamic": nil, "row": {"--keep-float", "ffn_out,words"}, "weights": nil,
		"static": {"--calibration", "mse", "--calibrate", "8", "--task", "sst2", "--data", data, "--keep-float", "auto"},
		"qat":    {"--inputs", "static", "--keep-head", "--epochs", "1", "--task", "sst2", "--train", data, "--lr", "1e-4"},
	} {
		t.Run(method, func(t *testing.T) {
			out, plain, graphs := filepath.Join(t.TempDir(), "int8"), filepath.Join(t.TempDir(), "plain"), filepath.Join(t.TempDir(), "graphs")
			document := bertlab(t, append([]string{"quantise", "--method", method, "--model", model, "--out", out, "--json"}, arguments...)...).document()
			if number(t, document, "bytes") >= number(t, document, "bytes_before") || document["method"] != method || document["out"] != out {
				t.Errorf("%v", document)
			}
			kept := 0
			for _, m := range document["quantised"].(map[string]any)["maps"].([]any) {
				if m.(map[string]any)["int8"] == false {
					kept++
				}
			}
			if sensitivity := document["sensitivity"]; method == "row" && kept != 4 || method == "dynamic" && kept != 0 || (method == "static") != (sensitivity != nil) {
				t.Errorf("%d maps stay in float32; sensitivity %v", kept, sensitivity)
			}
			loaded, err := gbert.Load(out)
			if err != nil {
				t.Fatal(err)
			}
			defer loaded.Close()
			if err := quantise.Check(loaded); err == nil {
				t.Error("nothing is quantised")
			}
			got := eval(t, out)
			sameLogits(t, got, whole, 0.2)
			bertlab(t, "export", "--dense", "--model", out, "--out", plain, "--json").document()
			sameLogits(t, eval(t, plain), got, map[bool]float64{true: 1e-4, false: 0.2}[method == "weights"])
			bertlab(t, "export", "--onnx", "--model", out, "--out", graphs, "--json").document()
			sameLogits(t, eval(t, graphs), got, 0)
			bertlab(t, "quantise", "--model", out, "--out", filepath.Join(t.TempDir(), "twice")).fails(exitFailure, "already", "make it dense first (bertlab export --dense)")
		})
	}
}

func TestAQuantisedModelInONNXRuntimeIsTheSimulatedOne(t *testing.T) {
	testbed.ONNXRuntime(t)
	model, data := tinyModel(t, 2), reviews(t, 24)
	for _, method := range workbench.QuantiseMethods[:4] {
		out := filepath.Join(t.TempDir(), "int8")
		bertlab(t, "quantise", "--method", method, "--model", model, "--out", out, "--task", "sst2", "--data", data, "--json").document()
		var lines [2][]line
		for i, runtime := range []string{"xla", "onnx"} {
			file := filepath.Join(t.TempDir(), "predictions.jsonl")
			bertlab(t, "eval", "--model", out, "--task", "sst2", "--data", data, "--runtime", runtime, "--predictions", file, "--json").document()
			lines[i] = readPredictions(t, file)
		}
		sameLogits(t, lines[0], lines[1], 0.02)
	}
}

func TestWrongCallsOfQuantise(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	empty := write(t, "empty.tsv", "sentence\tlabel\n")
	for name, test := range map[string]struct {
		args     []string
		status   int
		mentions []string
	}{
		"unknown method":          {[]string{"--method", "int4"}, exitWrongCall, []string{"--method int4", "dynamic"}},
		"unknown inputs":          {[]string{"--method", "qat", "--inputs", "few"}, exitWrongCall, []string{"--inputs few"}},
		"inputs without training": {[]string{"--inputs", "row"}, exitWrongCall, []string{"--inputs", "qat"}},
		"epochs without training": {[]string{"--epochs", "2"}, exitWrongCall, []string{"--epochs", "qat"}},
		"unknown role":            {[]string{"--keep-float", "ffn_mid"}, exitWrongCall, []string{"--keep-float ffn_mid", "ffn_in", "words"}},
		"auto and roles":          {[]string{"--keep-float", "auto,words"}, exitWrongCall, []string{"auto alone"}},
		"empty draw":              {[]string{"--method", "static", "--calibrate", "0", "--task", "sst2", "--data", data}, exitWrongCall, []string{"--calibrate 0", "at least 1"}},
		"empty file":              {[]string{"--method", "static", "--task", "sst2", "--data", empty}, exitFailure, []string{"empty.tsv"}},
		"unknown rule":            {[]string{"--method", "static", "--calibration", "entropy"}, exitWrongCall, []string{"--calibration entropy", "percentile"}},
		"percentile of nothing":   {[]string{"--method", "static", "--calibration", "percentile:3"}, exitWrongCall, []string{"percentile of 3"}},
		"rule without ranges":     {[]string{"--calibration", "mse"}, exitWrongCall, []string{"--method static"}},
		"everything kept":         {[]string{"--keep-float", "query,key,value,attention_output,ffn_in,ffn_out,words"}, exitFailure, []string{"no map is left"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "int8")
			bertlab(t, append([]string{"quantise", "--model", model, "--out", out}, test.args...)...).fails(test.status, test.mentions...)
			if output.Exists(out) {
				t.Error("something was written")
			}
		})
	}
	broken := withWeight(t, model, "bert.encoder.layer.0.intermediate.dense.weight", func(values []float32) { values[0] = float32(math.NaN()) })
	bertlab(t, "quantise", "--model", broken, "--out", filepath.Join(t.TempDir(), "int8")).fails(exitFailure, "intermediate.dense.weight is not finite")
}
