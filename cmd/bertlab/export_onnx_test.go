package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/onnx"
	"bertlab/internal/testbed"
)

func TestAnExportedGraphIsReadAgainAndComputesTheSame(t *testing.T) {
	testbed.ONNXRuntime(t)
	model, data := tinyModel(t, 2), reviews(t, 24)
	out := filepath.Join(t.TempDir(), "deploy")
	document := bertlab(t, "export", "--onnx", "--int8", "--model", model, "--out", out, "--json").document()
	graphs, _ := document["graphs"].(map[string]any)
	for _, name := range []string{"onnx/model.onnx", "onnx/model_quantized.onnx"} {
		file, err := os.Stat(filepath.Join(out, name))
		if err != nil || graphs[name] != float64(file.Size()) {
			t.Errorf("%s: %v bytes in %v, %v", name, graphs[name], document, err)
		}
	}
	loss := func(arguments ...string) float64 {
		return number(t, bertlab(t, append(arguments, "--task", "sst2", "--data", data, "--json")...).document(), "loss")
	}
	want := loss("eval", "--model", model)
	for name, got := range map[string]float64{
		"the folder": loss("eval", "--model", out), "ONNX Runtime": loss("eval", "--model", model, "--runtime", "onnx"),
		"ONNX Runtime of the folder": loss("eval", "--model", out, "--runtime", "onnx"),
	} {
		if !(math.Abs(got-want) <= 1e-5) {
			t.Errorf("%s: the loss is %g, not %g", name, got, want)
		}
	}
	if got := loss("eval", "--model", model, "--runtime", "onnx-int8"); !(math.Abs(got-want) <= 0.02) {
		t.Errorf("with whole numbers the loss is %g, not about %g", got, want)
	}
	asked := bertlab(t, "predict", "--model", model, "--runtime", "onnx", "--json", "good film").document()
	if used, _ := asked["runtime"].(map[string]any); used["name"] != "onnx" || used["library"] == "" {
		t.Errorf("the runtime is %v", asked["runtime"])
	}
}

func TestBadCallsOfGraphs(t *testing.T) {
	model, out := tinyModel(t, 2), filepath.Join(t.TempDir(), "deploy")
	export := func(flags ...string) ended {
		return bertlab(t, append([]string{"export", "--model", model, "--out", out}, flags...)...)
	}
	export("--int8").fails(exitWrongCall, "--onnx")
	export("--opset", "17").fails(exitWrongCall, "--onnx")
	export("--onnx", "--opset", "12").fails(exitWrongCall, "--opset 12", "13")
	export("--onnx", "--opset", strconv.Itoa(onnx.MaxOpset+1)).fails(exitWrongCall, fmt.Sprintf("--opset %d", onnx.MaxOpset+1), strconv.Itoa(onnx.MaxOpset))
	export("--onnx", "--opset", "99").fails(exitWrongCall, "--opset 99")
	export("--onnx", "--compact").fails(exitWrongCall, "--compact")
	bertlab(t, "eval", "--model", model, "--runtime", "tensorrt").fails(exitWrongCall, "--runtime", "onnx-int8")
	bertlab(t, "eval", "--model", model, "--runtime", "onnx", "--mask-heads", "0:1").fails(exitWrongCall, "--mask-heads", "xla")
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused call left a folder")
	}
	t.Setenv("BERTLAB_ONNXRUNTIME", filepath.Join(t.TempDir(), "none"))
	bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", reviews(t, 24), "--runtime", "onnx").fails(exitFailure, "BERTLAB_ONNXRUNTIME")
	library := filepath.Join(t.TempDir(), "libonnxruntime.so.1.32.0")
	if err := os.WriteFile(library, []byte(strings.Repeat("no library ", 200_000)), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BERTLAB_ONNXRUNTIME", library)
	bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", reviews(t, 24), "--runtime", "onnx").fails(exitFailure, "not a whole shared library")
	old := filepath.Join(t.TempDir(), "libonnxruntime.so.1.20.0")
	if err := os.Rename(library, old); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BERTLAB_ONNXRUNTIME", filepath.Dir(old))
	bertlab(t, "predict", "--model", model, "--runtime", "onnx", "good").fails(exitFailure, "no libonnxruntime.so of version 1.24 or newer")
}

// Every form becomes a graph; what cannot are values that its numbers do not hold, and those that are none.
func TestAModelThatCannotBecomeAGraphLeavesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		value    float32
		flags    []string
		mentions []string
	}{
		"half precision": {70000, []string{"--float16"}, []string{"value.weight", "65504", "float32"}},
		"not a number":   {float32(math.NaN()), nil, []string{"value.weight", "finite"}},
		"infinite, int8": {float32(math.Inf(1)), []string{"--int8"}, []string{"value.weight", "finite"}},
	} {
		t.Run(name, func(t *testing.T) {
			model, out := withWeight(t, tinyModel(t, 2), gbert.WeightName(1, gbert.Value), func(values []float32) { values[0] = test.value }), filepath.Join(t.TempDir(), "deploy")
			bertlab(t, append([]string{"export", "--onnx", "--model", model, "--out", out}, test.flags...)...).fails(exitFailure, test.mentions...)
			if _, err := os.Stat(out); err == nil {
				t.Error("a folder was left")
			}
		})
	}
}
