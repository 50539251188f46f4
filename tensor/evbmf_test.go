package tensor

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// planted is a matrix of a rank plus Gaussian noise; the components are strength times as strong as the strongest that noise makes.
func planted(seed uint64, m, n, rank int, sigma, strength float64) *mat.Dense {
	u, v := orthonormalise(gaussianMatrix(seed, m, rank)), orthonormalise(gaussianMatrix(seed+1, n, rank))
	u.Scale(strength*sigma*(math.Sqrt(float64(m))+math.Sqrt(float64(n))), u)
	noise := gaussianMatrix(seed+2, m, n)
	noise.Scale(sigma, noise)
	var y mat.Dense
	y.Mul(u, v.T())
	y.Add(&y, noise)
	return &y
}

func TestEVBMFFindsThePlantedRankAndNoise(t *testing.T) {
	for _, test := range []struct {
		m, n, rank int
		sigma      float64
	}{
		{60, 60, 5, 0.1}, {40, 200, 3, 1}, {200, 40, 3, 1}, {80, 90, 0, 0.5}, {50, 400, 12, 1e-3}, {100, 100, 20, 100}, {20, 3000, 7, 1},
	} {
		y := gaussianMatrix(7, test.m, test.n)
		y.Scale(test.sigma, y)
		if test.rank > 0 {
			y = planted(11, test.m, test.n, test.rank, test.sigma, 3)
		}
		values := singularValues(y)
		noise := must(EVBMF(values, test.m, test.n, 0))
		if noise.Rank != test.rank || len(noise.Values) != test.rank {
			t.Errorf("%+v: rank %d", test, noise.Rank)
		}
		if ratio := math.Sqrt(noise.Variance) / test.sigma; math.Abs(ratio-1) > 0.05 {
			t.Errorf("%+v: the standard deviation found is %g times the noise's", test, ratio)
		}
		known := must(EVBMF(values, test.n, test.m, test.sigma*test.sigma))
		if known.Rank != test.rank || known.Variance != test.sigma*test.sigma {
			t.Errorf("%+v: rank %d with the variance known", test, known.Rank)
		}
		for i, value := range noise.Values {
			if !(value > 0 && value < values[i]) {
				t.Errorf("%+v: singular value %g is shrunk to %g", test, values[i], value)
			}
		}
	}
}

func TestEVBMFScalesWithTheMatrix(t *testing.T) {
	values := singularValues(planted(5, 30, 45, 4, 1, 2))
	one := must(EVBMF(values, 30, 45, 0))
	rapid.Check(t, func(r *rapid.T) {
		scale := math.Pow(10, rapid.Float64Range(-8, 8).Draw(r, "exponent"))
		scaled := make([]float64, len(values))
		floats.ScaleTo(scaled, scale, values)
		got, err := EVBMF(scaled, 30, 45, 0)
		if err != nil {
			r.Fatal(err)
		}
		if got.Rank != one.Rank || math.Abs(got.Variance/(one.Variance*scale*scale)-1) > 1e-6 || math.Abs(got.Threshold/(one.Threshold*scale)-1) > 1e-6 {
			r.Fatalf("scaled by %g: %+v, want %+v scaled", scale, got, one)
		}
	})
}

func TestEVBMFTakesMatricesWithoutNoise(t *testing.T) {
	values := []float64{3, 2, 1, 0, 0, 0, 0, 0}
	if noise := must(EVBMF(values, 8, 10, 0)); noise.Rank != 3 || noise.Variance > 1e-20 || !floats.EqualApprox(noise.Values, values[:3], 1e-6) {
		t.Errorf("exactly of rank 3: %+v", noise)
	}
	if noise := must(EVBMF(make([]float64, 4), 4, 9, 0)); noise.Rank != 0 || noise.Variance != 0 {
		t.Errorf("zero: %+v", noise)
	}
	if noise := must(EVBMF([]float64{2}, 1, 5, 0)); noise.Rank > 1 || math.IsNaN(noise.Variance) {
		t.Errorf("a single row: %+v", noise)
	}
}

// The threshold is where the two forms of the free energy meet, and where the shrunk value becomes real.
func TestTheThresholdIsTheRootOfItsEquation(t *testing.T) {
	for _, alpha := range []float64{1e-3, 0.01, 0.1, 0.5, 1} {
		tau := evbTau(alpha)
		if f := math.Log1p(tau) + alpha*math.Log1p(tau/alpha) - tau; math.Abs(f) > 1e-12 {
			t.Errorf("α = %g: the equation leaves %g at τ = %g", alpha, f, tau)
		}
		near := 2.5129 * math.Sqrt(alpha)
		if limit, approximation := (1+tau)*(1+alpha/tau), (1+near)*(1+alpha/near); math.Abs(limit/approximation-1) > 0.025 {
			t.Errorf("α = %g: the limit is %g, with the usual approximation of τ %g", alpha, limit, approximation)
		}
	}
	if tau := evbTau(1); math.Abs(tau-2.5129) > 1e-4 {
		t.Errorf("α = 1: τ = %g, want 2.5129", tau)
	}
	f := newFreeEnergy([]float64{1}, 1, 3)
	at := 1 / (f.long * f.limit)
	if jump := f.at(at*(1+1e-9)) - f.at(at*(1-1e-9)); math.Abs(jump) > 1e-6 {
		t.Errorf("the free energy jumps by %g at the threshold", jump)
	}
}

func TestTheVarianceIsTheMinimumOfTheFreeEnergy(t *testing.T) {
	f := newFreeEnergy(singularValues(planted(21, 25, 60, 6, 1, 1.2)), 25, 60)
	best := f.minimise()
	low, high := f.bounds()
	if best < low || best > high {
		t.Fatalf("variance %g, want %g…%g", best, low, high)
	}
	for i := range 10001 {
		variance := low * math.Pow(high/low, float64(i)/10000)
		if f.at(variance) < f.at(best)-1e-9 {
			t.Fatalf("the free energy is %g at %g, and %g at the minimum %g", f.at(variance), variance, f.at(best), best)
		}
	}
}

func TestBadCallsOfEVBMFAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		err   error
		parts []string
	}{
		"none":         {second(EVBMF(nil, 2, 2, 0)), []string{"no singular values"}},
		"too few":      {second(EVBMF([]float64{1}, 2, 2, 0)), []string{"1 singular values", "min(m, n)"}},
		"no rows":      {second(EVBMF([]float64{1}, 0, 2, 0)), []string{"[0, 2]"}},
		"NaN":          {second(EVBMF([]float64{1, math.NaN()}, 2, 2, 0)), []string{"value 1", "NaN"}},
		"negative":     {second(EVBMF([]float64{1, -1}, 2, 2, 0)), []string{"value 1", "-1"}},
		"variance":     {second(EVBMF([]float64{1, 1}, 2, 2, -1)), []string{"-1", "at least 0"}},
		"NaN variance": {second(EVBMF([]float64{1, 1}, 2, 2, math.NaN())), []string{"NaN", "at least 0"}},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, test.err, test.parts...) })
	}
}
