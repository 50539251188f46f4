package task

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// golden is what testdata/make_golden.py writes; nil is NaN.
type golden struct {
	Classification []struct {
		Name                   string
		Classes                int
		Gold, Predicted        []int
		Accuracy, F1, Matthews *float64
	}
	CrossEntropy struct {
		Logits [][]float32
		Labels []int
		Losses []float64
	} `json:"cross_entropy"`
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func near(got float64, want *float64, tolerance float64) bool {
	if want == nil {
		return math.IsNaN(got)
	}
	return math.Abs(got-*want) <= tolerance*max(1, math.Abs(*want))
}

func TestMetricsEqualScikitLearn(t *testing.T) {
	for _, g := range readGolden(t).Classification {
		c, err := NewConfusion(g.Classes, g.Gold, g.Predicted)
		if err != nil {
			t.Fatal(err)
		}
		for name, pair := range map[string]struct {
			got  float64
			want *float64
		}{Accuracy: {c.Accuracy(), g.Accuracy}, F1: {c.F1(), g.F1}, Matthews: {c.Matthews(), g.Matthews}} {
			if !near(pair.got, pair.want, 1e-12) {
				t.Errorf("%s: %s is %v, scikit-learn says %v", g.Name, name, pair.got, *pair.want)
			}
		}
	}
}

func TestCrossEntropyEqualsPyTorch(t *testing.T) {
	g := readGolden(t).CrossEntropy
	losses, err := CrossEntropies(g.Logits, g.Labels)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, l := range losses {
		sum += g.Losses[i]
		if !near(l, &g.Losses[i], 1e-12) {
			t.Errorf("example %d: %v, PyTorch says %v", i, l, g.Losses[i])
		}
	}
	want := sum / float64(len(losses))
	if got, err := CrossEntropy(g.Logits, g.Labels); err != nil || !near(got, &want, 1e-12) {
		t.Errorf("mean %v (%v), want %v", got, err, want)
	}
}
