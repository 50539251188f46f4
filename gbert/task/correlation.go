package task

import (
	"cmp"
	"math"
	"slices"
)

// PearsonR is Pearson's correlation Σ(x−x̄)(y−ȳ) / √(Σ(x−x̄)² Σ(y−ȳ)²) of two lists of the same length. It is NaN where one of
// them is constant, or has fewer than two values, or the lengths differ.
func PearsonR(x, y []float64) float64 {
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

// SpearmanR is Pearson's correlation of the ranks; equal values share the mean of their ranks.
func SpearmanR(x, y []float64) float64 { return PearsonR(ranks(x), ranks(y)) }

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
