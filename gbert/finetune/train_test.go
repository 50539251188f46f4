package finetune

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
)

func train(t testing.TB, ctx context.Context, model *gbert.Model, n int, dev *task.Dataset, o Options) (*Result, error) {
	t.Helper()
	return Train(ctx, goBackend(t), model, sentiment(n, 1, task.Classification), dev, o)
}

func mustTrain(t testing.TB, model *gbert.Model, n int, dev *task.Dataset, o Options) *Result {
	t.Helper()
	result, err := train(t, t.Context(), model, n, dev, o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestTrainingLearnsATaskThatItsWordsTell(t *testing.T) {
	model := learner(t, 2, 0.1)
	before, err := model.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	dev := sentiment(60, 2, task.Classification)
	result := mustTrain(t, model, 200, dev, Options{Epochs: 6, BatchSize: 16, LearningRate: 1e-2, Seed: 1})
	for _, e := range result.Epochs {
		t.Logf("epoch %d: training loss %.3f, dev loss %.3f, accuracy %.3f", e.Number, e.TrainLoss, e.Dev.Loss, e.Dev.Metrics[task.Accuracy])
	}
	if first, last := result.Epochs[0].TrainLoss, result.Epochs[5].TrainLoss; last > first/2 {
		t.Errorf("the loss fell from %.3f to %.3f only", first, last)
	}
	if a := result.Best().Dev.Metrics[task.Accuracy]; a < 0.95 {
		t.Errorf("accuracy %.3f", a)
	}
	if result.Steps != 6*13 || result.RealTokens == 0 || result.ComputedTokens < result.RealTokens {
		t.Errorf("%d steps, %d of %d tokens", result.Steps, result.RealTokens, result.ComputedTokens)
	}
	if after, err := model.Fingerprint(); err != nil || after != before {
		t.Error("training changed the model that it began with")
	}
	if h := result.Model.Config.History; len(h) != 1 || h[0].Name != "finetune" || !slices.Equal(result.Model.Config.Labels, []string{"bad", "good"}) {
		t.Errorf("history %v, labels %v", h, result.Model.Config.Labels)
	}
	// The model that comes back is the one that was judged.
	session, err := gbert.NewSession(goBackend(t), result.Model)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	prepared, err := Prepare(nil, result.Model, dev, 128, 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	again, err := prepared.Evaluate(t.Context(), session, nil, func(d, total int) { done = d })
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(again.Loss-result.Best().Dev.Loss) > 1e-5 || again.Metrics[task.Accuracy] != result.Best().Dev.Metrics[task.Accuracy] || done != 60 {
		t.Errorf("evaluated again: loss %g and %v, was %g and %v; %d done", again.Loss, again.Metrics, result.Best().Dev.Loss, result.Best().Dev.Metrics, done)
	}
}

func TestTrainingLearnsARegression(t *testing.T) {
	result, err := Train(t.Context(), goBackend(t), learner(t, 1, 0), sentiment(200, 1, task.Regression), sentiment(60, 2, task.Regression),
		Options{Epochs: 5, BatchSize: 16, LearningRate: 1e-2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r := result.Best().Dev.Metrics[task.Pearson]; !(r > 0.9) {
		t.Errorf("Pearson's r is %g; losses %v", r, result.Epochs)
	}
}

func TestTheSameSeedGivesTheSameWeights(t *testing.T) {
	o := Options{Epochs: 1, BatchSize: 8, LearningRate: 1e-3, Seed: 5, Keep: KeepLast}
	first := mustTrain(t, learner(t, 2, 0.1), 40, nil, o)
	if err := sameWeights(t, first.Model, mustTrain(t, learner(t, 2, 0.1), 40, nil, o).Model); err != nil {
		t.Error(err)
	}
	o.Seed = 6
	if sameWeights(t, first.Model, mustTrain(t, learner(t, 2, 0.1), 40, nil, o).Model) == nil {
		t.Error("another seed gives the same weights")
	}
}

func TestFrozenEmbeddingsStay(t *testing.T) {
	model := learner(t, 2, 0)
	result := mustTrain(t, model, 40, nil, Options{Epochs: 1, BatchSize: 8, LearningRate: 1e-3, FreezeEmbeddings: true})
	before, after := weightsOf(t, model), weightsOf(t, result.Model)
	for name := range before {
		if same := slices.Equal(before[name], after[name]); same != gbert.IsEmbedding(name) {
			t.Errorf("%s: unchanged is %v", name, same)
		}
	}
}

func TestTheLastShortBatchCountsByItsExamples(t *testing.T) {
	// Without dropout and nearly without a learning rate the mean training loss is the loss of an evaluation.
	for _, n := range []int{1, 5, 8, 9, 23} {
		d := sentiment(n, 1, task.Classification)
		model := learner(t, 2, 0)
		result, err := Train(t.Context(), goBackend(t), model, d, d, Options{Epochs: 1, BatchSize: 8, LearningRate: 1e-12})
		if err != nil {
			t.Fatal(err)
		}
		if e := result.Epochs[0]; math.Abs(e.TrainLoss-e.Dev.Loss) > 1e-6 {
			t.Errorf("%d examples: training loss %.8f, evaluated %.8f", n, e.TrainLoss, e.Dev.Loss)
		}
		if want := (n + 7) / 8; result.Steps != want {
			t.Errorf("%d examples: %d steps, want %d", n, result.Steps, want)
		}
	}
}

func TestAnEpochDealsEveryExampleOnceAndAnotherEpochElse(t *testing.T) {
	encodings := make([]tokenizer.Encoding, 1003)
	for i := range encodings {
		encodings[i].IDs = make([]int32, 1+i*7%31)
	}
	for _, grouping := range []int{0, -1} {
		o := Options{BatchSize: 10, Seed: 3, LengthGrouping: grouping}
		order := epochOrder(encodings, o, 0)
		if all := slices.Sorted(slices.Values(slices.Concat(order...))); len(order) != 101 || len(all) != 1003 || all[0] != 0 || all[1002] != 1002 || len(slices.Compact(all)) != 1003 {
			t.Errorf("%d batches of %d examples", len(order), len(all))
		}
		if fmt.Sprint(order) != fmt.Sprint(epochOrder(encodings, o, 0)) || fmt.Sprint(order) == fmt.Sprint(epochOrder(encodings, o, 1)) {
			t.Error("the order does not depend on seed and epoch alone")
		}
		padded := 0
		for _, batch := range order {
			longest := 0
			for _, i := range batch {
				longest = max(longest, len(encodings[i].IDs))
			}
			padded += longest * len(batch)
		}
		if grouped := padded < 1003*18; grouped != (grouping == 0) { // 16 is the mean length, 29 that of the longest of ten
			t.Errorf("grouping %d: %d tokens with padding", grouping, padded)
		}
	}
}

func TestTheBestEpochIsKeptOrTheLast(t *testing.T) {
	dev := sentiment(40, 2, task.Classification)
	o := Options{Epochs: 4, BatchSize: 8, LearningRate: 3e-2, Seed: 2, Warmup: -1}
	best := mustTrain(t, learner(t, 2, 0.1), 60, dev, o)
	want := 1
	for _, e := range best.Epochs {
		a, b := e.Dev, best.Epochs[want-1].Dev
		if x, y := a.Metrics[task.Accuracy], b.Metrics[task.Accuracy]; x > y || x == y && a.Loss < b.Loss {
			want = e.Number
		}
	}
	if best.Kept != want {
		t.Errorf("kept epoch %d, the best is %d", best.Kept, want)
	}
	o.Keep = KeepLast
	last := mustTrain(t, learner(t, 2, 0.1), 60, dev, o)
	if last.Kept != 4 || last.Best().Number != 4 {
		t.Errorf("kept epoch %d", last.Kept)
	}
	for i := range last.Epochs {
		if last.Epochs[i].TrainLoss != best.Epochs[i].TrainLoss {
			t.Errorf("epoch %d: what is kept changes the training", i+1)
		}
	}
	for _, r := range []*Result{best, last} {
		prepared, err := Prepare(nil, r.Model, dev, 128, 8, 1)
		if err != nil {
			t.Fatal(err)
		}
		session, err := gbert.NewSession(goBackend(t), r.Model)
		if err != nil {
			t.Fatal(err)
		}
		e, err := prepared.Evaluate(t.Context(), session, nil, nil)
		session.Close()
		if err != nil || math.Abs(e.Loss-r.Best().Dev.Loss) > 1e-5 {
			t.Errorf("epoch %d was kept with the dev loss %g, its model has %g (%v)", r.Kept, r.Best().Dev.Loss, e.Loss, err)
		}
	}
}

func TestADivergingRunIsAnErrorThatSaysSo(t *testing.T) {
	model := learner(t, 2, 0)
	broken := model.Clone()
	bias := make([]float32, 2)
	bias[0] = float32(math.NaN())
	if err := broken.SetWeight("classifier.bias", []int{2}, bias); err != nil {
		t.Fatal(err)
	}
	if _, err := train(t, t.Context(), broken, 20, nil, Options{Epochs: 1}); err == nil || !strings.Contains(err.Error(), "classifier.bias is not finite in 1 of 2 values, first NaN at [0]") {
		t.Errorf("a NaN in the model: %v", err)
	}
	if err := broken.SetWeight("classifier.bias", []int{2}, []float32{3e38, -3e38}); err != nil {
		t.Fatal(err)
	}
	if _, err := train(t, t.Context(), broken, 20, nil, Options{Epochs: 1}); err == nil || !strings.Contains(err.Error(), "diverged") || !strings.Contains(err.Error(), "epoch 1, step 1") {
		t.Errorf("a loss beyond float32: %v", err)
	}
	// The weights break in the only step, whose loss was finite.
	if _, err := train(t, t.Context(), model, 20, nil, Options{Epochs: 1, BatchSize: 32, WeightDecay: 1e39}); err == nil || !strings.Contains(err.Error(), "not finite after the last step") {
		t.Errorf("a step beyond float32: %v", err)
	}
}

func TestWhatCannotBeTrainedIsAnErrorThatSaysWhy(t *testing.T) {
	good := sentiment(10, 1, task.Classification)
	broken := func(change func(d *task.Dataset)) *task.Dataset {
		d := sentiment(10, 1, task.Classification)
		change(d)
		return d
	}
	model := learner(t, 2, 0)
	noTokenizer := model.Clone()
	noTokenizer.Tokenizer = nil
	for name, c := range map[string]struct {
		model *gbert.Model
		train *task.Dataset
		dev   *task.Dataset
		o     Options
		want  string
	}{
		"no examples":          {model, broken(func(d *task.Dataset) { d.Examples = nil }), nil, Options{}, "has no examples"},
		"no label":             {model, broken(func(d *task.Dataset) { d.Examples[3].Label = -1 }), nil, Options{}, "1 of the 10 examples"},
		"no label in dev":      {model, good, broken(func(d *task.Dataset) { d.Examples[3].Label = -1 }), Options{}, "1 of the 10 examples"},
		"a label beyond":       {model, broken(func(d *task.Dataset) { d.Examples[3].Label = 2 }), nil, Options{}, "example 3 of toy has the label 2"},
		"another head":         {learner(t, 3, 0), good, nil, Options{}, "the model's head has 3 outputs, the task toy needs 2"},
		"a regression":         {model, sentiment(10, 1, task.Regression), nil, Options{}, "needs 1"},
		"no tokenizer":         {noTokenizer, good, nil, Options{}, "no tokenizer"},
		"negative epochs":      {model, good, nil, Options{Epochs: -1}, "-1 epochs"},
		"negative batch":       {model, good, nil, Options{BatchSize: -1}, "a batch of -1"},
		"no room":              {model, good, nil, Options{MaxLength: 2}, "maximal length of 2"},
		"a NaN rate":           {model, good, nil, Options{LearningRate: math.NaN()}, "learning rate NaN"},
		"a warm-up of one":     {model, good, nil, Options{Warmup: 1}, "warm-up"},
		"a beta of one":        {model, good, nil, Options{Beta2: 1}, "betas"},
		"an unknown epoch":     {model, good, nil, Options{Keep: "first"}, `keep "first"`},
		"a folder that is not": {model, good, nil, Options{CheckpointDir: "train_test.go"}, "train_test.go"},
	} {
		result, err := Train(t.Context(), goBackend(t), c.model, c.train, c.dev, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, %v, want %q", name, result, err, c.want)
		}
	}
}

func TestProgressCountsUpToTheEnd(t *testing.T) {
	var seen []Progress
	mustTrain(t, learner(t, 2, 0), 20, sentiment(9, 2, task.Classification), Options{Epochs: 2, BatchSize: 8, Progress: func(p Progress) { seen = append(seen, p) }})
	steps, phases := 0, map[string]bool{}
	for _, p := range seen {
		phases[p.Phase] = true
		if p.Phase == "training" {
			steps++
			if p.Step != steps || p.Steps != 6 || p.Epoch != 1+(steps-1)/3 || p.Loss <= 0 || p.TokensPerSecond <= 0 {
				t.Errorf("step %d: %+v", steps, p)
			}
		}
	}
	if steps != 6 || !phases["compiling"] || !phases["evaluating"] {
		t.Errorf("%d steps, phases %v", steps, phases)
	}
	if last := seen[len(seen)-1]; last.Phase != "evaluating" || last.Step != 9 || last.Steps != 9 {
		t.Errorf("the last word is %+v", last)
	}
}

func TestATrainingCompilesBeforeItsFirstStep(t *testing.T) {
	var built atomic.Int32 // executables may be built side by side
	method := &Method{Name: "counting", Loss: func(_ *StepGraph, loss *graph.Node) *graph.Node { built.Add(1); return loss }}
	var phases []string
	before := int32(0)
	mustTrain(t, learner(t, 2, 0), 20, nil, Options{Epochs: 3, BatchSize: 8, Method: method, Progress: func(p Progress) {
		if phases = append(phases, p.Phase); p.Phase == "training" && p.Step == 1 {
			before = built.Load()
		}
	}})
	if n := built.Load(); before == 0 || n != before {
		t.Errorf("%d gradients were built by the first step, %d in the end", before, n)
	}
	if phases[0] != "compiling" || slices.Contains(phases[1:], "compiling") {
		t.Errorf("phases: %v", phases)
	}
}

func TestAMetricThatIsNoNumberSurvivesACheckpoint(t *testing.T) {
	text, err := json.Marshal(Epoch{Number: 1, Dev: &Evaluation{Metrics: task.Scores{task.Pearson: math.NaN(), task.Spearman: 0.5}}})
	if err != nil {
		t.Fatal(err)
	}
	var back Epoch
	if err := json.Unmarshal(text, &back); err != nil || !math.IsNaN(back.Dev.Metrics[task.Pearson]) || back.Dev.Metrics[task.Spearman] != 0.5 {
		t.Errorf("%s became %v (%v)", text, back.Dev, err)
	}
}

func TestACancelledEvaluationIsTheContextsError(t *testing.T) {
	model := learner(t, 2, 0)
	session, err := gbert.NewSession(goBackend(t), model)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	prepared, err := Prepare(nil, model, sentiment(20, 1, task.Classification), 16, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := prepared.Evaluate(ctx, session, nil, func(done, total int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if real, computed := prepared.Tokens(); real == 0 || computed < real {
		t.Errorf("%d of %d tokens", real, computed)
	}
}

// TestMain trains in a child process that a test kills, when that test says so.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FINETUNE_TEST_CHILD"); dir != "" {
		os.Exit(child(dir, os.Getenv("FINETUNE_TEST_LAST")))
	}
	os.Exit(testbed.Main(m))
}

// A GoMLX tensor that one compilation moves to the device is nowhere for the others meanwhile.
func TestCompilingSideBySideMovesNoArray(t *testing.T) {
	scores := MethodParameter{Name: "scores", Shape: []int{64}, Initial: make([]float32, 64), LearningRate: 1}
	method := &Method{Name: "scores", Parameters: []MethodParameter{scores}}
	model, data := learner(t, 2, 0), sentiment(40, 1, task.Classification)
	s := newTestStepper(t, goBackend(t), model, Options{BatchSize: 8, MaxLength: 16, Method: method})
	onDevice := func() (n int) {
		for _, p := range s.trained {
			for _, tensor := range p.tensors() {
				if (*tensor).IsOnDevice(0) {
					n++
				}
			}
		}
		return n
	}
	prepared, err := read(model, data, 16)
	if err != nil {
		t.Fatal(err)
	}
	var batches []*gbert.Batch
	for _, length := range []int{12, 14, 16} {
		batches = append(batches, gbert.PadBatch(prepared.Encodings, []int{0, 1, 2, 3}, 8, []int{length}, model.Config.PadTokenID))
	}
	before := onDevice()
	if err := s.compile(prepared, batches, scalars{steps: 10, rate: 1e-3, correction1: 0.1, correction2: 0.1}); err != nil {
		t.Fatal(err)
	}
	if now := onDevice(); now != before {
		t.Errorf("%d arrays were on the device before, %d after", before, now)
	}
}
