package combined

import (
	"reflect"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// model is one whose metric drops by each of the values with equal probability.
func model(name string, bytes int64, combined bool, speed float64, drops ...float64) compare.Measurement {
	m := compare.Measurement{
		Name: name, Sizes: compare.Sizes{Stored: bytes}, Combined: combined, Drops: drops,
		Latency: []compare.Latency{{Batch: 1, Seconds: 0.01 / speed, Speed: speed}},
	}
	for i := range 15 { // most of the speeds are within a fiftieth
		m.Latency[0].Samples = append(m.Latency[0].Samples, 0.01/(speed+0.02*float64(i-7)/4))
	}
	if speed == 1 {
		for i := range m.Latency[0].Samples {
			m.Latency[0].Samples[i] = 0.01
		}
	}
	if drops != nil {
		m.Against = &compare.Pair{Metric: stats.Estimate{Interval: stats.Interval{Value: (drops[0] + drops[len(drops)-1]) / 2, Low: drops[0], High: drops[len(drops)-1]}}}
	}
	return m
}

// result has the models of every claim; change makes another one of it.
func result(change func(c *compare.Comparison)) *Result {
	c := &compare.Comparison{Metric: "accuracy", Batches: []int{1}, Models: []compare.Measurement{
		model("fine-tuned", 90, false, 1), model("float16", 45, false, 1, -0.001, 0.001), model("embedding", 60, false, 1, 0, 0.01), model("shared", 80, false, 1, 0, 0.03),
		model("everything", 20, true, 1.5, 0.005, 0.015), model("loses", 10, true, 2, 0.05, 0.06),
	}, Pairs: []compare.Pair{
		{A: "layers-distil", B: "layers", Metric: stats.Estimate{Interval: stats.Interval{Value: 0.01, Low: 0.001, High: 0.02}}},
		{A: "fine-tuned-twice", B: "fine-tuned", Metric: stats.Estimate{Interval: stats.Interval{Value: 0, Low: -0.01, High: 0.01}}},
	}}
	if change != nil {
		change(c)
	}
	return &Result{Comparison: c}
}

// changes make other results of that of [result], with the verdicts that they lead to.
func changes(t *testing.T) map[string]judgement {
	find := func(c *compare.Comparison, name string) *compare.Measurement {
		m, ok := c.Find(name)
		if !ok {
			t.Fatal(name)
		}
		return m
	}
	const holds, not, open = report.Holds, report.DoesNotHold, report.CannotTell
	return map[string]judgement{
		"as it is":                      {nil, []report.Verdict{holds, holds, holds, holds, open}},
		"a single technique is smaller": {func(c *compare.Comparison) { find(c, "float16").Sizes.Stored = 15 }, []report.Verdict{not, holds, holds, holds, open}},
		"no combination is sure":        {func(c *compare.Comparison) { find(c, "everything").Drops = []float64{0.01, 0.05} }, []report.Verdict{open, holds, holds, holds, open}},
		"half precision costs a point":  {func(c *compare.Comparison) { *find(c, "float16") = model("float16", 45, false, 1, 0.008, 0.012) }, []report.Verdict{holds, not, holds, holds, open}},
		"half precision is uncertain":   {func(c *compare.Comparison) { *find(c, "float16") = model("float16", 45, false, 1, -0.01, 0.01) }, []report.Verdict{holds, open, holds, holds, open}},
		"sharing is faster":             {func(c *compare.Comparison) { *find(c, "shared") = model("shared", 80, false, 1.2, 0, 0.03) }, []report.Verdict{holds, holds, not, holds, open}},
		"perhaps sharing is faster":     {func(c *compare.Comparison) { *find(c, "shared") = model("shared", 80, false, 1.05, 0, 0.03) }, []report.Verdict{holds, holds, open, holds, open}},
		"the teacher does harm, training again helps": {func(c *compare.Comparison) {
			c.Pairs[0].Metric.Interval = stats.Interval{Value: -0.01, Low: -0.02, High: -0.001}
			c.Pairs[1].Metric.Interval = stats.Interval{Value: 0.006, Low: 0.001, High: 0.01}
		}, []report.Verdict{holds, holds, holds, not, holds}},
		"training again does harm": {func(c *compare.Comparison) {
			c.Pairs[1].Metric.Interval = stats.Interval{Value: -0.015, Low: -0.02, High: -0.01}
		}, []report.Verdict{holds, holds, holds, holds, not}},
		"without pairs and singles": {func(c *compare.Comparison) { c.Pairs, c.Models = nil, append(c.Models[:1:1], c.Models[4]) }, []report.Verdict{holds, open, open, open, open}},
	}
}

// judgement is a change of a result and the verdicts on it.
type judgement struct {
	change func(c *compare.Comparison)
	want   []report.Verdict
}

// claims are those of a result in a language.
func claims(t *testing.T, r *Result, say *words.Printer) []experiment.Claim {
	t.Helper()
	list, err := edition{r, say}.Claims()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestClaimsAreJudgedByTheirRules(t *testing.T) {
	for name, test := range changes(t) {
		var got []report.Verdict
		for _, claim := range claims(t, result(test.change), words.English) {
			got = append(got, claim.Outcome)
			if own := !strings.Contains(claim.Text, "not time"); own != (claim.Verdict == report.Informative) {
				t.Errorf("%s: %s: %v", name, claim.Text, claim.Verdict)
			}
			if claim.Text == "" || claim.Measured == "" || strings.Contains(claim.Measured+claim.Explanation, "%!") {
				t.Errorf("%s: %+v", name, claim)
			}
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// A model that answers the largest class alone is named, so that nobody takes it for a small one that works.
func TestModelsWithoutUseAreNamed(t *testing.T) {
	r := result(func(c *compare.Comparison) {
		c.Majority = 0.5
		for i := range c.Models {
			c.Models[i].Score = 0.8
		}
	})
	numbers := edition{r, words.English}.Numbers()
	if numbers["lost"] != "" {
		t.Errorf("%v is named", numbers["lost"])
	}
	r.Comparison.Models[1].Score = 0.5
	if numbers := (edition{r, words.English}).Numbers(); numbers["lost"] != r.Comparison.Models[1].Name || numbers["largest"] != "0.500" {
		t.Errorf("%v, %v", numbers["lost"], numbers["largest"])
	}
}
