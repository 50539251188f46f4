package combined

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
	"bertlab/recipes"
)

// protocol is one of seconds: a random BERT of six layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	dir := tiny.Reviews(t, 32, 20, false)
	return Config{
		OnTask:  experiment.OnTask{Model: tiny.Pretrained(t, tiny.Shape{Layers: 6}), Task: "sst2", Data: dir},
		Recipes: []string{"fine-tuned", "float16", "layers", "layers-distil", "shared", "layers-distil-float16"}, Quick: true,
		TrainExamples: 24, Batches: []int{1, 2}, Length: 8, Repeats: 2,
	}
}

var environment = tiny.Environment

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	for _, recipe := range r.Recipes {
		for i := range recipe.Steps {
			recipe.Steps[i].Seconds = 0
		}
	}
	for i := range r.Comparison.Models {
		r.Comparison.Models[i].Latency = nil
	}
	r.Claims = slices.DeleteFunc(r.Claims, func(c experiment.Claim) bool { return strings.Contains(c.Text, "not time") })
}

func TestTheExperiment(t *testing.T) {
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: protocol(t), Timeless: timeless,
		Names: []string{"layers", "distil", "embedding", "fine", "tuned", "twice", "shared", "DistilBERT", "Hinton"},
		Refused: map[string]func(*Config){
			"at least two recipes":             func(c *Config) { c.Recipes = c.Recipes[:1] },
			"recipes have layers twice":        func(c *Config) { c.Recipes = []string{"layers", "layers"} },
			`no recipe "nonesuch"`:             func(c *Config) { c.Recipes = []string{"layers", "nonesuch"} },
			"batch size 0":                     func(c *Config) { c.Batches = []int{0} },
			"repeats -1":                       func(c *Config) { c.Repeats = -1 },
			"(train_examples)":                 func(c *Config) { c.TrainExamples = -1 },
			"examples -1":                      func(c *Config) { c.TestExamples = -1 },
			"layers.yaml:5":                    func(c *Config) { c.Model = tiny.Pretrained(t, tiny.Shape{Layers: 2}) },
			"factorise-embedding":              func(c *Config) { c.Recipes = []string{"fine-tuned", "embedding"} },
			"soft targets need classes":        func(c *Config) { c.Task, c.Data = "stsb", regression(t) },
			filepath.Join("no", "such", "mod"): func(c *Config) { c.Model = filepath.Join(t.TempDir(), "no", "such", "mod") },
		},
		Judged: func(t *testing.T) (list [][]experiment.Claim) {
			for _, change := range changes(t) {
				list = append(list, claims(t, result(change.change), words.English))
			}
			return list
		},
	}.Run(t)
	t.Run("its numbers are plausible", func(t *testing.T) { plausible(t, result) })
}

func plausible(t *testing.T, r *Result) {
	c := r.Comparison
	if len(r.Recipes) != 6 || len(c.Models) != 6 || len(r.Claims) != 5 || len(c.Pairs) != 1 || c.Examples != 20 || r.Provenance.Data[0].Examples != 24 || r.Provenance.Data[1].Use != "dev" {
		t.Errorf("%d recipes, %d models, %d claims, %d examples, from %+v", len(r.Recipes), len(c.Models), len(r.Claims), c.Examples, r.Provenance.Data)
	}
	original := c.Models[0]
	if p := c.Provenance; p.Model != "fine-tuned" || p.ModelSource != "recipe" || p.ModelSHA256 != original.SHA256 || len(p.Data) != 1 || p.Data[0].Use != "test" {
		t.Errorf("%+v", p)
	}
	for i, recipe := range r.Recipes {
		m, steps := c.Models[i], recipe.Steps
		if m.Name != recipe.Recipe || m.Parameters != recipe.Parameters || m.Parameters != steps[len(steps)-1].Parameters || m.Dir != filepath.Join("models", m.Name) || *m.Retrained != recipe.Retrained {
			t.Errorf("%+v of %+v", m, recipe)
		}
		if steps[0].Kind != "fine-tune" || !strings.HasSuffix(steps[0].Note, "loss "+steps[0].Note[len(steps[0].Note)-5:]) || len(m.Latency) != 2 || m.Memory != nil {
			t.Errorf("%+v of %+v", m, recipe)
		}
	}
	half, _ := c.Find("float16")
	if half.Sizes.Float32 != original.Sizes.Float32 || half.Sizes.Stored >= original.Sizes.Stored || !(half.Logits > 0 && half.Logits < 0.1) || half.Parameters != original.Parameters {
		t.Errorf("half precision: %+v of %+v, logits %g", half.Sizes, original.Sizes, half.Logits)
	}
	if m, _ := c.Find("layers-distil"); m.Layers != 4 || !*m.Retrained || m.Combined || m.Against.A != "fine-tuned" {
		t.Errorf("%+v", m)
	}
	if p := c.Pairs[0]; p.A != "layers-distil" || p.B != "layers" {
		t.Errorf("%+v", p)
	}
}

// A file of a regression task.
func regression(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("sentence1\tsentence2\tscore\na film\tthe film\t4.5\nbad\tgood\t1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ran does the experiment and tells which steps were computed.
func ran(t *testing.T, env *experiment.Environment, c Config) (*Result, []string) {
	t.Helper()
	var titles []string
	env.Progress = func(p experiment.Progress) {
		if p.Steps > 0 && !slices.Contains(titles, p.Stage) {
			titles = append(titles, p.Stage)
		}
	}
	r, err := Experiment.Run(t.Context(), env, c)
	if err != nil {
		t.Fatal(err)
	}
	return r, titles
}

// Fewer and more recipes, other seeds and other batch sizes keep what is there: only what compares models is done again.
func TestFewerAndMoreRecipesAndSeedsKeepWhatIsThere(t *testing.T) {
	env, c := environment(t, t.TempDir()), protocol(t)
	c.Recipes = []string{"fine-tuned", "float16", "layers"}
	few, _ := ran(t, env, c)
	more := c
	more.Recipes = []string{"fine-tuned", "float16", "layers", "layers-distil"}
	r, computed := ran(t, env, more)
	for _, title := range computed {
		if !strings.Contains(title, "layers-distil") && !strings.HasPrefix(title, "predictions on") && !strings.HasPrefix(title, "timing batches") &&
			!strings.Contains(title, ": drop-layers (") { // a model that is quickly made is not kept
			t.Errorf("with one more recipe %q is done again", title)
		}
	}
	for i := range few.Comparison.Models {
		a, b := few.Comparison.Models[i], r.Comparison.Models[i]
		if a.Latency, b.Latency = nil, nil; !reflect.DeepEqual(a, b) {
			t.Errorf("beside one more, a model is another: %+v, %+v", a, b)
		}
	}
	if _, computed := ran(t, env, c); len(computed) > 0 {
		t.Errorf("with fewer recipes again: %v", computed)
	}
	wider := c
	wider.Batches = []int{1, 2, 3}
	if _, computed := ran(t, env, wider); !slices.Equal(computed, []string{"timing batches of 3"}) {
		t.Errorf("with one more batch size: %v", computed)
	}
	other := c
	other.Seed = 5
	if r, computed := ran(t, env, other); len(computed) == 0 || reflect.DeepEqual(r.Comparison.Models[0].SHA256, few.Comparison.Models[0].SHA256) {
		t.Errorf("another seed: %v", computed)
	}
	if again, computed := ran(t, env, c); len(computed) > 0 || !reflect.DeepEqual(again.Comparison.Models, few.Comparison.Models) {
		t.Errorf("the first seed again: %v", computed)
	}
}

// Processes that share a folder, a store of an older version and locks that a killed process left do no harm.
func TestTwoProcessesThatShareAFolderEndWithTheSameModels(t *testing.T) {
	c, dir := protocol(t), t.TempDir()
	c.Recipes = []string{"fine-tuned", "float16", "shared"}
	stale := filepath.Join(dir, "steps", "0123456789abcdef", "whole.json")
	for path, text := range map[string]string{stale: `{"sha256": "00", "result": {}}`, stale + ".lock": ""} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var results [2]*Result
	var group sync.WaitGroup
	for i := range results {
		env := environment(t, dir)
		group.Go(func() {
			var err error
			if results[i], err = Experiment.Run(t.Context(), env, c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	for i, m := range results[0].Comparison.Models {
		if other := results[1].Comparison.Models[i]; m.SHA256 != other.SHA256 || m.Score != other.Score {
			t.Errorf("%s: %s, %g and %s, %g", m.Name, m.SHA256, m.Score, other.SHA256, other.Score)
		}
		record, err := recipes.ReadRecord(filepath.Join(dir, m.Dir))
		if err != nil || record == nil || record.Recipe != m.Name || record.Retrained != *m.Retrained {
			t.Errorf("%s: %+v, %v", m.Name, record, err)
		}
	}
	locks, err := filepath.Glob(filepath.Join(dir, "steps", "*.lock"))
	if err != nil || len(locks) > 0 {
		t.Errorf("locks %v, %v", locks, err)
	}
	third, _ := ran(t, environment(t, dir), c)
	for _, r := range append(results[:], third) {
		timeless(r)
		for i := range r.Comparison.Models {
			r.Comparison.Models[i].Latency = nil
		}
	}
	if !reflect.DeepEqual(third.Comparison.Models, results[0].Comparison.Models) || !reflect.DeepEqual(third.Recipes, results[1].Recipes) {
		t.Error("what both left leads to other numbers")
	}
}

// A step whose file is half written, or whose model is gone, is done again, and leads to the same numbers.
func TestHalfWrittenStepsAndModelsThatAreGoneAreDoneAgain(t *testing.T) {
	c, dir := protocol(t), t.TempDir()
	c.Recipes = []string{"fine-tuned", "float16", "layers-distil"}
	first, _ := ran(t, environment(t, dir), c)
	files, err := filepath.Glob(filepath.Join(dir, "steps", "*.json"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%v, %v", files, err)
	}
	for i, file := range files {
		if i%2 == 0 {
			if err := os.Truncate(file, 40); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "models")); err != nil {
		t.Fatal(err)
	}
	again, _ := ran(t, environment(t, dir), c)
	timeless(first)
	timeless(again)
	if !reflect.DeepEqual(again.Comparison.Models, first.Comparison.Models) || !reflect.DeepEqual(again.Claims, first.Claims) || !reflect.DeepEqual(again.Recipes, first.Recipes) {
		t.Error("it leads to other numbers")
	}
}

func TestTheComparisonIsReadBackFromWhatIsPublished(t *testing.T) {
	c, dir := protocol(t), t.TempDir()
	c.Recipes = c.Recipes[:2]
	r, _ := ran(t, environment(t, dir), c)
	done, err := Experiment.Publish(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := compare.Read(dir); err != nil || !reflect.DeepEqual(read.Models, r.Comparison.Models) {
		t.Errorf("the comparison is read back as something else: %v", err)
	}
	for say, title := range map[*words.Printer]string{words.English: "The models side by side", words.Korean: "모델 나란히 보기"} {
		if sections, err := done.Further(say); err != nil || len(sections) != 1 || sections[0].Title != title {
			t.Errorf("%s: %v", say.Tag(), err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "recipes.ko.html"))
	if err != nil || !strings.Contains(string(text), "가중치 파일의 크기") {
		t.Errorf("the tables of the Korean report are not Korean: %v", err)
	}
}
