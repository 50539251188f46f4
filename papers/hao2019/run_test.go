package hao2019

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
)

// protocol is one of seconds: a random BERT of three layers on sentences whose words tell their class, in two domains.
func protocol(t testing.TB) Config {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 15, "hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2,
		"intermediate_size": 12, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.3}`))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 3)
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "fine", "bad", "poor", "the", "film", "is", "very", "food", "was"}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := model.Save(filepath.Join(dir, "tiny"), gbert.Float32); err != nil {
		t.Fatal(err)
	}
	for domain, form := range map[string]string{"films": "the %sfilm is %s\t%d\n", "food": "food was %s%s\t%d\n"} {
		if err := os.MkdirAll(filepath.Join(dir, domain), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, n := range map[string]int{"train.tsv": 48, "dev.tsv": 20} {
			text := "sentence\tlabel\n"
			for i := range n {
				text += fmt.Sprintf(form, strings.Repeat("very ", i%5), []string{"good", "bad", "fine", "poor"}[i%4], 1-i%2)
			}
			if err := os.WriteFile(filepath.Join(dir, domain, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return Config{
		Model: filepath.Join(dir, "tiny"), Task: "sst2", Data: filepath.Join(dir, "films"), Other: "sst2", OtherData: filepath.Join(dir, "food"), Seed: 1,
		Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, ScratchEpochs: 3, ScratchLearningRate: 1e-2, Examples: 12,
		CurveRange: [2]float64{-1, 3}, CurvePoints: 9, SurfaceRange: [2]float64{-1, 2}, SurfacePoints: 4, PartPoints: 3, ScratchSurface: true, Snapshots: 3,
	}
}

var environment = tiny.Environment

func TestTheExperimentFromEndToEnd(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	result, err := Run(context.Background(), environment(t, dir), config)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Runs) != 4 || len(result.Claims) != 6 || len(result.Parts) != 3 || len(result.Rollback) != 6 {
		t.Errorf("%d models, %d claims, %d parts, %d rows of the rollback", len(result.Runs), len(result.Claims), len(result.Parts), len(result.Rollback))
	}
	checkWays(t, result)
	checkAgreement(t, result)
	if left, _ := filepath.Glob(filepath.Join(dir, "steps", "*", "*snapshots")); len(left) > 0 {
		t.Errorf("snapshots are left: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "steps", "*", "*.jsonl")); len(left) > 0 {
		t.Errorf("journals are left: %v", left)
	}
	again, err := Run(context.Background(), environment(t, dir), config)
	if err != nil {
		t.Fatal(err)
	}
	again.Provenance = result.Provenance
	if !reflect.DeepEqual(again, result) {
		t.Error("it is replayed with other numbers")
	}
	checkWritten(t, result)
}

// checkWays makes sure that a trajectory begins at (0, 0), ends at (1, 0), and has the losses of the curve there.
func checkWays(t *testing.T, r *Result) {
	t.Helper()
	for i, c := range map[int]Curve{0: r.Fine, 2: r.Scratch} {
		way := r.Runs[i].Way
		if len(way) != 4 || way[0].Step != 0 || way[3].Step != r.Runs[i].Steps {
			t.Fatalf("%+v", way)
		}
		first, last := way[0], way[3]
		if first.Alpha != 0 || first.Distance != 0 || last.Alpha < 1-1e-6 || last.Alpha > 1+1e-6 || last.Orthogonal > 1e-3 {
			t.Errorf("from %+v to %+v", first.Projection, last.Projection)
		}
		if d := last.Loss - c.end(); d > 1e-5 || d < -1e-5 || last.Loss != last.LearnedHead {
			t.Errorf("the last loss is %g (%g), on the curve %g", last.Loss, last.LearnedHead, c.end())
		}
		if d := first.LearnedHead - c.Sets[0].Start.Loss; d > 1e-5 || d < -1e-5 {
			t.Errorf("the first loss with the learned head is %g, on the curve %g", first.LearnedHead, c.Sets[0].Start.Loss)
		}
	}
}

// checkAgreement makes sure that the same models have the same numbers wherever they were measured.
func checkAgreement(t *testing.T, r *Result) {
	t.Helper()
	near := func(what string, a, b float64) {
		if d := a - b; d > 1e-5 || d < -1e-5 {
			t.Errorf("%s: %g and %g", what, a, b)
		}
	}
	near("fine-tuned, curve and surface", r.Fine.end(), r.Surface.Sets[0].End.Loss)
	near("pretrained, curve and surface", r.Fine.Sets[0].Start.Loss, r.Surface.Sets[0].Start.Loss)
	near("pretrained, point of the grid", r.Surface.Sets[0].Start.Loss, r.Surface.Sets[0].Loss[1][1])
	for i, p := range r.Parts {
		near("fine-tuned, "+p.Part.Name, r.Fine.end(), p.Sets[0].End.Loss)
		if r.Rollback[i+1].Name != p.Part.Name {
			t.Errorf("row %d of the rollback is %s", i+1, r.Rollback[i+1].Name)
		}
	}
	if r.Rollback[0].Change.Value != 0 || r.Rollback[0].P != 1 {
		t.Errorf("nothing set back: %+v", r.Rollback[0])
	}
	if !(r.Fine.Width.Low <= r.Fine.Width.High && r.Surface.Consistency.Low <= r.Surface.Consistency.High) {
		t.Errorf("intervals %+v, %+v", r.Fine.Width, r.Surface.Consistency)
	}
}

func checkWritten(t *testing.T, r *Result) {
	t.Helper()
	dir := t.TempDir()
	paths, err := r.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if last := paths[len(paths)-1]; last != filepath.Join(dir, "landscape.html") {
		t.Errorf("the last file is %s", last)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if len(paths) < 11*4+5*4+4 {
		t.Errorf("%d files", len(paths))
	}
}

func TestAnExperimentThatWasStoppedGoesOnAtThePointWhereItWas(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	config.ScratchSurface = false
	ctx, stop := context.WithCancel(context.Background())
	env := environment(t, dir)
	env.Progress = func(p experiment.Progress) {
		if p.Stage == "surface of fine-tuned" && p.Done == 10 {
			stop()
		}
	}
	if _, err := Run(ctx, env, config); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped with %v", err)
	}
	var seen []string
	env = environment(t, dir)
	env.Progress = func(p experiment.Progress) {
		if len(seen) == 0 || !strings.HasPrefix(seen[len(seen)-1], p.Stage) {
			seen = append(seen, fmt.Sprint(p.Stage, " ", p.Done))
		}
	}
	result, err := Run(context.Background(), env, config)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 || seen[0] != "surface of fine-tuned 10" {
		t.Errorf("it went on with %v", seen)
	}
	if result.ScratchSurface != nil || len(result.Runs) != 3 {
		t.Error("a surface from scratch was made that was not asked for")
	}
	checkWritten(t, result)
}

func TestAProtocolThatCannotBeDoneIsRefused(t *testing.T) {
	for mentions, change := range map[string]func(*Config){
		"include 0 and 1": func(c *Config) { c.SurfaceRange[0] = 0.5 }, "points for the": func(c *Config) { c.PartPoints = 1 }, "another data set": func(c *Config) { c.OtherData = c.Data },
		"at least 2 examples": func(c *Config) { c.Examples = 1 }, "snapshot": func(c *Config) { c.Snapshots = 0 },
	} {
		config := protocol(t)
		change(&config)
		if _, err := Run(context.Background(), environment(t, t.TempDir()), config); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
	for name, c := range map[string]Config{"quick": Quick(), "full": Full()} {
		if err := c.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
