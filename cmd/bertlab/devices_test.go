package main

import (
	"bytes"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"bertlab/internal/testbed"
)

// onXLA runs the program on XLA's CPU plugin, where there is one, in this process.
func onXLA(t *testing.T, args ...string) ended {
	t.Helper()
	testbed.XLA(t)
	t.Setenv("BERTLAB_OFFLINE", "1")
	var stdout, stderr bytes.Buffer
	args = append(args, "--backend", "xla:cpu")
	return ended{t, args, run(t.Context(), args, &stdout, &stderr), stdout.String(), stderr.String()}
}

// withDevices are calls of every command that takes --devices, without it.
func withDevices(t *testing.T) map[string][]string {
	model, data, dir := tinyModel(t, 2), reviews(t, 21), t.TempDir()
	from := []string{"--model", model, "--task", "sst2", "--data", data, "--max-length", "16", "--batch", "4", "--json"}
	train := []string{"--model", model, "--task", "sst2", "--train", data, "--dev", data, "--epochs", "1", "--lr", "1e-3", "--max-length", "16", "--json", "--out"}
	return map[string][]string{
		"eval":       append([]string{"eval"}, from...),
		"importance": append([]string{"heads", "importance"}, from...),
		"ablate":     append([]string{"heads", "ablate"}, from...),
		"prune":      append([]string{"heads", "prune", "--fraction", "0.3", "--out", filepath.Join(dir, "pruned")}, from...),
		"similarity": append([]string{"layers", "similarity"}, from...),
		"landscape":  {"landscape", "--from", tinyModel(t, 0), "--to", model, "--task", "sst2", "--data", data, "--grid", "3", "--batch", "4", "--json"},
		"finetune":   append(append([]string{"finetune"}, train...), filepath.Join(dir, "tuned")),
		"movement":   append(append([]string{"movement", "--remaining", "0.5"}, train...), filepath.Join(dir, "sparse")),
		"qat":        append(append([]string{"quantise", "--method", "qat"}, train...), filepath.Join(dir, "int8")),
	}
}

func TestEveryCommandRefusesMoreDevicesThanThereAre(t *testing.T) {
	for name, args := range withDevices(t) {
		t.Run(name, func(t *testing.T) {
			bertlab(t, append(slices.Clone(args), "--devices", "2")...).fails(exitWrongCall, "--devices 2", "go has 1", "bertlab doctor")
			bertlab(t, append(slices.Clone(args), "--devices", "0")...).fails(exitWrongCall, "--devices 0", "at least 1")
			bertlab(t, append(slices.Clone(args), "--devices", "-1")...).fails(exitWrongCall, "--devices -1", "at least 1")
		})
	}
	bertlab(t, "eval", "--model", tinyModel(t, 2), "--runtime", "onnx", "--devices", "2").fails(exitWrongCall, "--devices 2", "--runtime xla")
}

func TestCommandsSayTheSameOnSeveralDevices(t *testing.T) {
	numbers := map[string][]string{
		"eval": {"loss"}, "importance": {"importance"}, "ablate": {"heads"}, "similarity": {"matrix"}, "landscape": {"sets"}, "finetune": {"dev", "loss"}, "movement": {"dev", "loss"},
	}
	calls := withDevices(t)
	for name, path := range numbers {
		t.Run(name, func(t *testing.T) {
			on := func(devices string) (list []float64) {
				args := append(slices.Clone(calls[name]), "--devices", devices)
				if name == "finetune" || name == "movement" {
					args = append(args, "--overwrite")
				}
				var value any = onXLA(t, args...).document()
				for _, key := range path {
					value = value.(map[string]any)[key]
				}
				return flattened(value, nil)
			}
			want := on("1")
			if len(want) == 0 {
				t.Fatal("no numbers")
			}
			several := []string{"2", "4"}
			if name == "finetune" || name == "movement" { // the programs of a training on several devices take seconds to compile
				several = several[:1]
			}
			for _, devices := range several {
				got := on(devices)
				if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(b)) }) {
					t.Errorf("%s devices: %v, one: %v", devices, got, want)
				}
			}
		})
	}
}

// flattened are all numbers of a JSON value.
func flattened(value any, list []float64) []float64 {
	switch value := value.(type) {
	case float64:
		list = append(list, value)
	case []any:
		for _, part := range value {
			list = flattened(part, list)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			list = flattened(value[key], list)
		}
	}
	return list
}
