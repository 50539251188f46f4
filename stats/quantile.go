package stats

import (
	"math"
	"slices"
)

// Quantile is the q-quantile of values in any order, linear between neighbours: Hyndman and Fan's type 7, the default of NumPy and R,
// which gonum's stat.Quantile does not have. It is NaN of no values.
func Quantile(values []float64, q float64) float64 {
	return quantile(slices.Sorted(slices.Values(values)), q)
}

// quantile is that of sorted values.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Median is the [Quantile] at one half.
func Median(values []float64) float64 { return Quantile(values, 0.5) }

// Quartiles are the median between the quartiles: what describes a time that is much longer now and then.
func Quartiles(values []float64) Interval {
	sorted := slices.Sorted(slices.Values(values))
	return Interval{Value: quantile(sorted, 0.5), Low: quantile(sorted, 0.25), High: quantile(sorted, 0.75)}
}
