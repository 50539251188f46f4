package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/papers"
)

func TestReproduceLeavesResultsAndReplaysThem(t *testing.T) {
	dir := filepath.Dir(reviews(t, 60))
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.Link(filepath.Join(dir, "reviews.tsv"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "results")
	args := []string{"reproduce", "heads", "--quick", "--model", tinyModel(t, 0), "--task", "sst2", "--data", dir, "--out", out}
	if c := bertlab(t, args...); c.status != exitSuccess || !strings.Contains(c.stdout, "heads.html") {
		t.Fatalf("it ended with %d\n%s%s", c.status, c.stdout, c.stderr)
	}
	var first map[string]any
	if text, err := os.ReadFile(filepath.Join(out, "heads.json")); err != nil || json.Unmarshal(text, &first) != nil {
		t.Fatalf("heads.json: %v", err)
	}
	second := bertlab(t, append(args, "--json")...).document()["heads"].(map[string]any)
	for _, path := range append(second["files"].([]any), second["report"]) {
		if info, err := os.Stat(path.(string)); err != nil || info.Size() == 0 {
			t.Errorf("the file %v: %v", path, err)
		}
	}
	// What was measured is remembered, so that even times are the same.
	for _, key := range []string{"models", "importance", "curves", "speed"} {
		if !reflect.DeepEqual(first[key], second["result"].(map[string]any)[key]) {
			t.Errorf("%s differs when the experiment is repeated", key)
		}
	}
}

func TestReproduceNamesItsPapersWithoutRunningThem(t *testing.T) {
	out := filepath.Join(t.TempDir(), "results")
	c := bertlab(t, "reproduce", "--list", "--out", out)
	if lines := strings.Fields(c.stdout); c.status != exitSuccess || !slices.Equal(lines, workbench.NamesOf(papers.All())) {
		t.Errorf("it ended with %d and named %q", c.status, c.stdout)
	}
	if c := bertlab(t, "reproduce", "--list", "layers", "heads", "--json"); c.status != exitSuccess || !strings.Contains(strings.Join(strings.Fields(c.stdout), ""), `["layers","heads"]`) {
		t.Errorf("with --json: %q", c.stdout)
	}
	bertlab(t, "reproduce", "--list", "nothing").fails(exitWrongCall, "layers", "heads")
	if output.Exists(out) {
		t.Error("something was run")
	}
}

func TestAReproductionHasASeedOrMore(t *testing.T) {
	bertlab(t, "reproduce", "layers", "--seeds", "0").fails(exitWrongCall, "--seeds 0", "at least 1")
}
