package sanh2020

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/movement"
)

// tinyModel writes a random BERT to a folder.
func tinyModel(t testing.TB) string {
	return tiny.Pretrained(t, tiny.Shape{Layers: 2, Neurons: 24, NoDropout: true})
}

// reviews writes train.tsv and dev.tsv to a folder. No model is perfect on them.
func reviews(t testing.TB, train, dev int) string { return tiny.Reviews(t, train, dev, true) }

// protocol is one of seconds that has everything.
func protocol(t testing.TB) Config {
	return Config{
		Setup: experiment.Setup{
			OnTask: experiment.OnTask{Model: tinyModel(t), Task: "sst2", Data: reviews(t, 48, 20)}, Seeds: []uint64{1, 2},
			Tuning: experiment.Tuning{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, FreezeEmbeddings: true},
		},
		Kinds: allKinds(), Remaining: []float64{0.5, 0.125}, Focus: 0.125,
		ScoreRate: 1e-2, L0Rate: 1e-1, WarmupShare: 0.1, CoolDownShare: 0.3,
		Global: []movement.Kind{movement.Magnitude, movement.Movement}, Distilled: []movement.Kind{movement.Movement}, Rates: []float64{1e-2, 1e-1},
		Structured: []float64{0.5}, StructuredUntrained: 0.5, Inference: experiment.Inference{SpeedBatches: []int{1, 3}, SpeedLength: 12, SpeedRepeats: 2},
	}
}

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	for _, list := range [][]Trained{r.Dense, r.Runs} {
		for i := range list {
			list[i].Seconds = 0
		}
	}
	r.Speed.Unstructured = nil
	for i := range r.Speed.Structured {
		r.Speed.Structured[i].Batches = nil
	}
	r.Claims = slices.DeleteFunc(r.Claims, func(c experiment.Claim) bool { return strings.Contains(c.Text, " time") })
}

func TestTheExperiment(t *testing.T) {
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: protocol(t), Seeds: func(c *Config) *[]uint64 { return &c.Seeds }, Timeless: timeless,
		Refused: map[string]func(*Config){
			"(model, task)":                   func(c *Config) { c.Task = "" },
			"no seed":                         func(c *Config) { c.Seeds = nil },
			"seeds have 7 twice":              func(c *Config) { c.Seeds = []uint64{7, 7} },
			"-1 layers":                       func(c *Config) { c.Layers = -1 },
			"2 layers, not 3":                 func(c *Config) { c.Layers = 3 },
			"a learning rate above 0 (epochs": func(c *Config) { c.LearningRate = 0 },
			"negative number of examples":     func(c *Config) { c.TestExamples = -1 },
			"at least one":                    func(c *Config) { c.Kinds = nil },
			"kinds have \"slow\"":             func(c *Config) { c.Kinds = append(slices.Clone(c.Kinds), "slow") },
			"kinds have l0 twice":             func(c *Config) { c.Kinds = append(slices.Clone(c.Kinds), movement.L0) },
			"distilled have \"\"":             func(c *Config) { c.Distilled = []movement.Kind{""} },
			"focus 0.2":                       func(c *Config) { c.Focus = 0.2 },
			"for the speed":                   func(c *Config) { c.SpeedBatches = nil },
			"focused have soft twice":         func(c *Config) { c.Focused = []movement.Kind{movement.Soft, movement.Soft} },
			"local or global":                 func(c *Config) { c.Global = []movement.Kind{movement.L0} },
			"leave no step":                   func(c *Config) { c.WarmupShare, c.CoolDownShare = 0.5, 0.5 },
			"above 0 and at mo":               func(c *Config) { c.Remaining = append(c.Remaining, 1.5) },
			"remaining have 0.5 twice":        func(c *Config) { c.Remaining = append(c.Remaining, 0.5) },
			"structured have 0;":              func(c *Config) { c.Structured = []float64{0.5, 0} },
			"(structured_untrained)":          func(c *Config) { c.StructuredUntrained = -0.5 },
			"score_rate, l0_rate, rates":      func(c *Config) { c.L0Rate = 0 },
			"rates have 0.1 twice":            func(c *Config) { c.Rates = []float64{0.1, 0.1} },
			"not a classification task":       func(c *Config) { c.Task, c.Data = "stsb", regression(t) },
			filepath.Join("no", "such", ""):   func(c *Config) { c.Model = filepath.Join(t.TempDir(), "no", "such", "model") },
		},
		Judged: verdicts,
	}.Run(t)
	t.Run("its numbers are plausible", func(t *testing.T) { plausible(t, result) })
	t.Run("its files are there", func(t *testing.T) { written(t, result) })
	t.Run("runs share their warm-up", func(t *testing.T) { sharedWarmUps(t) })
	t.Run("the same numbers give the same figures", func(t *testing.T) { sameFigures(t, result) })
}

// sharedWarmUps runs two shares of a method: the second goes on where the first began to prune, and in the end nothing is left of that.
func sharedWarmUps(t *testing.T) {
	c := protocol(t)
	c.Seeds, c.Kinds, c.WarmupShare = []uint64{1}, []movement.Kind{movement.Magnitude, movement.Movement}, 0.5
	c.Global, c.Distilled, c.Rates, c.Structured, c.StructuredUntrained = nil, nil, nil, nil, 0.5
	dir := t.TempDir()
	first := map[string]int{} // the first training step that each run reported
	env := tiny.Environment(t, dir)
	env.Progress = func(p experiment.Progress) {
		if _, told := first[p.Stage]; !told && p.Done > 0 && p.Total == 12 {
			first[p.Stage] = p.Done
		}
	}
	if _, err := Experiment.Run(t.Context(), env, c); err != nil {
		t.Fatal(err)
	}
	var shared, whole int
	for _, step := range first {
		switch step {
		case 1:
			whole++
		case 6: // done by the other, when this one compiles
			shared++
		default:
			t.Errorf("a run began with step %d", step)
		}
	}
	if whole != 3 || shared != 2 { // dense and the first of each method; the other share of each
		t.Errorf("%d whole runs and %d that went on from another: %v", whole, shared, first)
	}
	if _, err := os.Stat(filepath.Join(dir, "steps", "beginnings")); err == nil {
		t.Error("what runs begin with is still there")
	}
}

func plausible(t *testing.T, r *Result) {
	if r.Layers != 2 || r.Metric != "accuracy" || r.Majority < 0.5 || len(r.Dense) != 2 || r.Steps != 12 || r.Examples != 20 {
		t.Errorf("%d layers, %s, majority %g, %d dense models, %d steps, %d examples", r.Layers, r.Metric, r.Majority, len(r.Dense), r.Steps, r.Examples)
	}
	if want := []int{64, 64, 64, 64, 192, 192}; len(r.MatrixSizes) != 2 || !slices.Equal(r.MatrixSizes[0], want) || !slices.Equal(r.MatrixSizes[1], want) {
		t.Errorf("matrices of %v weights", r.MatrixSizes)
	}
	names := map[string]bool{}
	for _, run := range append(r.Runs, r.Dense...) {
		v := run.Variant
		if names[v.title(words.English)] {
			t.Errorf("%s is there twice", v.title(words.English))
		}
		names[v.title(words.English)] = true
		right := 0.0
		for _, is := range run.Right {
			if is {
				right++
			}
		}
		if whole := mean(r.layerShares([]Trained{run})); math.Abs(whole-run.Kept) > 1e-9 { // layers are equally large
			t.Errorf("%s keeps %g by layer and %g in all", v.title(words.English), whole, run.Kept)
		}
		if len(run.Right) != 20 || math.Abs(right/20-run.Score) > 1e-9 || len(run.ByMatrix) != 2 || len(run.ByMatrix[0]) != 6 {
			t.Errorf("%s: %+v", v.title(words.English), run)
		}
		selects := v.Kind == movement.Magnitude || v.Kind == movement.Movement
		if selects && !v.Structured && math.Abs(run.Kept-v.Remaining) > 1e-9 || v.Kind == "" && run.Kept != 1 {
			t.Errorf("%s keeps %g", v.title(words.English), run.Kept)
		}
	}
	for _, kind := range []movement.Kind{movement.Magnitude, movement.Movement} {
		s := r.focused(kind).Sample
		kept := 0
		for _, is := range s.Kept {
			if is {
				kept++
			}
		}
		if share := float64(kept) / float64(len(s.Kept)); math.Abs(share-0.125) > 0.05 || (len(s.Scores) == len(s.Weights)) != (kind == movement.Movement) {
			t.Errorf("%s: a share of %g is kept in the sample of %d weights and %d scores", kind, share, len(s.Weights), len(s.Scores))
		}
	}
	if d := r.Drift; !(d.Distance > 0 && d.SignShare >= 0 && d.SignShare < 1 && d.Overlap > 0 && d.Overlap <= 1) {
		t.Errorf("%+v", d)
	}
	if len(r.Storage) != 3 || len(r.Speed.Unstructured) != 2 || len(r.Speed.Structured) != 2 {
		t.Errorf("%d storages, %d and %d speeds", len(r.Storage), len(r.Speed.Unstructured), len(r.Speed.Structured))
	}
	for _, s := range r.Speed.Structured {
		if s.PrunedMACs >= s.MACs || s.PrunedParameters >= s.Parameters || s.MaskedDifference > 1e-5 || len(s.Heads) != 2 {
			t.Errorf("%+v", s)
		}
	}
}

func written(t *testing.T, r *Result) {
	dir := filepath.Join(t.TempDir(), "new", "results")
	outcome, err := Experiment.Publish(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, figure := range []string{"curves", "loss", "weights", "scores", "matrices", "layers", "teacher", "rates", "drift", "speed", "hybrid"} {
		if !slices.Contains(outcome.Files, filepath.Join(dir, "figures", "movement-"+figure+".pdf")) {
			t.Errorf("there is no movement-%s.pdf", figure)
		}
	}
	for _, table := range []string{"protocol", "runs", "paper", "agreement", "storage", "speed-table", "claims"} {
		if !slices.Contains(outcome.Files, filepath.Join(dir, "figures", "movement-"+table+".tex")) {
			t.Errorf("there is no movement-%s.tex", table)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "movement.html"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("data:image/png")); n != 1 {
		t.Errorf("%d figures are rasters, not that of the scores alone", n)
	}
}

func sameFigures(t *testing.T, r *Result) {
	first, err := experiment.Draw("movement-", english(r).Figures())
	if err != nil {
		t.Fatal(err)
	}
	second, err := experiment.Draw("movement-", english(r).Figures())
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		a, err := first[i].Figure.SVG()
		if err != nil {
			t.Fatal(err)
		}
		b, err := second[i].Figure.SVG()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs from itself", first[i].Name)
		}
	}
}

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

// again runs a changed protocol where the whole one has run, and lists what is computed, by title.
func again(t *testing.T, dir string, c Config) (*Result, []string) {
	t.Helper()
	env, seen := tiny.Environment(t, dir), []string{}
	env.Progress = func(p experiment.Progress) {
		if p.Steps > 0 && !slices.Contains(seen, p.Stage) {
			seen = append(seen, p.Stage)
		}
	}
	result, err := Experiment.Run(t.Context(), env, c)
	if err != nil {
		t.Fatal(err)
	}
	return result, seen
}

func TestWhatTheProtocolChangesIsAllThatIsComputed(t *testing.T) {
	base := protocol(t)
	base.Seeds, base.Kinds, base.Global, base.Rates = base.Seeds[:1], base.Kinds[:2], nil, nil
	dir := t.TempDir()
	whole, _ := again(t, dir, base)
	for name, test := range map[string]struct {
		change func(*Config)
		want   []string
		runs   int
	}{
		"fewer methods and shares": {func(c *Config) {
			c.Kinds, c.Remaining, c.Structured, c.StructuredUntrained = c.Kinds[1:], c.Remaining[1:], nil, 0
		}, nil, 2}, // and one with a teacher
		"another method": {func(c *Config) { c.Kinds = append(slices.Clone(c.Kinds), movement.Soft) }, []string{
			"soft movement pruning, 50 % of the weights kept, learning rate of scores 0.01, seed 1",
			"soft movement pruning, 12.5 % of the weights kept, learning rate of scores 0.01, seed 1",
		}, 8},
		"another method at the focus": {func(c *Config) {
			c.Kinds, c.Focused = append(slices.Clone(c.Kinds), movement.L0), []movement.Kind{movement.L0}
		}, []string{
			"L0 regularisation, 12.5 % of the weights kept, learning rate of scores 0.1, seed 1",
		}, 7},
		"a teacher at the focus": {func(c *Config) {
			c.Remaining, c.Distilled, c.DistilledAtFocus = []float64{0.125, 0.1}, c.Kinds, true
		}, []string{
			"magnitude pruning, 10 % of the weights kept, seed 1",
			"magnitude pruning, 12.5 % of the weights kept, with a teacher, seed 1",
			"movement pruning, 10 % of the weights kept, learning rate of scores 0.01, seed 1",
		}, 7},
		"another selection": {func(c *Config) { c.Global = []movement.Kind{movement.Magnitude} }, []string{
			"magnitude pruning, 12.5 % of the weights kept, one selection for the whole model, seed 1",
		}, 7},
		"other repeats": {func(c *Config) { c.SpeedRepeats = 3 }, []string{
			"speed of: movement pruning, 12.5 % of the weights kept, learning rate of scores 0.01, seed 1",
			"speed of: movement pruning, 50 % of heads and neurons kept, learning rate of scores 0.01, seed 1",
			"speed of: without training: magnitude pruning, 50 % of heads and neurons kept, seed 1",
			"without training: magnitude pruning, 50 % of heads and neurons kept, seed 1", // quickly made again
		}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			c := base
			test.change(&c)
			result, computed := again(t, dir, c)
			slices.Sort(computed)
			slices.Sort(test.want)
			if !slices.Equal(computed, test.want) {
				t.Errorf("computed %q", computed)
			}
			added := len(experiment.Where(test.want, func(title string) bool { return !strings.Contains(title, ": ") }))
			found := 0
			for _, run := range result.Runs {
				if slices.ContainsFunc(whole.Runs, func(other Trained) bool { return reflect.DeepEqual(run, other) }) {
					found++
				}
			}
			if len(result.Runs) != test.runs || found != len(result.Runs)-added {
				t.Errorf("%d runs, of which %d are those of the whole protocol", len(result.Runs), found)
			}
		})
	}
}

func TestTheTitleOfARunIsForPeople(t *testing.T) {
	v := Pruning{Kind: movement.L0, Scope: movement.Local, Remaining: 0.1, Rate: 0.1, Distilled: true, Seed: 3}
	for say, want := range map[*words.Printer]string{
		words.English: "L0 regularisation, 10 % of the weights kept, learning rate of scores 0.1, with a teacher, seed 3",
		words.Korean:  "L0 정규화, 가중치 10% 유지, 점수 학습률 0.1, 교사 모델 사용, 시드 3",
	} {
		if got := v.title(say); got != want {
			t.Error(got)
		}
	}
	seen := map[string]bool{}
	for _, v := range append(Full().variants(1, true), Pruning{Seed: 1}) {
		if seen[v.title(words.English)] {
			t.Errorf("two runs are called %s", v.title(words.English))
		}
		seen[v.title(words.English)] = true
	}
}

func TestTheFullProtocolSpendsItsHoursWhereClaimsAreDecided(t *testing.T) {
	c, runs := Full(), map[string]int{}
	for i, seed := range c.Seeds {
		for _, v := range c.variants(seed, i == 0) {
			runs[fmt.Sprintf("%s %s %g %v %v", v.Kind, v.Scope, v.Remaining, v.Distilled, v.Structured)]++
		}
	}
	want := map[string]int{"movement local 0.5 false true": 1}
	for _, kind := range []movement.Kind{movement.Magnitude, movement.Movement} {
		for _, share := range c.Remaining {
			want[fmt.Sprintf("%s local %g false false", kind, share)] = 3
		}
		want[fmt.Sprintf("%s global 0.1 false false", kind)], want[fmt.Sprintf("%s local 0.1 true false", kind)] = 3, 3
	}
	want["movement global 0.03 false false"], want["soft local 0.1 false false"], want["l0 local 0.1 false false"] = 3, 3, 3
	if !reflect.DeepEqual(runs, want) {
		t.Errorf("%v; want %v", runs, want)
	}
}

func TestTheProtocolsCanBeDone(t *testing.T) {
	for name, config := range map[string]Config{"quick": Quick(), "full": Full()} {
		if err := config.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAProtocolsFileChangesWhatItNamesAlone(t *testing.T) {
	for range 2 { // what one file says is not left to the next
		got, err := Experiment.Protocol(experiment.Request{Protocol: []byte(`{"distilled": ["movement"], "global": ["movement"], "rates": [0.5], "remaining": [0.1]}`)})
		if err != nil {
			t.Fatal(err)
		}
		want := Full()
		want.Distilled, want.Global, want.Rates, want.Remaining = []movement.Kind{movement.Movement}, []movement.Kind{movement.Movement}, []float64{0.5}, []float64{0.1}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v", got)
		}
	}
}

// english is a result told in English.
func english(r *Result) edition { return edition{r, experiment.Voice{Printer: words.English}} }
