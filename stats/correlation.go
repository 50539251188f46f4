package stats

import (
	"cmp"
	"math"
	"slices"
)

// Pearson is Pearson's correlation Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² Σ(y−ȳ)²) of two lists of the same length. It is NaN where one of
// them is constant, or has fewer than two values, or the lengths differ. Unlike gonum's stat.Correlation it takes values whose squares
// are out of float64's range.
func Pearson(x, y []float64) float64 {
	if len(x) != len(y) || len(x) < 2 || constant(x) || constant(y) {
		return math.NaN()
	}
	mx, my := mean(x), mean(y)
	// Scaled by the largest deviation, so that no square leaves the range of float64.
	var sx, sy float64
	for i := range x {
		sx, sy = max(sx, math.Abs(x[i]-mx)), max(sy, math.Abs(y[i]-my))
	}
	var xx, yy, xy float64
	for i := range x {
		dx, dy := (x[i]-mx)/sx, (y[i]-my)/sy
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	return max(-1, min(1, xy/(math.Sqrt(xx)*math.Sqrt(yy))))
}

func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// Spearman is Pearson's correlation of the ranks; equal values share the mean of their ranks. Of a quantity that was measured on two
// [Halves] of a data set it is the split-half stability of its ranking.
func Spearman(x, y []float64) float64 { return Pearson(ranks(x), ranks(y)) }

// SpearmanWithin is Spearman's ρ of x and effects, from the least to the greatest that it can be with each effect at an end of its interval.
// Of n effects it looks at 2ⁿ ways.
func SpearmanWithin(x []float64, y []Effect) Effect {
	at := func(choose func(i int) float64) float64 {
		list := make([]float64, len(y))
		for i := range list {
			list[i] = choose(i)
		}
		return Spearman(x, list)
	}
	e := Counted(at(func(i int) float64 { return y[i].Value }))
	for ends := range 1 << len(y) {
		v := at(func(i int) float64 {
			if ends>>i&1 == 0 {
				return y[i].Low
			}
			return y[i].High
		})
		e.Low, e.High = min(e.Low, v), max(e.High, v)
	}
	return e
}

// ranks gives the rank of each value, from 1; NaN everywhere if one is NaN.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	out := make([]float64, len(x))
	if len(x) > 0 && math.IsNaN(x[order[0]]) { // NaN sorts first
		for i := range out {
			out[i] = math.NaN()
		}
		return out
	}
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && x[order[to]] == x[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return out
}

// Halves deals the numbers below n at random into two halves, each ascending; of an odd number the second half has one more. The same
// seed gives the same halves.
func Halves(n int, seed uint64) (first, second []int) {
	order := generator(seed).Perm(n)
	first, second = order[:n/2:n/2], order[n/2:]
	slices.Sort(first)
	slices.Sort(second)
	return first, second
}
