package main

import (
	"bertlab/cmd/bertlab/internal/output"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALandscapeMeetsTheModelsAtItsEnds(t *testing.T) {
	from, data, dir := tinyModel(t, 0), reviews(t, 21), t.TempDir()
	trained, elsewhere := filepath.Join(dir, "trained"), filepath.Join(dir, "elsewhere")
	for out, train := range map[string]string{trained: data, elsewhere: reviews(t, 9)} {
		bertlab(t, "finetune", "--model", from, "--task", "sst2", "--train", train, "--epochs", "1", "--lr", "1e-2", "--warmup", "0", "--max-length", "16", "--out", out, "--json").document()
	}
	out, figure, turn := filepath.Join(dir, "surface.json"), filepath.Join(dir, "surface.svg"), filepath.Join(dir, "surface.html")
	surface := bertlab(t, "landscape", "--from", from, "--to", trained, "--other", elsewhere, "--grid", "4", "--range", "-1,2", "--task", "sst2", "--data", data,
		"--max-length", "16", "--out", out, "--figure", figure, "--turn", turn, "--json").document()
	eval := bertlab(t, "eval", "--model", trained, "--task", "sst2", "--data", data, "--max-length", "16", "--json").document()
	set := surface["sets"].([]any)[0].(map[string]any)
	grid := set["loss"].([]any)
	if len(grid) != 4 || len(grid[0].([]any)) != 4 {
		t.Fatalf("%d rows", len(grid))
	}
	want := number(t, eval, "loss")
	for what, got := range map[string]float64{"θ₁": number(t, set, "end", "loss"), "α = 1, β = 0": grid[1].([]any)[2].(float64)} {
		if math.Abs(got-want) > 1e-5 {
			t.Errorf("at %s the loss is %g, the model has %g", what, got, want)
		}
	}
	for _, key := range []string{"from", "other", "model", "geometry", "cosine", "data", "backend"} {
		if surface[key] == nil {
			t.Errorf("the document does not say %s", key)
		}
	}
	for path, begins := range map[string]string{out: "{", figure: "<svg", turn: "<!DOCTYPE html>"} {
		if text, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(text), begins) {
			t.Errorf("%s: %.20s (%v)", path, text, err)
		}
	}
	if output.Exists(out + ".points.jsonl") {
		t.Error("the journal of a finished sweep is left")
	}
	line := bertlab(t, "landscape", "--from", from, "--to", trained, "--grid", "3", "--range", "0,2", "--part", "high", "--task", "sst2", "--data", data, "--max-length", "16", "--json").document()
	if line["other"] != nil || line["beta"] != nil {
		t.Error("a line has a second direction")
	}
}
