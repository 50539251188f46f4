package movement

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bertlab/gbert/finetune"
)

// The schedule at every step of a run is equation 5, with exact ends.
func TestScheduleFollowsTheFormulaAtEveryStep(t *testing.T) {
	o := Options{Remaining: 0.15, WarmupSteps: 10, CoolDownSteps: 30}
	const steps = 100
	for step := range steps + 1 {
		v := check[float64](t)(o.KeepRatio(step, steps))
		want := 0.15 + (1-0.15)*math.Pow(1-float64(step-10)/60, 3)
		switch {
		case step <= 10:
			if v != 1 {
				t.Errorf("step %d of the warm-up: %g", step, v)
			}
		case step >= 70:
			if v != 0.15 {
				t.Errorf("step %d of the cool-down: %g", step, v)
			}
		case math.Abs(v-want) > 1e-15:
			t.Errorf("step %d: %g; %g was expected", step, v, want)
		}
	}
	shares := Options{Remaining: 0.15}
	for step := range steps + 1 {
		if a, b := check[float64](t)(shares.KeepRatio(step, steps)), check[float64](t)(o.KeepRatio(step, steps)); a != b {
			t.Errorf("step %d: %g by shares, %g by steps", step, a, b)
		}
	}
}

func TestScheduleFallsFromFirstToLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Remaining: rapid.Float64Range(0.01, 1).Draw(t, "remaining"), Initial: 1,
			WarmupShare: rapid.Float64Range(-0.1, 0.6).Draw(t, "warm-up"), CoolDownShare: rapid.Float64Range(-0.1, 0.6).Draw(t, "cool-down"),
		}
		steps := rapid.IntRange(1, 300).Draw(t, "steps")
		if o.CheckSteps(steps) != nil {
			return
		}
		last := 2.0
		for step := range steps + 1 {
			v, err := o.KeepRatio(step, steps)
			if err != nil || v > last || v < o.Remaining || step == 0 && v != 1 || step == steps && v != o.Remaining {
				t.Fatalf("step %d of %d: %g after %g, %v", step, steps, v, last, err)
			}
			last = v
		}
	})
}

func TestRunTooShortForTheScheduleIsRefused(t *testing.T) {
	for _, test := range []struct {
		o        Options
		steps    int
		mentions []string
	}{
		{Options{Remaining: 0.1, WarmupSteps: 500, CoolDownSteps: 1000}, 300, []string{"Options.WarmupSteps + Options.CoolDownSteps at most 299", "at least 1501 steps"}},
		{Options{Remaining: 0.1, WarmupShare: 0.5, CoolDownShare: 0.5}, 10, []string{"Options.WarmupShare + Options.CoolDownShare at most 0.9"}},
	} {
		err := test.o.CheckSteps(test.steps)
		for _, mention := range test.mentions {
			if err == nil || !strings.Contains(err.Error(), mention) {
				t.Errorf("%+v: %v; %q was expected", test.o, err, mention)
			}
		}
	}
	m := classifier(t, 1, "gelu")
	method := check[*finetune.Method](t)(New(m, Options{Remaining: 0.5, WarmupSteps: 5}))
	_, err := finetune.Train(t.Context(), goBackend(t), m, sentences(8), nil, finetune.Options{Epochs: 2, MaxLength: 16, Keep: finetune.KeepLast, Method: method})
	if err == nil || !strings.Contains(err.Error(), "WarmupSteps") {
		t.Errorf("training began: %v", err)
	}
}

func TestGranularityIsReadAsItIsWritten(t *testing.T) {
	for _, text := range []string{"weight", "block:32", "block:32x16", "row", "column", "head", "neuron", "none"} {
		if g, err := ParseGranularity(text); err != nil || g.String() != text {
			t.Errorf("%s becomes %s, %v", text, g, err)
		}
	}
	if g := (Granularity{}); g.String() != "weight" {
		t.Errorf("the zero value is %s", g)
	}
	for _, text := range []string{"", "block", "block:", "block:0", "block:-1", "block:2x", "block:axb", "weight:2", "blocks:32", "neurons"} {
		if _, err := ParseGranularity(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestWrongOptionsAreNamed(t *testing.T) {
	m := classifier(t, 2, "gelu")
	head, neuron := Granularity{Unit: Head}, Granularity{Unit: Neuron}
	for name, test := range map[string]struct {
		o        Options
		mentions string
	}{
		"nothing remains":      {Options{}, "above 0 and at most 1"},
		"more than all":        {Options{Remaining: 1.1}, "1.1"},
		"not a number":         {Options{Remaining: math.NaN()}, "above 0 and at most 1"},
		"growing":              {Options{Remaining: 0.5, Initial: 0.4}, "must not grow"},
		"unknown method":       {Options{Remaining: 0.5, Kind: "taylor"}, "choose magnitude, movement, soft or l0"},
		"unknown scope":        {Options{Remaining: 0.5, Scope: "layer"}, "local or global"},
		"heads of the FFN":     {Options{Remaining: 0.5, FFN: head}, "no heads"},
		"neurons of attention": {Options{Remaining: 0.5, Attention: neuron}, "no neurons"},
		"nothing to prune":     {Options{Remaining: 0.5, Attention: Granularity{Unit: None}, FFN: Granularity{Unit: None}}, "nothing"},
		"block of five":        {Options{Remaining: 0.5, Attention: Granularity{Unit: Block, Rows: 5, Columns: 2}}, "12 x 12: the rows can be one of [1 2 3 4 6 12]"},
		"block without sides":  {Options{Remaining: 0.5, Attention: Granularity{Unit: Block}}, "at least 1"},
		"none of three heads":  {Options{Remaining: 0.3, Attention: head}, "at least 0.3333"},
		"threshold of one":     {Options{Kind: Soft, Lambda: 1, Threshold: 1}, "below 1"},
		"soft without a goal":  {Options{Kind: Soft}, "above 0 and at most 1"},
		"λ of magnitude":       {Options{Kind: Magnitude, Remaining: 0.5, Lambda: 1}, "has no λ"},
		"limits inside":        {Options{Kind: L0, Lambda: 1, Low: 0.1}, "limits"},
		"scores stand":         {Options{Remaining: 0.5, ScoreLearningRate: -1}, "learning rate"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := New(m, test.o); err == nil || !strings.Contains(err.Error(), test.mentions) {
				t.Errorf("%v; %q was expected", err, test.mentions)
			}
		})
	}
	if _, err := Prune(m, Options{Kind: Movement, Remaining: 0.5}); err == nil || !strings.Contains(err.Error(), "New") {
		t.Errorf("movement without training: %v", err)
	}
	if _, err := Masks(m, Options{Remaining: 0.5}, nil); err == nil || !strings.Contains(err.Error(), "144 were expected") {
		t.Errorf("masks without scores: %v", err)
	}
}

func TestAdviceComesWhereLearnedScoresCutEarly(t *testing.T) {
	for _, c := range []struct {
		o     Options
		steps int
		want  string
	}{
		{Options{Remaining: 0.1}, 2000, "after 200 of 2000 steps"},
		{Options{Remaining: 0.1, WarmupShare: 0.5}, 2000, ""},
		{Options{Remaining: 0.1, WarmupSteps: 999}, 1 << 20, "after 999 of"},
		{Options{Remaining: 0.1, Kind: L0, WarmupShare: -1}, 50000, "after 0 of"},
		{Options{Remaining: 0.1, Kind: Magnitude}, 10, ""},
		{Options{Remaining: 2}, 10, ""}, // refused elsewhere
	} {
		if got := c.o.Advice(c.steps); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v, %d steps: %q, want %q", c.o, c.steps, got, c.want)
		}
	}
}
