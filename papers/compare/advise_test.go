package compare

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// measured makes a model whose metric drops by some of the values with equal probability.
func measured(name string, bytes int64, milliseconds float64, retrained *bool, drops ...float64) Measurement {
	m := Measurement{Name: name, Sizes: Sizes{Stored: bytes}, Retrained: retrained, Latency: []Latency{{Batch: 1, Seconds: milliseconds / 1000, Samples: []float64{milliseconds / 1000, milliseconds / 1000 * 1.1}}}}
	if drops != nil {
		mean := 0.0
		for _, d := range drops {
			mean += d / float64(len(drops))
		}
		m.Drops, m.Against = drops, &Pair{Metric: stats.Estimate{Interval: stats.Interval{Value: mean, Low: drops[0], High: drops[len(drops)-1]}}}
	}
	return m
}

func market() *Comparison {
	yes, no := true, false
	return &Comparison{Metric: "accuracy", Task: "movies", Examples: 500, Batches: []int{1}, Models: []Measurement{
		measured("original", 90e6, 10, nil),
		measured("half", 45e6, 10, &no, 0, 0),
		measured("shallow", 30e6, 6, &yes, 0.005, 0.01),
		measured("tiny", 15e6, 3, &yes, 0.01, 0.04),
		measured("found", 20e6, 4, nil, 0.005, 0.008),
	}}
}

func points2(v float64) *float64 { return &v }

func TestAdviceKeepsToEveryLimit(t *testing.T) {
	for name, test := range map[string]struct {
		limits  Limits
		best    string
		certain bool
	}{
		"no limit takes what loses least, and of these the smaller": {Limits{Retrain: true}, "half", true},
		"a drop takes the smallest that is sure":                    {Limits{Retrain: true, Drop: points2(0.02)}, "found", true},
		"a drop that only the original and half keep":               {Limits{Retrain: true, Drop: points2(0)}, "half", true},
		"a size":    {Limits{Retrain: true, Size: 35e6}, "found", true},
		"a latency": {Limits{Retrain: true, Latency: 3500 * time.Microsecond}, "tiny", true},
		"a latency that half of the samples keep is unsure":          {Limits{Retrain: true, Latency: 3100 * time.Microsecond}, "tiny", false},
		"without retraining, unknown is unsure":                      {Limits{Size: 35e6}, "found", false},
		"without retraining":                                         {Limits{Size: 50e6}, "half", true},
		"a drop that is kept with a probability of a half is unsure": {Limits{Retrain: true, Size: 16e6, Drop: points2(0.02)}, "tiny", false},
		"nothing fits": {Limits{Retrain: true, Size: 1e6}, "", false},
	} {
		advice, err := market().Advise(test.limits)
		if err != nil {
			t.Fatal(err)
		}
		if advice.Best != test.best || advice.Certain != test.certain {
			t.Errorf("%s: %q, certain %v; want %q, %v", name, advice.Best, advice.Certain, test.best, test.certain)
		}
		if len(advice.Candidates) != 5 || advice.Why.English == "" || advice.Why.Korean == "" || advice.Next.Korean == "" || strings.Contains(advice.Next.Korean+advice.Why.Korean+advice.Next.English, "%!") {
			t.Errorf("%s: %+v %+v", name, advice.Why, advice.Next)
		}
		if rows := advice.Table(words.English).Rows; len(rows) != 5 {
			t.Errorf("%s: %v", name, rows)
		}
	}
}

func TestAdviceSaysHowSureItIs(t *testing.T) {
	advice, err := market().Advise(Limits{Retrain: true, Drop: points2(0.02), Latency: 4200 * time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Candidate{}
	for _, c := range advice.Candidates {
		by[c.Name] = c
	}
	if c := by["tiny"]; c.Within != 0.5 || c.InTime != 1 || c.Fits != FitsMaybe || len(c.Against) != 1 || c.Against[0] != "drop" {
		t.Errorf("%+v", c)
	}
	if c := by["found"]; c.Within != 1 || c.InTime != 0.5 || !c.RetrainingUnknown {
		t.Errorf("%+v", c)
	}
	if c := by["original"]; c.Fits != FitsNot || c.Within != 1 || c.RetrainingUnknown {
		t.Errorf("%+v", c)
	}
}

func TestAdviceRefusesWhatWasNotMeasured(t *testing.T) {
	for _, l := range []Limits{{Batch: 7}, {Size: -1}, {Drop: points2(math.NaN())}} {
		if _, err := market().Advise(l); err == nil {
			t.Errorf("%+v is accepted", l)
		}
	}
}

// runtimeMarket are three models in three runtimes. In XLA only the shallow one is fast enough for 5 ms, in ONNX Runtime the half one too,
// and in eight bits the original, whose answers are then not quite the same.
func runtimeMarket() *Comparison {
	c := &Comparison{Metric: "accuracy", Task: "sst2", Examples: 500, Batches: []int{1}}
	no, yes := false, true
	for _, m := range []struct {
		name      string
		retrained *bool
		times     [3]float64 // of XLA, ONNX Runtime, and that in eight bits
		bytes     [3]int64
		drops     [3]float64
	}{
		{"original", nil, [3]float64{12, 8, 4}, [3]int64{90e6, 91e6, 24e6}, [3]float64{0, 0, 0.002}},
		{"half", &no, [3]float64{9, 4, 2.5}, [3]int64{45e6, 46e6, 12e6}, [3]float64{0.01, 0.01, 0.012}},
		{"shallow", &yes, [3]float64{4, 3, 2}, [3]int64{30e6, 31e6, 8e6}, [3]float64{0.03, 0.03, 0.035}},
	} {
		for i, r := range Runtimes {
			var drops []float64
			if len(c.Models) > 0 {
				drops = []float64{m.drops[i], m.drops[i]}
			}
			one := measured(m.name+", "+string(r), m.bytes[i], m.times[i], m.retrained, drops...)
			one.SHA256 = m.name
			if one.Runtime = r; r == XLA {
				one.Runtime = ""
			}
			c.Models = append(c.Models, one)
		}
	}
	return c
}

func TestAdviceIsGivenWithinEachRuntime(t *testing.T) {
	for name, test := range map[string]struct {
		limits Limits
		best   string
		within [3]string
	}{
		"a latency": {Limits{Retrain: true, Latency: 5 * time.Millisecond}, "original, onnx-int8", [3]string{"shallow, xla", "half, onnx", "original, onnx-int8"}},
		"a size":    {Limits{Retrain: true, Size: 28e6}, "original, onnx-int8", [3]string{"", "", "original, onnx-int8"}},
		"a drop":    {Limits{Retrain: true, Drop: points2(0.011)}, "original, onnx-int8", [3]string{"half, xla", "half, onnx", "original, onnx-int8"}},
		"without retraining, the original in another runtime was not retrained": {Limits{Latency: 8900 * time.Microsecond}, "original, onnx", [3]string{"", "original, onnx", "original, onnx-int8"}},
	} {
		advice, err := runtimeMarket().Advise(test.limits)
		if err != nil {
			t.Fatal(err)
		}
		if advice.Best != test.best {
			t.Errorf("%s: %q, want %q", name, advice.Best, test.best)
		}
		if len(advice.Runtimes) != len(Runtimes) {
			t.Fatalf("%s: answers of %d runtimes", name, len(advice.Runtimes))
		}
		for i, r := range Runtimes {
			if got := advice.Runtimes[i]; got.Runtime != r || got.Best != test.within[i] {
				t.Errorf("%s, in %s: %+v, want %q", name, r, got, test.within[i])
			}
			test.limits.Runtime = r
			alone, err := runtimeMarket().Advise(test.limits)
			if err != nil {
				t.Fatal(err)
			}
			if alone.Best != test.within[i] || len(alone.Candidates) != 3 || alone.Runtimes != nil {
				t.Errorf("%s, of %s alone: %q of %d, want %q", name, r, alone.Best, len(alone.Candidates), test.within[i])
			}
		}
	}
}

func TestAdviceWithinARuntimeThatWasNotMeasuredIsRefused(t *testing.T) {
	if _, err := market().Advise(Limits{Runtime: ONNX}); !errors.Is(err, ErrRuntime) || !strings.Contains(err.Error(), "xla") {
		t.Errorf("%v", err)
	}
	advice, err := market().Advise(Limits{Runtime: XLA, Retrain: true})
	if err != nil || advice.Best != "half" || advice.Runtimes != nil || advice.Candidates[0].Runtime != XLA {
		t.Errorf("%+v, %v", advice, err)
	}
}

// A time takes the original's place where the rounds show it, whatever the medians are: the machine's pace changes from round to round.
func TestATimeIsLessWhereTheRoundsShowIt(t *testing.T) {
	pace := []float64{1, 1.2, 0.9, 1.5, 1, 1.1, 1.3, 0.8, 1} // of the machine, round by round
	timed := func(name string, ratios ...float64) Measurement {
		m := Measurement{Name: name, Sizes: Sizes{Stored: 1}, MACs: 1, Drops: []float64{0}, Against: &Pair{}}
		l := Latency{Batch: 1}
		for i, p := range pace {
			l.Samples = append(l.Samples, p/ratios[i%len(ratios)])
		}
		seconds := stats.Quartiles(l.Samples)
		l.Seconds = seconds.Value
		m.Latency = []Latency{l}
		return m
	}
	for name, test := range map[string]struct {
		models []Measurement
		want   string
		part   float64
	}{
		"no model is surely faster":           {[]Measurement{timed("unsteady", 0.9, 1.1, 1.2), timed("slower", 0.8)}, "original", 100},
		"the one that is faster in pairs":     {[]Measurement{timed("unsteady", 0.9, 1.3, 1.4), timed("little", 1.05), timed("more", 1.1, 1.2)}, "more", 100 / 1.1},
		"a shorter median that is not paired": {[]Measurement{timed("less", 1.5, 0.7, 1.5, 0.6), timed("steady", 1.02)}, "steady", 100 / 1.02},
		"too few rounds for an interval":      {[]Measurement{{Name: "few", Drops: []float64{0}, Against: &Pair{}, Latency: []Latency{{Batch: 1, Seconds: 0.1, Samples: []float64{0.1, 0.1}}}}}, "original", 100},
	} {
		original := timed("original", 1)
		original.Against = nil
		c := &Comparison{Metric: "accuracy", Batches: []int{1}, Models: append([]Measurement{original}, test.models...)}
		row := c.ConstraintTable(words.English, 0.02).Rows[2]
		if row[1] != test.want || math.Abs(row[3].(float64)-test.part) > 1e-9 {
			t.Errorf("%s: %v, want %s with %.2f %%", name, row, test.want, test.part)
		}
	}
}

// Memory is that of XLA alone, so that models in other runtimes have none.
func TestConstraintsAreAnsweredWhereOnlySomeRuntimesHaveAMemory(t *testing.T) {
	c := runtimeMarket()
	c.Models[0].Memory, c.Models[6].Memory = &experiment.Memory{Peak: 300e6}, &experiment.Memory{Peak: 200e6}
	rows := c.ConstraintTable(words.English, 0.05).Rows
	if last := rows[len(rows)-1]; last[1] != "shallow, xla" || last[2] != "200 MB" {
		t.Errorf("%v", last)
	}
	if untrained := rows[1]; untrained[1] != "half, onnx-int8" {
		t.Errorf("%v", untrained)
	}
}

// A model that answers the largest class alone is named under the figure and does not press the others together.
func TestAModelWithoutUseIsNotDrawn(t *testing.T) {
	c := &Comparison{Metric: "accuracy", Task: "movies", Examples: 500, Batches: []int{1}, Majority: 0.5, Models: []Measurement{
		{Name: "original", Score: 0.9, Latency: make([]Latency, 1)}, {Name: "smaller", Score: 0.85, Against: &Pair{}, Latency: make([]Latency, 1)}, {Name: "lost", Score: 0.5, Against: &Pair{}, Latency: make([]Latency, 1)},
	}}
	for _, test := range []struct {
		original, majority float64
		drawn              bool
	}{{0.9, 0.5, false}, {0.5, 0.5, true}, {0.9, 0, true}} {
		c.Models[0].Score, c.Majority = test.original, test.majority
		f, err := c.ParetoFigure(Compute, words.English)
		if err != nil {
			t.Fatal(err)
		}
		named := strings.Contains(f.Caption(), "not drawn, since no better than the largest class (0.500): lost")
		if drawn := strings.Contains(f.Data().CSV(), "lost"); drawn != test.drawn || named == test.drawn {
			t.Errorf("%+v: drawn %v, %q", test, drawn, f.Caption())
		}
	}
}
