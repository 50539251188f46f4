package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func same(a, b float64) bool { return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9 }

func drawPairs(t *rapid.T) (x, y []float64) {
	value := rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-50, 50).Draw(t, "v")) / 4 })
	x = rapid.SliceOfN(value, 2, 40).Draw(t, "x")
	return x, rapid.SliceOfN(value, len(x), len(x)).Draw(t, "y")
}

func TestCorrelationsAreSymmetricAndBlindToScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawPairs(t)
		z, cube := make([]float64, len(x)), make([]float64, len(x))
		for i := range x {
			z[i], cube[i] = -3*x[i]+7, x[i]*x[i]*x[i]
		}
		r, rho := Pearson(x, y), Spearman(x, y)
		if !same(r, Pearson(y, x)) || !same(rho, Spearman(y, x)) {
			t.Fatal("not symmetric")
		}
		if !same(-r, Pearson(z, y)) || !same(-rho, Spearman(z, y)) {
			t.Fatal("scale and sign")
		}
		if !same(rho, Spearman(cube, y)) {
			t.Fatal("Spearman changes under a rising function")
		}
	})
}

func TestMcNemarIsSymmetricAndAProbability(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Answers(rapid.SliceOfN(rapid.Bool(), 0, 80).Draw(t, "a"))
		b := Answers(rapid.SliceOfN(rapid.Bool(), len(a), len(a)).Draw(t, "b"))
		ab, err := McNemar(a, b)
		if err != nil {
			t.Fatal(err)
		}
		ba, err := McNemar(b, a)
		if err != nil {
			t.Fatal(err)
		}
		if ab.P != ba.P || ab.OnlyA != ba.OnlyB || !(ab.P > 0 && ab.P <= 1) {
			t.Fatalf("%+v and %+v", ab, ba)
		}
	})
}

func TestPairedBootstrapIsAntisymmetricAndRepeatable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPairs(t)
		how := Resampling{Resamples: 200, Seed: rapid.Uint64().Draw(t, "seed")}
		ab, err := PairedBootstrap(a, b, how)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := PairedBootstrap(a, b, how)
		ba, _ := PairedBootstrap(b, a, how)
		if ab != again {
			t.Fatalf("%+v, then %+v", ab, again)
		}
		if !same(ab.Value, -ba.Value) || !same(ab.Low, -ba.High) || !same(ab.High, -ba.Low) || ab.P != ba.P {
			t.Fatalf("%+v and %+v", ab, ba)
		}
	})
}

func TestBootstrapIntervalCoversTheTruthAboutAsOftenAsItSays(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 0))
	covered, rejected := 0, 0
	const rounds, n = 300, 60
	for round := range rounds {
		a, b := make([]float64, n), make([]float64, n)
		for i := range a {
			a[i], b[i] = random.NormFloat64(), random.NormFloat64()
		}
		r, err := PairedBootstrap(a, b, Resampling{Resamples: 400, Seed: uint64(round)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Low <= 0 && 0 <= r.High {
			covered++
		}
		if r.P < 0.05 {
			rejected++
		}
	}
	if covered < rounds*90/100 || covered > rounds*98/100 || rejected > rounds*10/100 {
		t.Errorf("the 95 %% interval covers %d of %d, p < 0.05 in %d", covered, rounds, rejected)
	}
}

func TestQuantilesInterpolateBetweenOrderStatistics(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	for q, want := range map[float64]float64{0: 1, 0.25: 1.75, 0.5: 2.5, 0.75: 3.25, 1: 4} {
		if got := Quantile(values, q); math.Abs(got-want) > 1e-12 {
			t.Errorf("quantile %g is %g, want %g", q, got, want)
		}
	}
	if !slices.Equal(values, []float64{4, 1, 3, 2}) {
		t.Error("the values were reordered")
	}
}

func TestQuartilesAreTheQuantiles(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	if got, want := Quartiles(values), (Interval{2.5, 1.75, 3.25}); got != want || Median(values) != want.Value {
		t.Errorf("%v and %g, want %v", got, Median(values), want)
	}
	if q := Quartiles(nil); !math.IsNaN(q.Value) || !math.IsNaN(q.Low) || !math.IsNaN(q.High) {
		t.Errorf("no values have the quartiles %v", q)
	}
}

func TestHalvesAreAllNumbersOnceAndTheSameForASeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, seed := rapid.IntRange(0, 60).Draw(t, "n"), rapid.Uint64().Draw(t, "seed")
		first, second := Halves(n, seed)
		if len(first) != n/2 || len(second) != n-n/2 || !slices.IsSorted(first) || !slices.IsSorted(second) {
			t.Fatalf("%v and %v", first, second)
		}
		all := slices.Sorted(slices.Values(append(slices.Clone(first), second...)))
		for i, v := range all {
			if i != v {
				t.Fatalf("%v and %v are not the numbers below %d", first, second, n)
			}
		}
		if again, other := Halves(n, seed); !slices.Equal(again, first) || !slices.Equal(other, second) {
			t.Fatal("the same seed gave other halves")
		}
	})
}

func TestWrongCallsAreErrors(t *testing.T) {
	second := func(_ any, err error) error { return err }
	third := func(_ McNemarResult, _ Difference, err error) error { return err }
	for name, err := range map[string]error{
		"McNemar":         second(McNemar(Answers{true}, nil)),
		"against":         third(Answers{true}.Against(nil)),
		"against none":    third(Answers{}.Against(nil)),
		"bootstrap":       second(PairedBootstrap([]float64{1}, nil, Resampling{})),
		"bootstrap none":  second(PairedBootstrap(nil, nil, Resampling{})),
		"level":           second(PairedBootstrap([]float64{1}, []float64{1}, Resampling{Level: 95})),
		"correlation":     second(BootstrapPearson([]float64{1}, nil, Resampling{})),
		"no correlation":  second(PearsonInterval(math.NaN(), 10, 0.95)),
		"one pair":        second(PearsonInterval(0, 1, 0.95)),
		"proportion":      second(Wilson(3, 2, 0.95)),
		"proportion of 0": second(Wilson(0, 0, 0.95)),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "stats: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	defer func() {
		if text, ok := recover().(string); !ok || !strings.Contains(text, "1 and on 2 examples") {
			t.Errorf("pooling other examples: %v", text)
		}
	}()
	Pool([]Answers{{true}, {true, false}})
}
