package combined

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	gomlx "github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
)

// protocol is one of seconds: a random BERT of six layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 13, "hidden_size": 8, "num_hidden_layers": 6, "num_attention_heads": 2,
		"intermediate_size": 12, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.3}`))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 3)
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "fine", "bad", "poor", "the", "film", "is", "very"}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := model.Save(filepath.Join(dir, "tiny"), gbert.Float32); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"train.tsv": 32, "dev.tsv": 20} {
		text := "sentence\tlabel\n"
		for i := range n {
			text += fmt.Sprintf("the %sfilm is %s\t%d\n", strings.Repeat("very ", i%4), []string{"good", "bad", "fine", "poor"}[i%4], 1-i%2)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Config{
		Model: filepath.Join(dir, "tiny"), Task: "sst2", Data: dir, Recipes: []string{"fine-tuned", "float16", "layers", "layers-distil", "shared"}, Quick: true,
		Batches: []int{1, 2}, Length: 8, Repeats: 2,
	}
}

func environment(t testing.TB, dir string) *experiment.Environment {
	t.Helper()
	b, err := gomlx.NewWithConfig("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return &experiment.Environment{Backend: b, Choice: &backend.Choice{Name: "go"}, Hub: hub.New(hub.Options{Offline: true}), Dir: dir}
}

func TestTheExperimentFromEndToEnd(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	env := environment(t, dir)
	r, err := Run(context.Background(), env, config)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Recipes) != 5 || len(r.Comparison.Models) != 5 || len(r.Claims) != 5 || len(r.Comparison.Pairs) != 1 {
		t.Errorf("%d recipes, %d models, %d claims", len(r.Recipes), len(r.Comparison.Models), len(r.Claims))
	}
	if m, _ := r.Comparison.Find("layers-distil"); m.Layers != 4 || !*m.Retrained || m.Combined {
		t.Errorf("%+v", m)
	}
	paths, err := r.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if last := paths[len(paths)-1]; last != filepath.Join(dir, "recipes.html") {
		t.Errorf("the last file is %s", last)
	}
	for _, name := range []string{"recipes.html", "recipes.ko.html"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Contains(string(text), "%!") || !strings.Contains(string(text), "layers-distil") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if read, err := compare.Read(dir); err != nil || !reflect.DeepEqual(read.Models, r.Comparison.Models) {
		t.Errorf("the comparison is read back as something else: %v", err)
	}
	env.Progress = func(p experiment.Progress) { t.Errorf("it is done again: %+v", p) }
	again, err := Run(context.Background(), env, config)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Comparison, r.Comparison) || !reflect.DeepEqual(again.Claims, r.Claims) {
		t.Error("it is replayed with other numbers")
	}
}

func TestAProtocolThatCannotBeDoneIsRefused(t *testing.T) {
	for mentions, change := range map[string]func(*Config){
		"at least two recipes": func(c *Config) { c.Recipes = c.Recipes[:1] }, "twice": func(c *Config) { c.Recipes = []string{"layers", "layers"} },
		"no recipe \"nonesuch\"": func(c *Config) { c.Recipes = []string{"layers", "nonesuch"} }, "batch size": func(c *Config) { c.Batches = []int{0} },
	} {
		config := protocol(t)
		change(&config)
		if _, err := Run(context.Background(), environment(t, t.TempDir()), config); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}
