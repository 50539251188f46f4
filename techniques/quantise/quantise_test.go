package quantise_test

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/ort"
	"bertlab/gbert/surgery"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
	"bertlab/techniques/quantise"
)

var ctx = context.Background()

func classifier(t testing.TB) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Layers: 3, Hidden: 16, Heads: 4, NoDropout: true}, 1)
}

func observe(t testing.TB, m *gbert.Model, n int) *quantise.Observed {
	t.Helper()
	observed, err := quantise.Observe(ctx, tiny.Session(t, m), tiny.Prepare(t, m, tiny.Sentences(n, 3), 5), nil)
	if err != nil {
		t.Fatal(err)
	}
	return observed
}

func ranges(t testing.TB, m *gbert.Model, rule quantise.Rule) quantise.Ranges {
	t.Helper()
	all, err := observe(t, m, 20).Ranges(rule)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// options are every way to quantise a model.
func options(t testing.TB, m *gbert.Model) map[string]quantise.Options {
	return map[string]quantise.Options{
		"weights": {}, "dynamic": {Inputs: gbert.DynamicInputs}, "row": {Inputs: gbert.RowInputs},
		"static": {Inputs: gbert.StaticInputs, Ranges: ranges(t, m, quantise.MinMax)},
	}
}

func quantised(t testing.TB, m *gbert.Model, o quantise.Options) (*gbert.Model, *quantise.Report) {
	t.Helper()
	small, report, err := quantise.Quantise(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return small, report
}

func logits(t testing.TB, m *gbert.Model) [][]float32 { return tiny.Logits(t, m, tiny.Sentences(9, 1)) }

func TestAQuantisedModelIsNearItsModelAndAQuarterOfIt(t *testing.T) {
	whole := classifier(t)
	for name, o := range options(t, whole) {
		small, report := quantised(t, whole, o)
		if far := tiny.Apart(logits(t, small), logits(t, whole)); far == 0 || far > 0.25 {
			t.Errorf("%s: the logits differ by %g", name, far)
		}
		for _, m := range report.Maps {
			if !m.Int8 || m.RelativeError <= 0 || m.RelativeError > 0.02 || m.Parameters == 0 {
				t.Errorf("%s: %+v", name, m)
			}
			if static := m.Role != quantise.Words && name == "static"; static != (m.Low < 0 && m.High > 0) && static {
				t.Errorf("%s: the range %g…%g", m.Map, m.Low, m.High)
			}
		}
		if len(report.Maps) != 19 || len(report.Left) > 0 {
			t.Errorf("%s: %d maps, %v left", name, len(report.Maps), report.Left)
		}
		dir := filepath.Join(t.TempDir(), "model")
		if err := small.Save(dir, gbert.Float32); err != nil {
			t.Fatal(err)
		}
		loaded, err := gbert.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		if !slices.EqualFunc(logits(t, loaded), logits(t, small), slices.Equal) {
			t.Errorf("%s: other logits after loading", name)
		}
		if done := loaded.Config.History; len(done) != 1 || done[0].Name != "quantise" {
			t.Errorf("%s: the history is %v", name, done)
		}
		if _, _, err := quantise.Quantise(loaded, o); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("%s: quantised twice: %v", name, err)
		}
	}
}

func TestMapsThatAreKeptStayToTheBit(t *testing.T) {
	whole := classifier(t)
	keep, err := quantise.OfRoles(whole.Config, []gbert.Role{gbert.FFNOut, quantise.Words})
	if err != nil {
		t.Fatal(err)
	}
	small, report := quantised(t, whole, quantise.Options{Inputs: gbert.DynamicInputs, Keep: keep})
	for _, m := range report.Maps {
		if kept := m.Role == gbert.FFNOut || m.Role == quantise.Words; m.Int8 == kept {
			t.Errorf("%+v", m)
		}
	}
	name := gbert.WeightName(1, gbert.FFNOut)
	if !slices.Equal(tiny.Values(t, small, name), tiny.Values(t, whole, name)) || !small.Config.Embedding.IsPlain() {
		t.Error("what was kept has changed")
	}
	if got := quantise.FormatMaps(keep); got != "0:ffn_out,1:ffn_out,2:ffn_out,words" {
		t.Error(got)
	}
	if text := small.Config.History[0].Arguments["keep_float"]; text != "0:ffn_out,1:ffn_out,2:ffn_out,words" {
		t.Error(text)
	}
}

// With ranges of a row and stored ones, an example's logits do not depend on the others of its batch; with dynamic ones they do.
func TestNeighboursMatterToDynamicRangesAlone(t *testing.T) {
	whole := classifier(t)
	data := tiny.Sentences(12, 4)
	for name, o := range options(t, whole) {
		small, _ := quantised(t, whole, o)
		one := func(batchSize int) [][]float32 {
			rows, err := tiny.Prepare(t, small, data, batchSize).Logits(ctx, tiny.Session(t, small), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		far := tiny.Apart(one(1), one(12))
		if depends := far > 1e-5; depends != (name == "dynamic") {
			t.Errorf("%s: alone and in a batch the logits differ by %g", name, far)
		}
	}
}

func TestTheSimulatedPassIsONNXRuntimes(t *testing.T) {
	backend := testbed.ONNXRuntime(t)
	whole := classifier(t)
	for name, o := range options(t, whole) {
		small, _ := quantised(t, whole, o)
		session, err := ort.Open(ctx, small, ort.Options{Backend: backend})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer session.Close()
		prepared := tiny.Prepare(t, small, tiny.Sentences(64, 7), 8)
		got, err := prepared.Logits(ctx, session, nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, err := prepared.Logits(ctx, tiny.Session(t, small), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		// A value at the edge between two codes may go either way, and moves the logits by a step of a code.
		if far := tiny.Apart(got, want); far > 0.05 {
			t.Errorf("%s: the logits differ by %g", name, far)
		}
		a, err := prepared.Judge(got)
		if err != nil {
			t.Fatal(err)
		}
		b, err := prepared.Judge(want)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(a.Loss-b.Loss) > 2e-3 {
			t.Errorf("%s: the loss is %g, not %g", name, a.Loss, b.Loss)
		}
	}
}

func TestRangesAreThoseOfTheInputs(t *testing.T) {
	whole := classifier(t)
	observed := observe(t, whole, 20)
	all, err := observed.Ranges(quantise.MinMax)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 18 || observed.Examples != 20 {
		t.Errorf("%d ranges of %d examples", len(all), observed.Examples)
	}
	// What enters the first query map are the embeddings' outputs.
	low, high := float32(0), float32(0)
	states := slices.Concat(tiny.HiddenStates(t, whole, tiny.Prepare(t, whole, tiny.Sentences(20, 3), 20))[0])
	for _, v := range states {
		low, high = min(low, v), max(high, v)
	}
	got := all[gbert.WeightName(0, gbert.Query)]
	if got.Low > 0 || got.Low < low || got.High > high || got.High < high/2 || got != all[gbert.WeightName(0, gbert.Value)] {
		t.Errorf("the range is %v, that of all states, padding among them, %g…%g", got, low, high)
	}
	for _, rule := range []quantise.Rule{quantise.Percentile(90), quantise.MeanSquaredError} {
		inner, err := observed.Ranges(rule)
		if err != nil {
			t.Fatal(err)
		}
		narrower := 0
		for name, r := range inner {
			if w := all[name]; r.Low < w.Low || r.High > w.High {
				t.Errorf("%s: %v is outside of %v", rule, r, w)
			} else if r != w {
				narrower++
			}
		}
		if rule == quantise.Percentile(90) && narrower != len(all) {
			t.Errorf("%s: %d ranges are narrower", rule, narrower)
		}
	}
}

func TestTheSweepIsWhatEachMapAloneLoses(t *testing.T) {
	whole := classifier(t)
	data := tiny.Prepare(t, whole, tiny.Sentences(10, 1), 10)
	for name, o := range options(t, whole) {
		sweep, err := quantise.Sweep(ctx, tiny.Session(t, whole), data, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := quantise.Maps(whole.Config)
		base, err := data.Logits(ctx, tiny.Session(t, whole), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, 5, len(all) - 1} {
			keep := slices.Delete(slices.Clone(all), i, i+1)
			small, _ := quantised(t, whole, quantise.Options{Inputs: o.Inputs, Ranges: o.Ranges, Keep: keep})
			rows, err := data.Logits(ctx, tiny.Session(t, small), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			sum, n := 0.0, 0
			for e := range rows {
				for k := range rows[e] {
					d := float64(rows[e][k] - base[e][k])
					sum, n = sum+d*d, n+1
				}
			}
			if want := math.Sqrt(sum / float64(n)); math.Abs(sweep.Maps[i].Error-want) > 1e-4+0.02*want || sweep.Maps[i].Map != all[i] {
				t.Errorf("%s: %s alone changes the logits by %g, in the sweep by %g", name, all[i], want, sweep.Maps[i].Error)
			}
		}
		if sweep.All.Error <= sweep.Maps[0].Error/10 {
			t.Errorf("%s: all together lose %g", name, sweep.All.Error)
		}
	}
}

func TestTheMostSensitiveMapsAreKept(t *testing.T) {
	s := &quantise.Sensitivities{}
	for i, e := range []float64{1, 9, 2, 8, 1} {
		s.Maps = append(s.Maps, quantise.Sensitivity{Map: quantise.Map{Layer: i, Role: gbert.Query}, Parameters: 10, Error: e})
	}
	if got := quantise.FormatMaps(s.Keep(0.5)); got != "1:query" {
		t.Error(got)
	}
	s.Maps[1].Parameters = 1000
	if got := quantise.FormatMaps(s.Keep(0.1)); got != "0:query,2:query,3:query,4:query" {
		t.Error(got)
	}
}

func TestTrainingMakesWeightsThatCodesHold(t *testing.T) {
	whole := classifier(t)
	data := tiny.Sentences(64, 1)
	for name, o := range options(t, whole) {
		method, err := quantise.Training(whole, o)
		if err != nil {
			t.Fatal(err)
		}
		result, err := finetune.Train(ctx, testbed.Go(t), whole, data, nil, finetune.Options{Epochs: 3, BatchSize: 8, MaxLength: 16, LearningRate: 3e-3, Seed: 1, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		small, report := quantised(t, result.Model, o)
		for _, m := range report.Maps {
			if m.RelativeError > 1e-6 {
				t.Errorf("%s: %s is stored with the error %g", name, m.Map, m.RelativeError)
			}
		}
		if first, last := result.Epochs[0].TrainLoss, result.Epochs[2].TrainLoss; !(last < first) {
			t.Errorf("%s: the loss goes from %g to %g", name, first, last)
		}
		// Weights are codes for good: of a row, the largest is 127 times the step.
		if raw := tiny.Values(t, result.Raw, gbert.WeightName(0, gbert.Query)); slices.Equal(raw, tiny.Values(t, result.Model, gbert.WeightName(0, gbert.Query))) {
			t.Errorf("%s: the weights are not rounded", name)
		}
		untrained, _ := quantised(t, whole, o)
		if before, after := loss(t, untrained, data), loss(t, small, data); !(after < before) {
			t.Errorf("%s: in codes the loss is %g, without training %g", name, after, before)
		}
	}
}

func loss(t testing.TB, m *gbert.Model, data *task.Dataset) float64 {
	t.Helper()
	result, err := tiny.Prepare(t, m, data, 8).Evaluate(ctx, tiny.Session(t, m), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result.Loss
}

func TestTrainingCombinesWithOtherMethods(t *testing.T) {
	whole := classifier(t)
	method, err := quantise.Training(whole, quantise.Options{Inputs: gbert.DynamicInputs})
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	other := &finetune.Method{Name: "other", Loss: nil, Numbers: func(int, int) map[string]float64 { seen++; return map[string]float64{"n": 1} }}
	both, err := finetune.Combine(method, other)
	if err != nil {
		t.Fatal(err)
	}
	data, options := tiny.Sentences(32, 1), finetune.Options{Epochs: 1, BatchSize: 8, MaxLength: 16, LearningRate: 1e-3, Seed: 1}
	options.Method = both
	a, err := finetune.Train(ctx, testbed.Go(t), whole, data, nil, options)
	if err != nil {
		t.Fatal(err)
	}
	options.Method = method
	b, err := finetune.Train(ctx, testbed.Go(t), whole, data, nil, options)
	if err != nil {
		t.Fatal(err)
	}
	if a.Epochs[0].TrainLoss != b.Epochs[0].TrainLoss || seen == 0 {
		t.Errorf("beside a method that does nothing the loss is %g, not %g", a.Epochs[0].TrainLoss, b.Epochs[0].TrainLoss)
	}
}

func TestWhatCannotBeQuantisedIsRefused(t *testing.T) {
	whole := classifier(t)
	broken := whole.Clone()
	_, shape, _ := broken.Weight(gbert.WeightName(1, gbert.FFNIn))
	values := make([]float32, shape[0]*shape[1])
	values[3] = float32(math.NaN())
	tiny.Set(t, broken, gbert.WeightName(1, gbert.FFNIn), shape, values)
	static := quantise.Options{Inputs: gbert.StaticInputs, Ranges: ranges(t, whole, quantise.MinMax)}
	missing := quantise.Options{Inputs: gbert.StaticInputs, Ranges: quantise.Ranges{}}
	for _, c := range []struct {
		model  *gbert.Model
		o      quantise.Options
		reason string
	}{
		{broken, quantise.Options{}, "is not finite"},
		{whole, missing, "there is no range of the inputs of 0:query: calibrate"},
		{whole, quantise.Options{Inputs: gbert.DynamicInputs, Ranges: static.Ranges}, "none that are stored"},
		{whole, quantise.Options{Keep: quantise.Maps(whole.Config)}, "no map is left to quantise"},
		{whole, quantise.Options{Keep: []quantise.Map{{Layer: 7, Role: gbert.Query}}}, "no map 7:query of its own"},
	} {
		if _, _, err := quantise.Quantise(c.model, c.o); err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%v, want %q", err, c.reason)
		}
		if _, err := quantise.Training(c.model, c.o); err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("training: %v, want %q", err, c.reason)
		}
	}
	if _, err := quantise.OfRoles(whole.Config, []gbert.Role{"mouth"}); err == nil || !strings.Contains(err.Error(), `no role "mouth"`) {
		t.Error(err)
	}
	for _, text := range []string{"", "most", "mse:3", "percentile:x", "percentile:40", "percentile:101", "percentile:NaN"} {
		if rule, err := quantise.ParseRule(text); err == nil {
			t.Errorf("%q is the rule %s", text, rule)
		}
	}
	for _, text := range []string{"minmax", "mse", "percentile:99.9"} {
		if rule, err := quantise.ParseRule(text); err != nil || rule.String() != text {
			t.Errorf("%q is the rule %s, %v", text, rule, err)
		}
	}
	if rule, err := quantise.ParseRule("percentile"); err != nil || rule != quantise.Percentile(99.99) {
		t.Error(rule, err)
	}
	if _, err := quantise.Observe(ctx, tiny.Session(t, whole), &finetune.Prepared{}, nil); err == nil || !strings.Contains(err.Error(), "no examples to calibrate on") {
		t.Error(err)
	}
	if _, err := quantise.Sweep(ctx, tiny.Session(t, whole), &finetune.Prepared{}, quantise.Options{}, nil); err == nil || !strings.Contains(err.Error(), "no examples") {
		t.Error(err)
	}
}

func TestFactorsTiesAndWordsInFactorsAreQuantisedAsTheyAreStored(t *testing.T) {
	whole := classifier(t)
	tiny.Factor(t, whole, 0, gbert.FFNIn, 3)
	tied, err := surgery.Tie(whole, []surgery.Group{{Layers: []int{1, 2}, Source: 1}}, gbert.TieRoles, gbert.Operation{Name: "tie"})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	table, err := tied.WordTable()
	if err != nil {
		t.Fatal(err)
	}
	factored, err := surgery.StoreWords(tied, gbert.FactoredWords(4), gbert.Operation{Name: "words"}, tiny.Normal(rng, len(table)/4), tiny.Normal(rng, 4*16))
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range options(t, factored) {
		small, report := quantised(t, factored, o)
		if far := tiny.Apart(logits(t, small), logits(t, factored)); far == 0 || far > 0.4 {
			t.Errorf("%s: the logits differ by %g", name, far)
		}
		if len(report.Maps) != 13 || small.Config.Layers[0].Form(gbert.FFNIn) != gbert.Int8(o.Inputs, 3) || small.Config.Layers[2].Form(gbert.Key) != gbert.Tied(1) {
			t.Errorf("%s: %d maps, %v", name, len(report.Maps), small.Config.Layers)
		}
		dense, err := small.Dense()
		if err != nil {
			t.Fatal(err)
		}
		if !dense.Config.IsPlain() || name == "weights" && tiny.Apart(logits(t, dense), logits(t, small)) > 1e-5 {
			t.Errorf("%s: the dense copy differs by %g", name, tiny.Apart(logits(t, dense), logits(t, small)))
		}
	}
	if !reflect.DeepEqual(quantise.Maps(factored.Config)[12], quantise.Map{Role: quantise.Words}) {
		t.Error("the word table is not the last")
	}
}
