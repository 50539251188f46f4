package michel2019

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
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

// protocol is one of seconds.
func protocol(t testing.TB) Config {
	data := reviews(t, 64, 24)
	return Config{
		Setup: experiment.Setup{
			OnTask: experiment.OnTask{Model: tinyModel(t), Task: "sst2", Data: data}, Seeds: []uint64{1, 2},
			Tuning: experiment.Tuning{Epochs: 8, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2}, TestExamples: 20,
		},
		Transfer: "sst2", TransferData: reviews(t, 4, 16), ImportanceExamples: 12, ChoiceExamples: 10, Step: 0.25, Recompute: true, RandomOrders: 2,
		Inference: experiment.Inference{SpeedBatches: []int{1, 3}, SpeedLength: 12, SpeedRepeats: 3},
	}
}

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	for i := range r.Models {
		r.Models[i].Seconds = 0
	}
	r.Speed.Batches = nil
	r.Claims = slices.DeleteFunc(r.Claims, func(c experiment.Claim) bool { return strings.Contains(c.Text, "faster") })
}

func TestTheExperiment(t *testing.T) {
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: protocol(t), Seeds: func(c *Config) *[]uint64 { return &c.Seeds }, Timeless: timeless,
		Refused: map[string]func(*Config){
			"no seed":                       func(c *Config) { c.Seeds = nil },
			"for the speed":                 func(c *Config) { c.SpeedBatches = nil },
			"of the heads at a time":        func(c *Config) { c.Step = 1.5 },
			"random orders":                 func(c *Config) { c.RandomOrders = -1 },
			"negative number of examples":   func(c *Config) { c.ChoiceExamples = -1 },
			"a learning rate above 0":       func(c *Config) { c.LearningRate = 0 },
			"not a classification task":     func(c *Config) { c.Task, c.Data = "stsb", regression(t) },
			"effects of heads cannot be":    func(c *Config) { c.Transfer, c.TransferData = "cola", acceptability(t) },
			filepath.Join("no", "such", ""): func(c *Config) { c.Model = filepath.Join(t.TempDir(), "no", "such", "model") },
		},
		Judged: judged,
		Decided: []string{
			"Most heads can be removed one at a time without a significant change.", "One head is enough in most layers.",
			"Up to 40 % of the heads can be pruned without a noticeable loss, then accuracy falls off a cliff.",
		},
	}.Run(t)
	steps, err := result.PruningSteps(words.Korean)
	if err != nil {
		t.Fatal(err)
	}
	for i, curve := range result.Curves {
		for j, point := range curve.Points {
			if step := steps.Series[i].Steps[j]; len(step.Empty) != int(math.Round(point.Fraction*float64(result.Layers*result.Heads))) || step.Measured != point.Score {
				t.Errorf("%s, step %d: %+v", curve.Order, j, step)
			}
		}
	}
	if piece, err := steps.Interactive(); err != nil || !strings.Contains(piece, "헤드") {
		t.Errorf("the slider: %v", err)
	}
	t.Run("its numbers are plausible", func(t *testing.T) { plausible(t, result) })
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
		if len(c.Points) != 5 || first.Removed != "" || first.Right.Accuracy() != first.Score || first.Score != r.Models[c.Seed-1].Score || last.Fraction != 1 || last.Removed != "0:0,1;1:0,1" {
			t.Errorf("%s, seed %d: %+v", c.Order, c.Seed, c.Points)
		}
		under := 0.0
		for _, p := range c.Points {
			under += p.Score / float64(len(c.Points))
		}
		if math.Abs(stat.Mean(c.Areas, nil)-under) > 1e-12 {
			t.Errorf("%s: the examples' areas have the mean %g, the curve %g", c.Order, stat.Mean(c.Areas, nil), under)
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

func TestWithoutATransferSetThereIsNoTransferFigure(t *testing.T) {
	r := &Result{
		Measured: experiment.Measured[Config]{Config: Config{Setup: experiment.Setup{Seeds: []uint64{1}}}}, Layers: 1, Heads: 2, Metric: "accuracy", Majority: 0.5, Importance: &heads.Importance{Normalized: [][]float64{{0.6, 0.8}}},
		Entropy: [][]float64{{1, 2}}, Ablation: &Effects{Heads: effectsOf(2)}, Curves: []Curve{pruning(func(int) float64 { return 0.5 })},
		Speed: &Speed{SpeedUp: experiment.SpeedUp{MACs: 2, PrunedMACs: 1, Batches: []experiment.SpeedBatch{{Size: 1, Ratio: 1, Low: 1, High: 1}}}},
	}
	list, err := experiment.Draw("heads-", english(r).Figures())
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

// english is a result told in English.
func english(r *Result) edition { return edition{r, experiment.Voice{Printer: words.English}} }

func TestASentenceIsReadWithAndWithoutHeadsWhereTheModelIs(t *testing.T) {
	dir := t.TempDir()
	c := protocol(t)
	c.Seeds = c.Seeds[:1]
	result, err := Experiment.Run(t.Context(), tiny.Environment(t, dir), c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := result.Read(t.Context(), tiny.Environment(t, dir), words.English, "a b c", 1)
	if err != nil {
		t.Fatal(err)
	}
	sums := [2]float64{}
	for _, row := range s.Predictions.Rows {
		sums[0], sums[1] = sums[0]+row[1].(float64), sums[1]+row[2].(float64)
	}
	if math.Abs(sums[0]-1) > 1e-6 || math.Abs(sums[1]-1) > 1e-6 || s.Predictions.Rows[0][1] == s.Predictions.Rows[0][2] {
		t.Errorf("the probabilities are %v", s.Predictions.Rows)
	}
	if whole, gone := s.Attention[0].Data().CSV(), s.Attention[1].Data().CSV(); whole == gone || !strings.Contains(whole, "[CLS]") {
		t.Errorf("attention %s, without heads %s", whole, gone)
	}
	korean, err := result.Read(t.Context(), tiny.Environment(t, dir), words.Korean, "a b c", 1)
	if err != nil {
		t.Fatal(err)
	}
	if foreign := experimenttest.Foreign(korean.Predictions.CSV() + korean.Attention[0].Title()); len(foreign) > 0 {
		t.Errorf("in Korean it says %q", foreign)
	}
	if _, err := result.Read(t.Context(), tiny.Environment(t, t.TempDir()), words.English, "a b c", 1); !errors.Is(err, ErrNoModel) {
		t.Errorf("without a model: %v", err)
	}
}
