package tensor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Noise is what [EVBMF] finds in a matrix Y = low rank + Gaussian noise.
type Noise struct {
	// Rank is the number of singular values above the threshold; 0 if the matrix looks like noise alone.
	Rank int
	// Variance σ² is that of the noise of one entry, estimated or given.
	Variance float64
	// Threshold is the singular value that a component must exceed.
	Threshold float64
	// Values [Rank] are the singular values of the low-rank matrix: those of Y, shrunk by what the noise adds.
	Values []float64
}

// EVBMF is the rank by the global analytic solution of empirical variational Bayesian matrix factorisation. Values are all
// min(m, n) singular values of a matrix [m, n], see [Spectrum]; variance is σ² if it is known, 0 to estimate it as the minimum of
// the free energy.
//
// With L = min(m, n), M = max(m, n), α = L/M and x_h = s_h²/(M·σ²), a component is kept if x_h > x̲ = (1 + τ̲)·(1 + α/τ̲), where τ̲ is the root
// of ln(τ+1) + α·ln(τ/α+1) = τ, and shrunk to s/2·(1 − (L+M)σ²/s² + √((1 − (L+M)σ²/s²)² − 4·L·M·σ⁴/s⁴)). The variance minimises
// Σ_h [x_h − ln x_h] + Σ_{x_h > x̲} [ln(τ_h+1) + α·ln(τ_h/α+1) − τ_h] with τ_h = ½·(x_h − (1+α) + √((x_h − (1+α))² − 4α)).
//
// Source: Nakajima, Sugiyama, Babacan and Tomioka 2013, "Global Analytic Solution of Fully-observed Variational Bayesian Matrix
// Factorization"; the form by x and τ: Nakajima, Tomioka, Sugiyama and Babacan 2015, "Condition for Perfect Dimensionality
// Recovery by Variational Bayesian PCA". Programs often take τ̲ ≈ 2.5129·√α; here it is the root itself.
//
// Weights of trained networks are near full rank, and not low rank plus white noise: the rank can be close to 0 or to min(m, n).
func EVBMF(values []float64, m, n int, variance float64) (*Noise, error) {
	s, total, err := checkSpectrum(values)
	if err != nil {
		return nil, err
	}
	if m < 1 || n < 1 || len(s) != min(m, n) {
		return nil, fmt.Errorf("tensor: %d singular values of a matrix [%d, %d], want all min(m, n), at least one", len(s), m, n)
	}
	if math.IsNaN(variance) || math.IsInf(variance, 0) || variance < 0 {
		return nil, fmt.Errorf("tensor: noise variance %g, want a finite number of at least 0 (0 estimates it)", variance)
	}
	if total == 0 {
		return &Noise{Variance: variance}, nil
	}
	f := newFreeEnergy(s, m, n)
	if variance == 0 {
		variance = f.minimise()
	}
	noise := &Noise{Variance: variance, Threshold: math.Sqrt(f.long * variance * f.limit)}
	for _, value := range s {
		if value <= noise.Threshold {
			break
		}
		a := 1 - (f.short+f.long)*variance/(value*value)
		b := 4 * f.short * f.long * variance * variance / (value * value * value * value)
		noise.Values = append(noise.Values, value/2*(a+math.Sqrt(max(0, a*a-b))))
	}
	noise.Rank = len(noise.Values)
	return noise, nil
}

// freeEnergy is that of a matrix with given singular values as a function of the noise variance, up to a factor and a constant.
type freeEnergy struct {
	squares     []float64 // s_h², descending
	short, long float64   // L, M
	alpha       float64   // L/M
	limit       float64   // x̲
}

func newFreeEnergy(s []float64, m, n int) freeEnergy {
	f := freeEnergy{squares: make([]float64, len(s)), short: float64(min(m, n)), long: float64(max(m, n))}
	for i, value := range s {
		f.squares[i] = value * value
	}
	f.alpha = f.short / f.long
	tau := evbTau(f.alpha)
	f.limit = (1 + tau) * (1 + f.alpha/tau)
	return f
}

// evbTau is the positive root of ln(τ+1) + α·ln(τ/α+1) − τ, which is positive below the root and negative above.
func evbTau(alpha float64) float64 {
	low, high := math.Sqrt(alpha), 4*math.Sqrt(alpha)
	for range 100 {
		tau := (low + high) / 2
		if math.Log1p(tau)+alpha*math.Log1p(tau/alpha) > tau {
			low = tau
		} else {
			high = tau
		}
	}
	return (low + high) / 2
}

// at is the free energy for a noise variance. A value s_h = 0 counts as ln σ², which is −ln x_h without its infinite constant.
func (f freeEnergy) at(variance float64) float64 {
	var sum float64
	for _, square := range f.squares {
		if square == 0 {
			sum += math.Log(variance)
			continue
		}
		x := square / (f.long * variance)
		sum += x - math.Log(x)
		if x > f.limit {
			a := x - (1 + f.alpha)
			tau := (a + math.Sqrt(a*a-4*f.alpha)) / 2
			sum += math.Log1p(tau) + f.alpha*math.Log1p(tau/f.alpha) - tau
		}
	}
	return sum
}

// bounds are between which variances the minimum lies: at the upper one all is noise; at the lower one the values that can be no
// component at any variance are.
func (f freeEnergy) bounds() (low, high float64) {
	components := int(math.Ceil(f.short/(1+f.alpha))) - 1
	var tail float64
	for i, square := range f.squares {
		high += square
		if i >= components {
			tail += square
		}
	}
	rest := float64(len(f.squares) - components)
	low = max(f.squares[components]/(f.long*f.limit), tail/(f.long*rest))
	// Without any noise the lower bound is 0, where the logarithm ends: rounding is noise too.
	low = max(low, 1e-24*f.squares[0]/f.long)
	return low, high / (f.short * f.long)
}

// minimise looks for the best of a grid of variances, since the free energy can have several minima, then for the minimum
// around it by golden section.
func (f freeEnergy) minimise() float64 {
	const steps = 500
	low, high := f.bounds()
	if low >= high {
		return high
	}
	start, step := math.Log(low), (math.Log(high)-math.Log(low))/steps
	at := func(logarithm float64) float64 { return f.at(math.Exp(logarithm)) }
	best, least := 0, math.Inf(1)
	for i := range steps + 1 {
		if energy := at(start + float64(i)*step); energy < least {
			best, least = i, energy
		}
	}
	a, b := start+float64(max(best-1, 0))*step, start+float64(min(best+1, steps))*step
	ratio := (math.Sqrt(5) - 1) / 2
	for b-a > 1e-12 {
		left, right := b-ratio*(b-a), a+ratio*(b-a)
		if at(left) < at(right) {
			b = right
		} else {
			a = left
		}
	}
	return math.Exp((a + b) / 2)
}

// checkSpectrum is the values in descending order, and the sum of their squares.
func checkSpectrum(values []float64) ([]float64, float64, error) {
	if len(values) == 0 {
		return nil, 0, fmt.Errorf("tensor: no singular values")
	}
	s := slices.Clone(values)
	var total float64
	for i, value := range s {
		if math.IsNaN(value) || value < 0 || value > 1e150 {
			return nil, 0, fmt.Errorf("tensor: singular value %d is %g, want 0…1e150", i, value)
		}
		total += value * value
	}
	slices.SortFunc(s, func(a, b float64) int { return cmp.Compare(b, a) })
	return s, total, nil
}
