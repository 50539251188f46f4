package michel2019

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/techniques/heads"
)

const (
	tinyLayers = 2
	tinyHeads  = 2
)

// tinyModel writes a random BERT to a folder.
func tinyModel(t testing.TB) string {
	return tiny.Pretrained(t, tiny.Shape{Layers: tinyLayers, Heads: tinyHeads})
}

// reviews writes train.tsv and dev.tsv to a folder. No model is perfect on them.
func reviews(t testing.TB, train, dev int) string { return tiny.Reviews(t, train, dev, true) }

func environment(t testing.TB, dir string, progress func(experiment.Progress)) *experiment.Environment {
	env := tiny.Environment(t, dir)
	env.Progress = progress
	return env
}

// protocol is one of seconds.
func protocol(t testing.TB) Config {
	data := reviews(t, 64, 24)
	return Config{
		Model: tinyModel(t), Task: "sst2", Data: data, Transfer: "sst2", TransferData: reviews(t, 4, 16), Seeds: []uint64{1, 2},
		Epochs: 8, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, TestExamples: 20, ImportanceExamples: 12, ChoiceExamples: 10,
		Step: 0.25, Recompute: true, RandomOrders: 2, SpeedBatches: []int{1, 3}, SpeedLength: 12, SpeedRepeats: 3,
	}
}

// timeless is a result without what no two runs have in common.
func timeless(r *Result) *Result {
	clone := *r
	clone.Provenance = experiment.Provenance{}
	clone.Models = append([]FineTuned(nil), r.Models...)
	for i := range clone.Models {
		clone.Models[i].Seconds = 0
	}
	speed := *r.Speed
	speed.Batches = nil
	clone.Speed = &speed
	clone.Claims = nil
	for _, c := range r.Claims {
		if !strings.Contains(c.Text, "faster") {
			clone.Claims = append(clone.Claims, c)
		}
	}
	return &clone
}

func TestTheExperimentFromEndToEnd(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	reports := 0
	result, err := Experiment.Run(context.Background(), environment(t, dir, func(experiment.Progress) { reports++ }), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("its numbers are plausible", func(t *testing.T) { plausible(t, result) })
	t.Run("every claim is explained", func(t *testing.T) {
		if len(result.Claims) != 9 {
			t.Errorf("%d claims", len(result.Claims))
		}
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
	t.Run("it is replayed", func(t *testing.T) {
		again, err := Experiment.Run(context.Background(), environment(t, dir, nil), config)
		if err != nil {
			t.Fatal(err)
		}
		again.Provenance.Began, again.Provenance.Seconds = result.Provenance.Began, result.Provenance.Seconds
		if !reflect.DeepEqual(again, result) {
			t.Error("with other numbers")
		}
	})
	t.Run("fewer seeds find what more have left", func(t *testing.T) {
		one := config
		one.Seeds = config.Seeds[:1]
		first, err := Experiment.Run(context.Background(), environment(t, dir, nil), one)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(first.Models, result.Models[:1]) || !reflect.DeepEqual(first.Ablation, result.Ablation) {
			t.Error("the first seed is done again")
		}
	})
	t.Run("a run that was killed goes on", func(t *testing.T) {
		dir := t.TempDir()
		for kills := 0; ; kills++ {
			ctx, cancel := context.WithCancel(context.Background())
			left := reports/5 + 1 // reports until the process is killed
			resumed, err := Experiment.Run(ctx, environment(t, dir, func(experiment.Progress) {
				if left--; left == 0 {
					cancel()
				}
			}), config)
			cancel()
			if err == nil {
				if kills < 3 {
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
			if kills > 50 {
				t.Fatal("it makes no progress")
			}
		}
	})
}

func plausible(t *testing.T, r *Result) {
	n := tinyLayers * tinyHeads
	if r.Layers != tinyLayers || r.Heads != tinyHeads || r.Metric != "accuracy" || r.Majority < 0.5 || len(r.Models) != 2 {
		t.Errorf("%d layers, %d heads, %s, majority %g, %d models", r.Layers, r.Heads, r.Metric, r.Majority, len(r.Models))
	}
	for _, m := range r.Models {
		if !(m.Score > r.Majority && m.TrainLoss > 0) {
			t.Errorf("the model has learnt nothing: %+v", m)
		}
	}
	if len(r.Ablation.Heads) != n || r.Ablation.Examples != 20 || r.Ablation.Score != r.Models[0].Score || len(r.OneHead) != tinyLayers {
		t.Errorf("%d heads masked on %d examples, score %g; %d layers with one head", len(r.Ablation.Heads), r.Ablation.Examples, r.Ablation.Score, len(r.OneHead))
	}
	if r.Transfer.Effects.Examples != 16 || len(r.Transfer.Effects.Heads) != n || r.Importance.Examples != 12 || r.ImportanceByToken.Examples != 12 {
		t.Error("transfer or importance are on other examples than asked for")
	}
	for _, rho := range []float64{r.Stability, r.Agreement, r.Transfer.R, r.Transfer.RLoss} {
		if !(math.Abs(rho) <= 1) {
			t.Errorf("a correlation of %g", rho)
		}
	}
	for l := range tinyLayers {
		for h := range tinyHeads {
			if e := r.Entropy[l][h]; !(e > 0 && e < math.Log(13)) {
				t.Errorf("head %d:%d has the entropy %g", l, h, e)
			}
		}
	}
	orders := map[Order]int{}
	for _, c := range r.Curves {
		orders[c.Order]++
		first, last := c.Points[0], c.Points[len(c.Points)-1]
		if len(c.Points) != 5 || first.Removed != "" || first.PValue != 1 || first.Score != r.Models[c.Seed-1].Score || last.Fraction != 1 || last.Removed != "0:0,1;1:0,1" {
			t.Errorf("%s, seed %d: %+v", c.Order, c.Seed, c.Points)
		}
		under := 0.0
		for _, p := range c.Points {
			under += p.Score / float64(len(c.Points))
		}
		if math.Abs(mean(c.Areas)-under) > 1e-12 {
			t.Errorf("%s: the examples' areas have the mean %g, the curve %g", c.Order, mean(c.Areas), under)
		}
	}
	if want := map[Order]int{ByImportance: 2, Recomputed: 2, ByScore: 2, AtRandom: 4, ByReverse: 2}; !reflect.DeepEqual(orders, want) {
		t.Errorf("curves %v, want %v", orders, want)
	}
	s := r.Speed
	if s.Fraction != 0.5 || s.Length != 12 || s.PrunedMACs >= s.MACs || s.PrunedParameters >= s.Parameters || len(s.Batches) != 2 || s.MaskedDifference > 1e-5 {
		t.Errorf("%+v", s)
	}
	for _, b := range s.Batches {
		if !(b.Seconds > 0 && b.PrunedSeconds > 0 && b.Low <= b.Ratio && b.Ratio <= b.High) {
			t.Errorf("%+v", b)
		}
	}
	if p := r.Provenance; p.Backend != "go" || len(p.ModelSHA256) != 64 || len(p.Data) != 5 {
		t.Errorf("%+v", p)
	}
}

func written(t *testing.T, r *Result) {
	dir := filepath.Join(t.TempDir(), "new", "results")
	done, err := Experiment.Publish(dir, r)
	if err != nil {
		t.Fatal(err)
	}
	paths := done.Files
	found := map[string]bool{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || info.Size() == 0 || found[path] {
			t.Errorf("%s: %v", path, err)
		}
		found[path] = true
	}
	for _, figure := range []string{"importance", "ablation", "ablation-loss", "histogram", "pruning", "transfer", "speed", "entropy"} {
		for _, ending := range []string{"png", "svg", "pdf", "csv"} {
			if !found[filepath.Join(dir, "figures", "heads-"+figure+"."+ending)] {
				t.Errorf("there is no heads-%s.%s", figure, ending)
			}
		}
	}
	if paths[len(paths)-1] != filepath.Join(dir, "heads.html") || !found[filepath.Join(dir, "heads.json")] {
		t.Errorf("the report is not the last of %v", paths)
	}
	korean, err := os.ReadFile(filepath.Join(dir, "heads.ko.html"))
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
	report, err := os.ReadFile(filepath.Join(dir, "heads.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Claims[:2] {
		if !strings.Contains(string(report), c.Text) {
			t.Errorf("the report does not say: %s", c.Text)
		}
	}
}

func TestWithoutATransferSetThereIsNoTransferFigure(t *testing.T) {
	r := &Result{
		Measured: experiment.Measured[Config]{Config: Config{Seeds: []uint64{1}}}, Layers: 1, Heads: 2, Metric: "accuracy", Majority: 0.5, Importance: &heads.Importance{Normalized: [][]float64{{0.6, 0.8}}},
		Entropy: [][]float64{{1, 2}}, Ablation: &Effects{Heads: effectsOf(2)}, Curves: []Curve{pruning(func(int) float64 { return 0.5 }, func(int) float64 { return 1 })},
		Speed: &Speed{MACs: 2, PrunedMACs: 1, Batches: []experiment.SpeedBatch{{Size: 1, Ratio: 1, Low: 1, High: 1}}},
	}
	list, err := experiment.Draw("heads-", r.figures())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 7 {
		t.Errorf("%d figures", len(list))
	}
	for _, f := range list {
		if f.Name == "heads-transfer" {
			t.Error("there is a figure of the transfer")
		}
	}
}

func TestAProtocolThatCannotBeDoneIsRefusedAtOnce(t *testing.T) {
	for mentions, change := range map[string]func(*Config){
		"no seed":                       func(c *Config) { c.Seeds = nil },
		"for the speed":                 func(c *Config) { c.SpeedBatches = nil },
		"not a classification task":     func(c *Config) { c.Task, c.Data = "stsb", regression(t) },
		"effects of heads cannot be":    func(c *Config) { c.Transfer, c.TransferData = "cola", acceptability(t) },
		filepath.Join("no", "such", ""): func(c *Config) { c.Model = filepath.Join(t.TempDir(), "no", "such", "model") },
	} {
		config := protocol(t)
		change(&config)
		dir := t.TempDir()
		_, err := Experiment.Run(context.Background(), environment(t, dir, nil), config)
		if err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: it leaves %v", mentions, left)
		}
	}
}

func regression(t testing.TB) string {
	return files(t, "sentence1\tsentence2\tscore\na film\tthe film\t4.5\nbad\tgood\t1\n")
}

func acceptability(t testing.TB) string {
	return files(t, "sentence\tlabel\nthe film is good\t1\nfilm the good\t0\n")
}

func files(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
