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
	Correlation []struct {
		Name              string
		X, Y              []float64
		Pearson, Spearman *float64
		Interval          []float64
	}
	CrossEntropy struct {
		Logits [][]float32
		Labels []int
		Losses []float64
	} `json:"cross_entropy"`
	McNemar []struct {
		B, C int
		P    float64
	}
	Wilson []struct {
		K, N     int
		Level    float64
		Interval []float64
	}
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

func TestCorrelationsEqualSciPy(t *testing.T) {
	for _, g := range readGolden(t).Correlation {
		if r := PearsonR(g.X, g.Y); !near(r, g.Pearson, 1e-7) {
			t.Errorf("%s: Pearson is %v, SciPy says %v", g.Name, r, g.Pearson)
		} else if g.Interval != nil {
			low, high, err := PearsonInterval(r, len(g.X), 0.95)
			if err != nil || !near(low, &g.Interval[0], 1e-7) || !near(high, &g.Interval[1], 1e-7) {
				t.Errorf("%s: interval %v to %v (%v), SciPy says %v", g.Name, low, high, err, g.Interval)
			}
		}
		if r := SpearmanR(g.X, g.Y); !near(r, g.Spearman, 1e-12) {
			t.Errorf("%s: Spearman is %v, SciPy says %v", g.Name, r, g.Spearman)
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

func TestMcNemarEqualsSciPysBinomialTest(t *testing.T) {
	for _, g := range readGolden(t).McNemar {
		a, b := make([]bool, g.B+g.C+7), make([]bool, g.B+g.C+7)
		for i := range g.B {
			a[i] = true
		}
		for i := range g.C {
			b[g.B+i] = true
		}
		r, err := McNemar(a, b)
		if err != nil || r.OnlyA != g.B || r.OnlyB != g.C {
			t.Fatalf("%+v, %v", r, err)
		}
		if math.Abs(r.P-g.P) > 1e-9*g.P {
			t.Errorf("%d against %d: p = %v, SciPy says %v", g.B, g.C, r.P, g.P)
		}
	}
}

func TestWilsonEqualsSciPy(t *testing.T) {
	for _, g := range readGolden(t).Wilson {
		low, high, err := Wilson(g.K, g.N, g.Level)
		if err != nil || !near(low, &g.Interval[0], 1e-10) || !near(high, &g.Interval[1], 1e-10) {
			t.Errorf("%d of %d: %v to %v (%v), SciPy says %v", g.K, g.N, low, high, err, g.Interval)
		}
	}
}
