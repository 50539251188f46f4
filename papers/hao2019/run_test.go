package hao2019

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/tucker"
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
		OnTask: experiment.OnTask{Model: filepath.Join(dir, "tiny"), Task: "sst2", Data: filepath.Join(dir, "films")}, Other: "sst2", OtherData: filepath.Join(dir, "food"), Seed: 1, MoreSeeds: []uint64{2, 3},
		Tuning: experiment.Tuning{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2}, ScratchEpochs: 3, ScratchLearningRate: 1e-2, Examples: 12,
		CurveRange: [2]float64{-1, 3}, CurvePoints: 9, SurfaceRange: [2]float64{-1, 2}, SurfacePoints: 4, PartPoints: 3, ScratchSurface: true, Snapshots: 3,
	}
}

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	for i := range r.Runs {
		r.Runs[i].Seconds = 0
	}
}

func TestTheExperiment(t *testing.T) {
	config := protocol(t)
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: config, Timeless: timeless, Seeds: func(c *Config) *[]uint64 { return &c.MoreSeeds },
		Refused: map[string]func(*Config){
			"(model)":                  func(c *Config) { c.Model = "" },
			"(task, other)":            func(c *Config) { c.Other = "" },
			"another data set":         func(c *Config) { c.OtherData = c.Data },
			"(epochs, batch_size, max": func(c *Config) { c.BatchSize = 0 },
			"(scratch_epochs, scratch": func(c *Config) { c.ScratchLearningRate = 0 },
			"negative number of":       func(c *Config) { c.RollbackExamples = -1 },
			"at least 2 examples":      func(c *Config) { c.Examples = 1 },
			"(snapshots)":              func(c *Config) { c.Snapshots = 0 },
			"surface_range is 0.5 to 2; it must include 0 and 1": func(c *Config) { c.SurfaceRange[0] = 0.5 },
			"curve_range is -1 to 101":                           func(c *Config) { c.CurveRange[1] = 101 },
			"part_points is 1; 2 to 1001 points":                 func(c *Config) { c.PartPoints = 1 },
			"surface_points is 1002":                             func(c *Config) { c.SurfacePoints = 1002 },
			"curve_points is 0":                                  func(c *Config) { c.CurvePoints = 0 },
			"low, middle and high ones need at least 3":          func(c *Config) { c.Model = tiny.Pretrained(t, tiny.Shape{Layers: 2}) },
			"write the models out in full first":                 func(c *Config) { c.Model = banked(t, c.Model) },
			"not a classification task":                          func(c *Config) { c.Other, c.OtherData = "stsb", regression(t) },
			filepath.Join("no", "such", "model"):                 func(c *Config) { c.Model = filepath.Join("no", "such", "model") },
		},
		Judged: judged,
	}.Run(t)
	if len(result.Runs) != 4 || len(result.Claims) != 6 || len(result.Parts) != 3 || len(result.Rollback) != 6 {
		t.Errorf("%d models, %d claims, %d parts, %d rows of the rollback", len(result.Runs), len(result.Claims), len(result.Parts), len(result.Rollback))
	}
	checkWays(t, result)
	checkAgreement(t, result)
	checkWritten(t, result)
}

// stepFiles are the files of steps in a folder of results, by a pattern.
func stepFiles(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "steps", pattern))
	if err != nil {
		t.Fatal(err)
	}
	return list
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
	done, err := Experiment.Publish(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	if done.Report != filepath.Join(dir, "landscape.html") {
		t.Errorf("the report is %s", done.Report)
	}
	for _, say := range words.Languages {
		if claims, figure, err := done.Tell(say); err != nil || len(claims) != len(r.Claims) || figure == nil || figure.Name != "landscape-curve" {
			t.Errorf("in %s: %d claims, the figure %v, %v", say.Tag(), len(claims), figure, err)
		}
	}
	if want := filepath.Join(dir, "figures", "landscape-turn.html"); !slices.Contains(done.Files, want) {
		t.Errorf("%s is not among %v", want, done.Files)
	}
	if len(done.Files) < 2*(11*4+7*4+2) {
		t.Errorf("%d files", len(done.Files))
	}
	table, err := os.ReadFile(filepath.Join(dir, "figures", "landscape-geometry.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(table); !strings.Contains(text, "layer 0,") || !strings.Contains(text, "layer 2,") || strings.Contains(text, "layer 3,") {
		t.Errorf("the layers of a model of three are not 0 to 2:\n%s", text)
	}
}

func TestAnExperimentThatWasStoppedGoesOnAtThePointWhereItWas(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	config.ScratchSurface = false
	const stage = "loss around the fine-tuned model"
	ctx, stop := context.WithCancel(context.Background())
	env := tiny.Environment(t, dir)
	env.Progress = func(p experiment.Progress) {
		if p.Stage == stage && p.Done == 10 {
			stop()
		}
	}
	if _, err := Experiment.Run(ctx, env, config); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped with %v", err)
	}
	if left := stepFiles(t, dir, "*points.jsonl"); len(left) != 1 {
		t.Errorf("the points that are done are in %v", left)
	}
	var seen []string
	env = tiny.Environment(t, dir)
	env.Progress = func(p experiment.Progress) {
		if p.Total > 0 && (len(seen) == 0 || !strings.HasPrefix(seen[len(seen)-1], p.Stage)) {
			seen = append(seen, fmt.Sprint(p.Stage, " ", p.Done))
		}
	}
	result, err := Experiment.Run(context.Background(), env, config)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 || seen[0] != stage+" 10" {
		t.Errorf("it went on with %v", seen)
	}
	if left := slices.Concat(stepFiles(t, dir, "*partial*"), stepFiles(t, dir, "*checkpoint*")); len(left) > 0 {
		t.Errorf("what was partly done is left: %v", left)
	}
	if result.ScratchSurface != nil || len(result.Runs) != 3 {
		t.Error("a surface from scratch was made that was not asked for")
	}
	checkWritten(t, result)
}

// computed lists the titles of the steps that are run for a protocol in a folder.
func computed(t *testing.T, dir string, config Config) []string {
	t.Helper()
	var titles []string
	env := tiny.Environment(t, dir)
	env.Progress = func(p experiment.Progress) {
		if p.Steps > 0 && !slices.Contains(titles, p.Stage) {
			titles = append(titles, p.Stage)
		}
	}
	if _, err := Experiment.Run(t.Context(), env, config); err != nil {
		t.Fatal(err)
	}
	slices.Sort(titles)
	return titles
}

func TestAChangedFieldRecomputesWhatReadsItAlone(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	config.ScratchSurface, config.MoreSeeds, config.Epochs, config.ScratchEpochs = false, nil, 1, 1
	computed(t, dir, config)
	for _, test := range []struct {
		field  string
		change func(*Config)
		want   []string // beside the starts, which are made where they are needed
	}{
		{"surface_points", func(c *Config) { c.SurfacePoints = 3 }, []string{"loss around the fine-tuned model"}},
		{"part_points", func(c *Config) { c.PartPoints = 2 }, []string{"loss as only the high layers move", "loss as only the low layers move", "loss as only the middle layers move"}},
		{"curve_range", func(c *Config) { c.CurveRange[1] = 2 }, []string{"loss along fine-tuning", "loss along training from random weights"}},
		{"rollback_examples", func(c *Config) { c.RollbackExamples = 15 }, []string{"layers rolled back, on 15 examples of SST-2"}},
		{"scratch_epochs", func(c *Config) { c.ScratchEpochs = 2 }, []string{"loss along training from random weights", "training on SST-2 from random weights, seed 1"}},
		{"none", func(*Config) {}, nil},
	} {
		changed := config
		test.change(&changed)
		got := slices.DeleteFunc(computed(t, dir, changed), func(title string) bool {
			return strings.HasPrefix(title, "a fresh head") || strings.HasPrefix(title, "random weights")
		})
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: it computes %q, want %q", test.field, got, test.want)
		}
	}
}

func TestTheOwnProtocolsArePossible(t *testing.T) {
	for name, c := range map[string]Config{"quick": Quick(), "full": Full()} {
		if err := c.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheTaskOfTheSecondDirectionChangesPlacesWithTheFirst(t *testing.T) {
	seven := uint64(7)
	c := Config{OnTask: experiment.OnTask{Model: "m", Task: "a", Data: "of a"}, Other: "b", OtherData: "of b"}
	c.ask(experiment.Request{Task: "b", Seed: &seven, Runs: 3})
	if want := (Config{OnTask: experiment.OnTask{Model: "m", Task: "b", Data: "of b"}, Other: "a", OtherData: "of a", Seed: 7, MoreSeeds: []uint64{8, 9}}); !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, want %+v", c, want)
	}
	c = Config{OnTask: experiment.OnTask{Task: "a"}, Other: "b"}
	c.ask(experiment.Request{Task: "c", Data: "of c", Model: "n"})
	if want := (Config{OnTask: experiment.OnTask{Model: "n", Task: "c", Data: "of c"}, Other: "b"}); !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, want %+v", c, want)
	}
}

// banked writes a model all of whose layers have their matrices in a bank.
func banked(t *testing.T, name string) string {
	t.Helper()
	model, err := gbert.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	small, _, err := tucker.Bank(t.Context(), model, tucker.BankOptions{LayerRank: 2, Rank: 4})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := small.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	return dir
}

func regression(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("sentence1\tsentence2\tscore\na film\tthe film\t4.5\nbad\tgood\t1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// english is a result told in English.
func english(r *Result) edition { return edition{r, experiment.Voice{Printer: words.English}} }
