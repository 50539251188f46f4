package lan2020

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/techniques/sharing"
)

// protocol is one of seconds: a random BERT of three layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	dir := tiny.Reviews(t, 32, 20, false)
	return Config{
		Model: tiny.Pretrained(t, tiny.Shape{Layers: 3}), Task: "sst2", Data: dir,
		Variants: []Variant{
			shareAttention, shareFFN, shareAll, {What: sharing.All, Init: sharing.Mean}, {What: sharing.All, Groups: 2, Embedding: 4}, distilled(shareAll), {Embedding: 4},
		},
		EmbeddingSizes: []int{1, 4, 8}, Seeds: []uint64{1, 2}, Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, TransitionExamples: 5,
		SpeedVariants: []Variant{shareAll, {What: sharing.All, Embedding: 4}}, SpeedBatches: []int{2}, SpeedLength: 8, SpeedRepeats: 3,
	}
}

var environment = tiny.Environment

func TestTheExperimentFromEndToEnd(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	one := config
	one.Seeds = config.Seeds[:1]
	first, err := Run(context.Background(), environment(t, dir), one)
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(context.Background(), environment(t, dir), config)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(result.Runs[:len(first.Runs)], first.Runs) {
		t.Error("with a further seed the first one is done again")
	}
	if len(result.Runs) != 2*8 || len(result.Cuts) != 2*3 || len(result.Distances) != 3 || len(result.Errors) != 8 || len(result.Claims) != 9 || len(result.Speed.Models) != 2 {
		t.Fatalf("%d runs, %d cuts, %d distances, %d errors, %d claims", len(result.Runs), len(result.Cuts), len(result.Distances), len(result.Errors), len(result.Claims))
	}
	whole := result.Runs[0]
	for _, run := range result.Runs {
		v := run.Variant
		if len(run.Right) != 20 || !(run.Low <= run.Difference && run.Difference <= run.High) || !(run.Seconds > 0) {
			t.Errorf("%s: %+v", v, run)
		}
		if (run.Converted != nil) != (v != Variant{} && !v.Distilled) || (run.Transitions != nil) != (v == Variant{} || v == shareAll) {
			t.Errorf("%s: converted %v, transitions %v", v, run.Converted, run.Transitions)
		}
		if v.What == sharing.All && v.Groups == 0 && 3*run.Parts.Encoder() != whole.Parts.Encoder() {
			t.Errorf("%s: the encoder has %d parameters, that of the whole model %d", v, run.Parts.Encoder(), whole.Parts.Encoder())
		}
		if v.Embedding == 0 != (run.MACs == whole.MACs) {
			t.Errorf("%s: %d operations, the whole model %d", v, run.MACs, whole.MACs)
		}
	}
	for _, cut := range result.Cuts {
		if cut.Size == 8 && (cut.Right != result.answers(Variant{})[cut.Seed].Right || cut.RelativeError > 1e-6) {
			t.Error("a word table of full size answers otherwise")
		}
	}
	again, err := Run(context.Background(), environment(t, dir), config)
	if err != nil {
		t.Fatal(err)
	}
	again.Provenance = result.Provenance
	if !reflect.DeepEqual(again, result) {
		t.Error("it is replayed with other numbers")
	}
	paths, err := result.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if last := paths[len(paths)-1]; last != filepath.Join(dir, "sharing.html") || len(paths) != 1+10*4+6*4+2 {
		t.Errorf("%d files, the last %s", len(paths), last)
	}
	for name, word := range map[string]string{"sharing.html": "Sharing weights across layers", "sharing.ko.html": "층 사이의 가중치 공유"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(text), word) {
			t.Errorf("%s does not say %q (%v)", name, word, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "sharing.json"))
	var read Result
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil || !reflect.DeepEqual(read.Runs, result.Runs) {
		t.Errorf("the written result is not what was measured (%v)", err)
	}
}

func TestAProtocolThatCannotBeDoneIsRefused(t *testing.T) {
	for mentions, change := range map[string]func(*Config){
		"at least one seed":       func(c *Config) { c.Seeds = nil },
		"always run":              func(c *Config) { c.Variants = append(c.Variants, Variant{}) },
		"twice":                   func(c *Config) { c.Variants = append(c.Variants, shareFFN) },
		"number of groups is 1…3": func(c *Config) { c.Variants[0].Groups = 4 },
		"embedding size 9":        func(c *Config) { c.Variants[6].Embedding = 9 },
		"embedding size 0":        func(c *Config) { c.EmbeddingSizes = []int{0} },
		"not one of":              func(c *Config) { c.Variants[0].What = "embeddings" },
		"shares nothing":          func(c *Config) { c.Variants[6].Groups = 2 },
		"for the speed":           func(c *Config) { c.SpeedBatches = nil },
		"negative number":         func(c *Config) { c.TestExamples = -1 },
	} {
		config := protocol(t)
		change(&config)
		if _, err := Run(context.Background(), environment(t, t.TempDir()), config); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%v, want an error with %q", err, mentions)
		}
	}
}

func TestNamesOfVariantsAreTheirOwn(t *testing.T) {
	config := Full()
	seen := map[string]bool{}
	for _, v := range append(config.Variants, Variant{}) {
		if seen[v.file()] || strings.ContainsAny(v.file(), " ,/") {
			t.Errorf("%s", v.file())
		}
		seen[v.file()] = true
	}
	for want, v := range map[string]Variant{
		"none": {}, "attention": shareAttention, "FFN, distilled": distilled(shareFFN), "E = 64": {Embedding: 64},
		"all, 2 groups, mean, E = 128": {What: sharing.All, Groups: 2, Init: sharing.Mean, Embedding: 128},
	} {
		if v.String() != want {
			t.Errorf("%q, want %q", v, want)
		}
	}
}
