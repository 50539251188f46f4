package stats

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// golden is what testdata/make_golden.py writes; nil is NaN.
type golden struct {
	Correlation []struct {
		Name              string
		X, Y              []float64
		Pearson, Spearman *float64
		Interval          []float64
	}
	McNemar []struct {
		B, C int
		P    float64
	}
	Wilson []struct {
		K, N     int
		Level    float64
		Interval []float64
	}
	Quantiles []struct {
		Name                 string
		Values, Q, Quantiles []float64
	}
	Mean []struct {
		Name        string
		Values      []float64
		Level, Mean float64
		Interval    []float64
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

func TestCorrelationsEqualSciPy(t *testing.T) {
	for _, g := range readGolden(t).Correlation {
		if r := Pearson(g.X, g.Y); !near(r, g.Pearson, 1e-7) {
			t.Errorf("%s: Pearson is %v, SciPy says %v", g.Name, r, g.Pearson)
		} else if g.Interval != nil {
			i, err := PearsonInterval(r, len(g.X), 0.95)
			if err != nil || !near(i.Low, &g.Interval[0], 1e-7) || !near(i.High, &g.Interval[1], 1e-7) {
				t.Errorf("%s: interval %v (%v), SciPy says %v", g.Name, i, err, g.Interval)
			}
		}
		if r := Spearman(g.X, g.Y); !near(r, g.Spearman, 1e-12) {
			t.Errorf("%s: Spearman is %v, SciPy says %v", g.Name, r, g.Spearman)
		}
	}
}

func TestMcNemarEqualsSciPysBinomialTest(t *testing.T) {
	for _, g := range readGolden(t).McNemar {
		a, b := make(Answers, g.B+g.C+7), make(Answers, g.B+g.C+7)
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
		i, err := Wilson(g.K, g.N, g.Level)
		if err != nil || !near(i.Low, &g.Interval[0], 1e-10) || !near(i.High, &g.Interval[1], 1e-10) || i.Value != float64(g.K)/float64(g.N) {
			t.Errorf("%d of %d: %v (%v), SciPy says %v", g.K, g.N, i, err, g.Interval)
		}
	}
}

func TestQuantilesEqualNumPysDefault(t *testing.T) {
	for _, g := range readGolden(t).Quantiles {
		for i, q := range g.Q {
			if got := Quantile(g.Values, q); !near(got, &g.Quantiles[i], 1e-12) {
				t.Errorf("%s: quantile %g is %v, NumPy says %v", g.Name, q, got, g.Quantiles[i])
			}
		}
	}
}

func TestMeansHaveSciPysIntervals(t *testing.T) {
	for _, g := range readGolden(t).Mean {
		i := MeanInterval(g.Values, g.Level)
		if !near(i.Value, &g.Mean, 1e-12) || !near(i.Low, &g.Interval[0], 1e-9) || !near(i.High, &g.Interval[1], 1e-9) {
			t.Errorf("%s: %v, SciPy says %v in %v", g.Name, i, g.Mean, g.Interval)
		}
	}
	for _, i := range []Interval{MeanInterval([]float64{3}, 0.95), MeanInterval([]float64{3, 3}, 95)} {
		if i.Value != 3 || !math.IsNaN(i.Low) || !math.IsNaN(i.High) {
			t.Errorf("one value, and a level of 95: %v", i)
		}
	}
}
