package combined

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
)

// protocol is one of seconds: a random BERT of six layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	dir := tiny.Reviews(t, 32, 20, false)
	return Config{
		Model: tiny.Pretrained(t, tiny.Shape{Layers: 6}), Task: "sst2", Data: dir, Recipes: []string{"fine-tuned", "float16", "layers", "layers-distil", "shared"}, Quick: true,
		Batches: []int{1, 2}, Length: 8, Repeats: 2,
	}
}

var environment = tiny.Environment

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
