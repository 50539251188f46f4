package main

import (
	"bertlab/cmd/bertlab/internal/output"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reviewFolder is a folder with a train and a dev file.
func reviewFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Dir(reviews(t, 40))
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.Link(filepath.Join(dir, "reviews.tsv"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRecipesMakeModelsThatAreComparedAndAdvised(t *testing.T) {
	model, data, dir := tinyModel(t, 0), reviewFolder(t), t.TempDir()
	original := write(t, "original.yaml", "steps:\n - fine-tune: {epochs: 2, batch: 8, learning-rate: 0.01, max-length: 16}")
	small := write(t, "small.yaml", "title: Small\nsteps:\n - fine-tune: {epochs: 2, batch: 8, learning-rate: 0.01, max-length: 16}\n - drop-layers: {count: 1}\n - store: float16")
	folders := map[string]string{}
	for name, file := range map[string]string{"original": original, "small": small} {
		folders[name] = filepath.Join(dir, name)
		document := bertlab(t, "recipe", file, "--model", model, "--task", "sst2", "--data", data, "--steps", filepath.Join(dir, "steps"), "--out", folders[name], "--json").document()
		if document["recipe"] != name || number(t, document, "parameters") <= 0 || output.Exists(filepath.Join(folders[name], output.CheckpointFolder)) {
			t.Errorf("%v", document)
		}
	}
	bertlab(t, "recipe", small, "--model", model, "--task", "sst2", "--data", data, "--out", folders["small"]).fails(exitWrongCall, "--overwrite")
	if c := bertlab(t, "recipe", small, "--model", model, "--task", "sst2", "--data", data, "--out", folders["small"], "--quick", "--overwrite"); c.status != exitSuccess || !strings.Contains(c.stdout, "stored as float16") {
		t.Errorf("%s%s", c.stdout, c.stderr)
	}

	results := filepath.Join(dir, "results")
	advise := []string{"advise", "--from", results, "--json"}
	bertlab(t, advise...).fails(exitFailure, "reproduce recipes", "bertlab compare")
	compare := []string{"compare", folders["original"], folders["small"], "--task", "sst2", "--data", filepath.Join(data, "dev.tsv"), "--batches", "1,2", "--length", "8", "--repeats", "2", "--no-memory", "--out", results, "--json"}
	document := bertlab(t, compare...).document()
	models := document["models"].([]any)
	if len(models) != 2 || models[1].(map[string]any)["name"] != "small" || models[1].(map[string]any)["retrained"] != false || !output.Exists(document["report"].(string)) {
		t.Errorf("%v", document)
	}
	advice := bertlab(t, append(advise, "--max-size", "1GB", "--max-drop", "99", "--max-latency", "1h", "--retrain", "no")...).document()
	if advice["best"] != "small" || advice["certain"] != true || advice["from"] != filepath.Join(results, "compare.json") {
		t.Errorf("%v", advice)
	}
	if c := bertlab(t, "advise", "--from", results, "--max-size", "10B"); c.status != exitSuccess || !strings.Contains(c.stdout, "none fits") || !strings.Contains(c.stdout, filepath.Join(results, "compare.json")) {
		t.Errorf("%s%s", c.stdout, c.stderr)
	}
}

func TestAProcessOfItsOwnTellsItsMemory(t *testing.T) {
	document := bertlab(t, "measure-memory", `{"dir": "`+tinyModel(t, 2)+`", "backend": "go", "batch": 2, "length": 8}`).document()
	if number(t, document, "peak") <= 0 {
		t.Errorf("%v", document)
	}
}

func TestWrongCallsOfRecipesCompareAndAdvise(t *testing.T) {
	model := tinyModel(t, 2)
	mistaken := write(t, "mistaken.yaml", "steps:\n - fine-tune\n - drop-layers: {strategy: middle, count: 1}")
	deep := write(t, "deep.yaml", "steps:\n - fine-tune\n - drop-layers: {count: 3}")
	out := filepath.Join(t.TempDir(), "x")
	for _, test := range []struct {
		mentions string
		args     []string
	}{
		{"mistaken.yaml:3", []string{"recipe", mistaken, "--out", out}},
		{"deep.yaml:3", []string{"recipe", deep, "--model", model, "--task", "sst2", "--data", reviewFolder(t), "--out", out}},
		{"fine-tuned", []string{"recipe", "no-such-recipe", "--out", out}},
		{"--out", []string{"recipe", "fine-tuned"}},
		{"arg", []string{"recipe"}},
		{"arg", []string{"compare", model}},
		{"batch size 0", []string{"compare", model, model, "--batches", "0"}},
		{"original first", []string{"compare", model, model, "--model", model}},
		{"--retrain perhaps", []string{"advise", "--retrain", "perhaps"}},
		{"--max-latency -5ms", []string{"advise", "--max-latency", "-5ms"}},
		{"40MB", []string{"advise", "--max-size", "big"}},
		{"--max-drop 200", []string{"advise", "--max-drop", "200"}},
		{"the job", []string{"measure-memory", "{"}},
		{"is not a folder", []string{"measure-memory", `{"dir": "/nothing/here"}`}},
	} {
		bertlab(t, test.args...).fails(exitWrongCall, test.mentions)
	}
}
