package compare

import (
	"math"
	"strings"
	"testing"
	"time"

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
