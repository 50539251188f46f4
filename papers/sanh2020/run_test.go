package sanh2020

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// tinyModel writes a random BERT to a folder.
func tinyModel(t testing.TB) string {
	return tiny.Pretrained(t, tiny.Shape{Layers: 2, Neurons: 24, NoDropout: true})
}

// reviews writes train.tsv and dev.tsv to a folder. No model is perfect on them.
func reviews(t testing.TB, train, dev int) string { return tiny.Reviews(t, train, dev, true) }

func environment(t testing.TB, dir string, progress func(experiment.Progress)) *experiment.Environment {
	env := tiny.Environment(t, dir)
	env.Progress = progress
	return env
}

// protocol is one of seconds that has everything.
func protocol(t testing.TB) Config {
	all := []movement.Kind{movement.Magnitude, movement.Movement, movement.Soft, movement.L0}
	return Config{
		Model: tinyModel(t), Task: "sst2", Data: reviews(t, 48, 20), Seeds: []uint64{1, 2},
		Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Kinds: all, Remaining: []float64{0.5, 0.125}, Focus: 0.125,
		ScoreRate: 1e-2, L0Rate: 1e-1, WarmupShare: 0.1, CoolDownShare: 0.3,
		Global: []movement.Kind{movement.Magnitude, movement.Movement}, Distilled: []movement.Kind{movement.Movement}, Rates: []float64{1e-2, 1e-1},
		Structured: []float64{0.5}, StructuredUntrained: 0.5, SpeedBatches: []int{1, 3}, SpeedLength: 12, SpeedRepeats: 2,
	}
}

// timeless is a result without what no two runs have in common.
func timeless(r *Result) *Result {
	clone := *r
	clone.Provenance, clone.Speed, clone.Claims = experiment.Provenance{}, nil, nil
	for _, list := range []*[]Trained{&clone.Dense, &clone.Runs} {
		*list = append([]Trained(nil), *list...)
		for i := range *list {
			(*list)[i].Seconds = 0
		}
	}
	return &clone
}

func TestTheExperimentFromEndToEnd(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	reports := 0
	result, err := Run(context.Background(), environment(t, dir, func(experiment.Progress) { reports++ }), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("its numbers are plausible", func(t *testing.T) { plausible(t, result) })
	t.Run("every claim is explained", func(t *testing.T) {
		for _, c := range result.Claims {
			if c.Text == "" || c.Paper == "" || c.Measured == "" || c.Explanation == "" || strings.Contains(c.Measured, "NaN") || strings.Contains(c.Measured, "%!") {
				t.Errorf("%+v", c)
			}
		}
	})
	t.Run("it is JSON", func(t *testing.T) {
		text, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		var again Result
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&again, result) {
			t.Error("it is read back as something else")
		}
	})
	t.Run("it is written", func(t *testing.T) { written(t, result) })
	t.Run("the same numbers give the same figures", func(t *testing.T) { sameFigures(t, result) })
	t.Run("it is replayed", func(t *testing.T) {
		again, err := Run(context.Background(), environment(t, dir, nil), config)
		if err != nil {
			t.Fatal(err)
		}
		again.Provenance.Began, again.Provenance.Seconds = result.Provenance.Began, result.Provenance.Seconds
		if !reflect.DeepEqual(again, result) {
			t.Error("with other numbers")
		}
	})
	t.Run("a smaller protocol finds its runs", func(t *testing.T) {
		smaller := config
		smaller.Seeds, smaller.Remaining, smaller.Kinds = config.Seeds[:1], config.Remaining[1:], config.Kinds[:2]
		smaller.Global, smaller.Rates, smaller.Structured, smaller.StructuredUntrained = nil, nil, nil, 0
		again, err := Run(context.Background(), environment(t, dir, func(p experiment.Progress) { t.Errorf("%s is done again", p.Stage) }), smaller)
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range again.Runs {
			if !slices.ContainsFunc(result.Runs, func(other Trained) bool { return reflect.DeepEqual(run, other) }) {
				t.Errorf("%s is another run", run.Variant)
			}
		}
		if len(again.Runs) != 3 { // one with a teacher
			t.Errorf("%d runs", len(again.Runs))
		}
	})
	t.Run("a run that was killed goes on", func(t *testing.T) {
		dir := t.TempDir()
		for kills := 0; ; kills++ {
			ctx, cancel := context.WithCancel(context.Background())
			left := reports/4 + 1 // reports until the process is killed
			resumed, err := Run(ctx, environment(t, dir, func(experiment.Progress) {
				if left--; left == 0 {
					cancel()
				}
			}), config)
			cancel()
			if err == nil {
				if kills < 2 {
					t.Errorf("it was killed %d times only", kills)
				}
				if !reflect.DeepEqual(timeless(resumed), timeless(result)) {
					t.Errorf("after %d kills the result is another", kills)
				}
				return
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if kills > 30 {
				t.Fatal("it makes no progress")
			}
		}
	})
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
		if names[v.String()] {
			t.Errorf("%s is there twice", v)
		}
		names[v.String()] = true
		right := 0.0
		for _, is := range run.Right {
			if is {
				right++
			}
		}
		if whole := mean(r.layerShares([]Trained{run})); math.Abs(whole-run.Kept) > 1e-9 { // layers are equally large
			t.Errorf("%s keeps %g by layer and %g in all", v, whole, run.Kept)
		}
		if len(run.Right) != 20 || math.Abs(right/20-run.Score) > 1e-9 || len(run.ByMatrix) != 2 || len(run.ByMatrix[0]) != 6 {
			t.Errorf("%s: %+v", v, run)
		}
		selects := v.Kind == movement.Magnitude || v.Kind == movement.Movement
		if selects && !v.Structured && math.Abs(run.Kept-v.Remaining) > 1e-9 || v.Kind == "" && run.Kept != 1 {
			t.Errorf("%s keeps %g", v, run.Kept)
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
	paths, err := r.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 || found[path] {
			t.Errorf("%s: %v", path, err)
		}
		found[path] = true
	}
	for _, figure := range []string{"curves", "loss", "weights", "scores", "matrices", "layers", "teacher", "rates", "drift", "speed", "hybrid"} {
		if !found[filepath.Join(dir, "figures", "movement-"+figure+".pdf")] {
			t.Errorf("there is no movement-%s.pdf", figure)
		}
	}
	if paths[len(paths)-1] != filepath.Join(dir, "movement.html") || !found[filepath.Join(dir, "movement.json")] {
		t.Errorf("the report is not the last of %v", paths)
	}
	korean, err := os.ReadFile(filepath.Join(dir, "movement.ko.html"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(korean), "%!") {
		t.Error("the Korean report has a number in the wrong place")
	}
	for _, c := range r.Claims {
		if c.Korean == "" || !strings.Contains(string(korean), c.Korean) {
			t.Errorf("the Korean report does not say: %s", c.Text)
		}
	}
}

func sameFigures(t *testing.T, r *Result) {
	first, err := r.Figures()
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.Figures()
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

func TestAProtocolThatCannotBeDoneIsRefusedAtOnce(t *testing.T) {
	for mentions, change := range map[string]func(*Config){
		"no seed":           func(c *Config) { c.Seeds = nil },
		"-1 layers":         func(c *Config) { c.Layers = -1 },
		"2 layers, not 3":   func(c *Config) { c.Layers = 3 },
		"at least one":      func(c *Config) { c.Kinds = nil },
		"focus 0.2":         func(c *Config) { c.Focus = 0.2 },
		"for the speed":     func(c *Config) { c.SpeedBatches = nil },
		"local or global":   func(c *Config) { c.Global = []movement.Kind{movement.L0} },
		"leave no step":     func(c *Config) { c.WarmupShare, c.CoolDownShare = 0.5, 0.5 },
		"above 0 and at mo": func(c *Config) { c.Remaining = append(c.Remaining, 1.5) },
	} {
		config := protocol(t)
		change(&config)
		dir := t.TempDir()
		if _, err := Run(context.Background(), environment(t, dir, nil), config); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: it leaves %v", mentions, left)
		}
	}
}
