package main

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/gbert"
	"bertlab/gbert/safetensors"
)

// withWeight copies a model's folder and changes one of its weights.
func withWeight(t *testing.T, dir, name string, change func(values []float32)) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "changed")
	if err := os.CopyFS(out, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Open(filepath.Join(dir, safetensors.WeightsName))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var entries []safetensors.Entry
	found := false
	for _, each := range file.Names() {
		tensor, _ := file.Tensor(each)
		values, err := tensor.Copy()
		if err != nil {
			t.Fatal(err)
		}
		if each == name {
			change(values)
			found = true
		}
		entries = append(entries, safetensors.Entry{Name: each, Shape: tensor.Shape, DType: safetensors.F32, Values: values})
	}
	if !found {
		t.Fatalf("no weight %s", name)
	}
	if err := safetensors.Write(filepath.Join(out, safetensors.WeightsName), entries, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

// commandsWithModel are calls of every command that computes with a model or writes one.
func commandsWithModel(t *testing.T, good, model, data, out string) map[string][]string {
	t.Helper()
	read := []string{"--task", "sst2", "--data", data}
	with := func(args []string, more ...[]string) []string {
		for _, m := range more {
			args = append(args, m...)
		}
		return append(args, "--model", model)
	}
	target := []string{"--out", out}
	quick := []string{"--no-memory", "--batches", "1", "--length", "8", "--repeats", "1", "--out", filepath.Join(filepath.Dir(out), "results")}
	return map[string][]string{
		"eval":              with([]string{"eval"}, read),
		"importance":        with([]string{"heads", "importance"}, read),
		"importance tokens": with([]string{"heads", "importance", "--variant", "token"}, read),
		"ablate":            with([]string{"heads", "ablate"}, read),
		"keep one":          with([]string{"heads", "ablate", "--keep-one"}, read),
		"prune":             with([]string{"heads", "prune", "--fraction", "0.3"}, read, target),
		"prune by name":     with([]string{"heads", "prune", "--remove", "0:1"}, target),
		"prune at random":   with([]string{"heads", "prune", "--fraction", "0.3", "--order", "random"}, target),
		"similarity":        with([]string{"layers", "similarity"}, read),
		"drop":              with([]string{"layers", "drop", "--strategy", "top", "--k", "1"}, target),
		"tucker":            with([]string{"tucker", "--form", "svd", "--ratio", "0.5"}, target),
		"bank":              with([]string{"tucker", "--form", "bank", "--rank", "2-4"}, target),
		"share":             with([]string{"share", "--what", "attention", "--groups", "1"}, target),
		"word table":        with([]string{"share", "--embedding", "4"}, target),
		"profile":           with([]string{"profile", "--batch", "1", "--length", "8", "--repeats", "1"}),
		"finetune":          with([]string{"finetune", "--task", "sst2", "--train", data, "--dev", data, "--epochs", "1", "--keep-head"}, target),
		"movement":          with([]string{"movement", "--method", "movement", "--remaining", "0.5", "--task", "sst2", "--train", data, "--dev", data, "--epochs", "1"}, target),
		"export":            with([]string{"export", "--dense"}, target),
		"export compact":    with([]string{"export", "--compact"}, target),
		"export float16":    with([]string{"export", "--dense", "--float16"}, target),
		"compare":           slices.Concat([]string{"compare", good, model}, quick, read),
		"compare first":     slices.Concat([]string{"compare", model, good}, quick, read),
		"recipe":            with([]string{"recipe", "layers-distil-float16", "--quick"}, read, target),
		"landscape":         append([]string{"landscape", "--from", model, "--to", model, "--grid", "3"}, read...),
	}
}

func TestEveryCommandRefusesAWeightThatIsNotFiniteByItsName(t *testing.T) {
	const name = "bert.encoder.layer.1.output.dense.weight"
	data := reviews(t, 8)
	for what, value := range map[string]float64{"NaN": math.NaN(), "-Inf": math.Inf(-1)} {
		good := tinyModel(t, 2)
		model := withWeight(t, good, name, func(values []float32) { values[24+3] = float32(value) })
		out := filepath.Join(t.TempDir(), "out")
		for command, args := range commandsWithModel(t, good, model, data, out) {
			t.Run(what+" "+command, func(t *testing.T) {
				c := bertlab(t, append(args, "--json")...)
				c.fails(exitFailure, name+" is not finite in 1 of 384 values, first "+what+" at [1 3]")
				if output.Exists(filepath.Join(out, "config.json")) {
					t.Errorf("%s wrote a model", command)
				}
				if err := os.RemoveAll(out); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

func TestLogitsThatAreNotFiniteAreCalledThat(t *testing.T) {
	data := reviews(t, 8)
	good := tinyModel(t, 2)
	huge := withWeight(t, good, "classifier.weight", func(values []float32) {
		for i := range values {
			values[i] = 3e38
		}
	})
	out := filepath.Join(t.TempDir(), "out")
	commands := commandsWithModel(t, good, huge, data, out)
	for _, command := range []string{"eval", "ablate", "keep one", "compare", "landscape"} {
		bertlab(t, append(commands[command], "--json")...).fails(exitFailure, "of example ", "on the way to it numbers grew beyond what float32 holds")
	}
	for _, command := range []string{"importance", "importance tokens", "prune"} {
		bertlab(t, append(commands[command], "--json")...).fails(exitFailure, "of head 0:0 is ", "on the way to it numbers grew beyond")
	}
	bertlab(t, append(commands["finetune"], "--json")...).fails(exitFailure, "the loss is", "diverged")
	if output.Exists(filepath.Join(out, safetensors.WeightsName)) {
		t.Error("a model was written")
	}
}

func TestHalfPrecisionThatWouldOverflowIsRefusedByTheWeightWithTheLargestValue(t *testing.T) {
	dir := tinyModel(t, 2)
	for value, refused := range map[float32]bool{65504: false, 65519.9: false, 65520: true, -1e6: true} {
		model := withWeight(t, withWeight(t, dir, "classifier.bias", func(values []float32) { values[1] = value }), "bert.pooler.dense.bias", func(values []float32) { values[0] = 65000 })
		out := filepath.Join(t.TempDir(), "out")
		c := bertlab(t, "export", "--dense", "--float16", "--model", model, "--out", out, "--json")
		if !refused {
			c.document()
			continue
		}
		c.fails(exitFailure, "classifier.bias has a value of size", "half precision ends at 65504: save in float32")
		if output.Exists(out) {
			t.Errorf("%g: the folder was made", value)
		}
	}
}

func TestTensorsWithWhichNothingIsComputedMayHoldAnything(t *testing.T) {
	dir := tinyModel(t, 2)
	file, err := safetensors.Open(filepath.Join(dir, safetensors.WeightsName))
	if err != nil {
		t.Fatal(err)
	}
	var entries []safetensors.Entry
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		values, err := tensor.Copy()
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, safetensors.Entry{Name: name, Shape: tensor.Shape, DType: safetensors.F32, Values: values})
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	entries = append(entries, safetensors.Entry{Name: "scores", Shape: []int{3}, DType: safetensors.F32, Values: []float32{float32(math.NaN()), float32(math.Inf(1)), 1}})
	other := filepath.Join(t.TempDir(), "other")
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := safetensors.Write(filepath.Join(other, safetensors.WeightsName), entries, nil); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	bertlab(t, "eval", "--model", other, "--task", "sst2", "--data", reviews(t, 8), "--json").document()
	c := bertlab(t, "heads", "prune", "--remove", "0:1", "--float16", "--model", other, "--out", out, "--json")
	c.document()
	if !strings.Contains(c.stderr, "scores") {
		t.Errorf("the tensor is not named: %s", c.stderr)
	}
	model, err := gbert.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if !reflect.DeepEqual(model.Carried(), []string{"scores"}) {
		t.Errorf("carried %v", model.Carried())
	}
}

func TestABankOfAModelWithAMatrixOfZerosPrintsADocument(t *testing.T) {
	for _, name := range []string{"intermediate.dense", "attention.self.query", "output.dense"} {
		zeros := withWeight(t, tinyModel(t, 2), "bert.encoder.layer.0."+name+".weight", func(values []float32) { clear(values) })
		for form, rank := range map[string]string{"bank": "2-4", "shared": "4", "svd": "4"} {
			document := bertlab(t, "tucker", "--form", form, "--rank", rank, "--model", zeros, "--out", filepath.Join(t.TempDir(), "out"), "--json").document()
			maps, _ := document["maps"].([]any)
			for _, m := range maps {
				if e, ok := m.(map[string]any)["relative_error"].(float64); ok && !(e >= 0) {
					t.Errorf("%s: %v", form, m)
				}
			}
			if len(maps) != 18 {
				t.Errorf("%s: %d maps", form, len(maps))
			}
		}
	}
}
