package heads

import (
	"context"
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// withTokensOfASweep bounds how much one call of a sweep computes.
func withTokensOfASweep(t *testing.T, n int) {
	before := sweepTokens
	sweepTokens = n
	t.Cleanup(func() { sweepTokens = before })
}

func TestSweepsEqualEachMaskOnItsOwn(t *testing.T) {
	ctx, d := context.Background(), sentences(9, 1)
	for name, test := range map[string]struct {
		model  *gbert.Model
		tokens int // of one call
	}{
		"all heads of a layer at once": {classifier(t, 2, 6), 16384},
		"one head at a time":           {classifier(t, 2, 6), 1},
		"two heads, then one":          {classifier(t, 2, 6), 2 * 4 * 16},
		"one layer":                    {classifier(t, 1, 6), 16384},
		"heads removed":                {remove(t, classifier(t, 3, 6), "0:0;1:2;2:1,2"), 16384},
		"a layer without heads":        {remove(t, classifier(t, 3, 6), "1:0,1,2"), 16384},
		"last layer without heads":     {remove(t, classifier(t, 2, 6), "1:0,1,2"), 16384},
	} {
		t.Run(name, func(t *testing.T) {
			withTokensOfASweep(t, test.tokens)
			config := test.model.Config
			s, p := session(t, test.model), prepare(t, test.model, d, 4)
			for kind, sweep := range map[string]func(context.Context, *gbert.Session, *finetune.Prepared, func(done, total int)) (*Ablation, error){"ablate": Ablate, "keep one": KeepOne} {
				reports, last := 0, 0
				ablation, err := sweep(ctx, s, p, func(done, total int) {
					if reports++; done <= last || total != d.Len()*(len(All(config))+1) {
						t.Fatalf("%s: %d of %d done, after %d", kind, done, total, last)
					}
					last = done
				})
				if err != nil {
					t.Fatal(err)
				}
				if last != d.Len()*(len(All(config))+1) {
					t.Errorf("%s: progress ends at %d", kind, last)
				}
				base := evaluate(t, s, p, nil)
				if math.Abs(ablation.Base.Loss-base.Loss) > 1e-5 || len(ablation.Heads) != len(All(config)) {
					t.Fatalf("%s: %d effects, the whole model's loss is %g, want %g", kind, len(ablation.Heads), ablation.Base.Loss, base.Loss)
				}
				for i, h := range All(config) {
					masked := []Head{h}
					if kind == "keep one" {
						masked = nil
						for _, other := range All(config) {
							if other.Layer == h.Layer && other != h {
								masked = append(masked, other)
							}
						}
					}
					mask, err := NewSet(masked...).Mask(config)
					if err != nil {
						t.Fatal(err)
					}
					alone := evaluate(t, s, p, mask)
					want, err := EffectOf(d, h, base, alone)
					if err != nil {
						t.Fatal(err)
					}
					got := ablation.Heads[i]
					if kind == "ablate" && math.Abs(want.LossDelta) < 1e-4 {
						t.Errorf("%v changes nothing: the test shows nothing", h)
					}
					for field, pair := range map[string][2]float64{
						"loss": {got.Loss, want.Loss}, "loss delta": {got.LossDelta, want.LossDelta}, "low": {got.LossLow, want.LossLow}, "high": {got.LossHigh, want.LossHigh},
					} {
						if !(math.Abs(pair[0]-pair[1]) < 1e-5) {
							t.Errorf("%s, %v: %s is %g, alone %g", kind, h, field, pair[0], pair[1])
						}
					}
					if got.Head != h || got.Metric != want.Metric || got.PValue != want.PValue || got.OnlyBase != want.OnlyBase {
						t.Errorf("%s: %+v, alone %+v", kind, got, want)
					}
				}
			}
		})
	}
}

func TestASweepStopsWhenAskedTo(t *testing.T) {
	withTokensOfASweep(t, 1)
	model := classifier(t, 2, 1)
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Ablate(ctx, session(t, model), prepare(t, model, sentences(9, 1), 4), func(int, int) { cancel() })
	if err != context.Canceled {
		t.Errorf("it ended with %v", err)
	}
}

func TestCompareCountsWhoIsRight(t *testing.T) {
	d := sentences(4, 1)
	evaluation := func(right ...bool) *finetune.Evaluation {
		e := &finetune.Evaluation{Examples: 4, Metrics: task.Scores{}}
		for i, ok := range right {
			label, loss := d.Examples[i].Label, 0.25
			if ok {
				e.Metrics[task.Accuracy] += 0.25
			} else {
				label, loss = 1-label, 2.25
			}
			e.Predictions, e.Losses = append(e.Predictions, task.Prediction{Label: label}), append(e.Losses, loss)
			e.Loss += loss / 4
		}
		return e
	}
	effect, err := EffectOf(d, Head{1, 2}, evaluation(true, true, true, false), evaluation(false, false, true, true))
	if err != nil {
		t.Fatal(err)
	}
	effect.LossLow, effect.LossHigh = 0, 0
	want := HeadEffect{Head: Head{1, 2}, Metric: 0.5, MetricDelta: -0.25, Loss: 1.25, LossDelta: 0.5, OnlyBase: 2, OnlyChanged: 1, PValue: 1}
	if effect != want {
		t.Errorf("%+v, want %+v", effect, want)
	}
}

func TestAnUndefinedMetricIsNullInJSON(t *testing.T) {
	model, d := classifier(t, 1, 1), sentences(5, 1)
	d.Task = &task.Task{Name: "toy", Kind: task.Regression, Metrics: []string{task.Pearson}}
	for i := range d.Examples {
		d.Examples[i].Label, d.Examples[i].Value = 0, 2 // does not vary, so there is no correlation
	}
	model = withLabels(t, model, 1)
	ablation, err := Ablate(context.Background(), session(t, model), prepare(t, model, d, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(ablation.Heads[0].Metric) {
		t.Fatalf("the metric is %g: the test shows nothing", ablation.Heads[0].Metric)
	}
	if h := ablation.Heads[0]; !math.IsNaN(h.PValue) || h.OnlyBase != 0 {
		t.Errorf("McNemar's test of a regression: %+v", h)
	}
	ablation.Heads[1].Metric, ablation.Heads[1].MetricDelta, ablation.Heads[1].PValue = 0.5, 0, 0.25
	text, err := json.Marshal(ablation)
	if err != nil {
		t.Fatal(err)
	}
	var again Ablation
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if h := again.Heads[0]; !math.IsNaN(h.Metric) || !math.IsNaN(h.MetricDelta) || !math.IsNaN(h.PValue) || strings.Count(string(text), "p_value") != 1 {
		t.Errorf("read as %+v", h)
	}
	if again.Heads[1] != ablation.Heads[1] || again.Heads[2].LossDelta != ablation.Heads[2].LossDelta {
		t.Errorf("%+v is read as %+v", ablation.Heads[1:], again.Heads[1:])
	}
	var keys map[string]any
	one, _ := json.Marshal(HeadEffect{Head: Head{1, 2}})
	if err := json.Unmarshal(one, &keys); err != nil || keys["layer"] != 1.0 || keys["head"] != 2.0 || keys["metric"] != 0.0 || len(keys) != 11 {
		t.Errorf("%s", one)
	}
}

func TestRankingsAreOrderedAndEqualsKeepTheirOrder(t *testing.T) {
	config := remove(t, classifier(t, 2, 1), "0:1").Config
	importance := &Importance{Normalized: [][]float64{{0.5, 0, 0.2}, {0.9, 0.2, 0.1}}}
	want := []Head{{1, 2}, {0, 2}, {1, 1}, {0, 0}, {1, 0}}
	if got := RankByImportance(config, importance); !reflect.DeepEqual(got, want) {
		t.Errorf("by importance %v, want %v", got, want)
	}
	ablation := &Ablation{Heads: []HeadEffect{
		{Head: Head{0, 0}, MetricDelta: -0.1}, {Head: Head{0, 1}, MetricDelta: 0.1}, {Head: Head{1, 0}, LossDelta: 0.2}, {Head: Head{1, 1}, LossDelta: 0.1}, {Head: Head{1, 2}, LossDelta: 0.2},
	}}
	before := slices.Clone(ablation.Heads)
	want = []Head{{0, 1}, {1, 1}, {1, 0}, {1, 2}, {0, 0}}
	if got := RankByScore(ablation); !reflect.DeepEqual(got, want) || !slices.Equal(ablation.Heads, before) {
		t.Errorf("by score %v, want %v; the ablation is now %v", got, want, ablation.Heads)
	}
	slices.Reverse(want)
	got := RankByScore(ablation)
	if reversed := Reversed(got); !reflect.DeepEqual(reversed, want) || reflect.DeepEqual(got, want) {
		t.Errorf("reversed %v, want %v", reversed, want)
	}
}

func TestARandomRankingIsAPermutationDrawnWithTheSeed(t *testing.T) {
	config := classifier(t, 4, 1).Config
	drawn := map[string]bool{}
	for seed := range uint64(5) {
		ranking := RankAtRandom(config, seed)
		if !reflect.DeepEqual(ranking, RankAtRandom(config, seed)) {
			t.Errorf("seed %d gives two orders", seed)
		}
		if !reflect.DeepEqual(NewSet(ranking...), NewSet(All(config)...)) || len(ranking) != 12 {
			t.Errorf("seed %d gives %v", seed, ranking)
		}
		text, _ := json.Marshal(ranking)
		drawn[string(text)] = true
	}
	if len(drawn) != 5 {
		t.Errorf("5 seeds give %d orders", len(drawn))
	}
}
