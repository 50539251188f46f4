package task

import (
	"fmt"
	"math"
	"slices"
)

// Resampling says how a bootstrap draws. The zero value is 10,000 resamples, a 95 % interval, seed 0.
type Resampling struct {
	Resamples int     // how many; 0: 10,000
	Level     float64 // of the interval, between 0 and 1; 0: 0.95
	Seed      uint64
}

// BootstrapResult is an estimate with its percentile interval.
type BootstrapResult struct {
	Estimate  float64 `json:"estimate"` // on the examples themselves
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	P         float64 `json:"p"` // two-sided, of the estimate being 0
	Level     float64 `json:"level"`
	Resamples int     `json:"resamples"`
	Undefined int     `json:"undefined,omitempty"` // resamples on which the statistic is NaN; they do not count
	Seed      uint64  `json:"seed"`
}

// PairedBootstrap estimates mean(a) − mean(b), where a[i] and b[i] are two models' scores (or losses, or 0 and 1) of the same
// example i. See [Bootstrap].
func PairedBootstrap(a, b []float64, how Resampling) (BootstrapResult, error) {
	if len(a) != len(b) {
		return BootstrapResult{}, fmt.Errorf("task: a paired bootstrap of %d and %d examples: the same ones were expected", len(a), len(b))
	}
	return Bootstrap(len(a), func(rows []int) float64 {
		sum := 0.0
		for _, i := range rows {
			sum += a[i] - b[i]
		}
		return sum / float64(len(rows))
	}, how)
}

// BootstrapPearson estimates Pearson's r of x and y by drawing pairs.
func BootstrapPearson(x, y []float64, how Resampling) (BootstrapResult, error) {
	if len(x) != len(y) {
		return BootstrapResult{}, fmt.Errorf("task: a correlation of %d and %d values", len(x), len(y))
	}
	rx, ry := make([]float64, len(x)), make([]float64, len(x))
	return Bootstrap(len(x), func(rows []int) float64 {
		for i, j := range rows {
			rx[i], ry[i] = x[j], y[j]
		}
		return PearsonR(rx, ry)
	}, how)
}

// Bootstrap estimates a statistic of n examples with its percentile interval (Efron and Tibshirani 1993, chapter 13):
// statistic gets n indices, first 0 … n−1 and then, for each resample, n draws with repetition. For a difference between two
// models on any metric, let statistic compute the metric of both on the same rows and subtract.
//
// P is the achieved significance level of the inverted interval, 2·min(#(θ* ≤ 0)+1, #(θ* ≥ 0)+1)/(resamples+1), at most 1:
// below 1 − Level about when the interval excludes 0. It cannot be smaller than 2/(resamples+1).
func Bootstrap(n int, statistic func(rows []int) float64, how Resampling) (BootstrapResult, error) {
	if how.Resamples == 0 {
		how.Resamples = 10_000
	}
	if how.Level == 0 {
		how.Level = 0.95
	}
	if err := checkLevel(how.Level); err != nil {
		return BootstrapResult{}, err
	}
	if n < 1 || how.Resamples < 1 {
		return BootstrapResult{}, fmt.Errorf("task: a bootstrap of %d examples with %d resamples: at least one of either was expected", n, how.Resamples)
	}
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	result := BootstrapResult{Estimate: statistic(rows), Level: how.Level, Resamples: how.Resamples, Seed: how.Seed}
	random := generator(how.Seed)
	values := make([]float64, 0, min(how.Resamples, 1<<16))
	below, above := 1, 1
	for range how.Resamples {
		for i := range rows {
			rows[i] = random.IntN(n)
		}
		v := statistic(rows)
		if math.IsNaN(v) {
			result.Undefined++
			continue
		}
		if v <= 0 {
			below++
		}
		if v >= 0 {
			above++
		}
		values = append(values, v)
	}
	slices.Sort(values)
	result.Low = quantile(values, (1-how.Level)/2)
	result.High = quantile(values, (1+how.Level)/2)
	result.P = min(1, 2*float64(min(below, above))/float64(len(values)+1))
	if len(values) == 0 {
		result.P = math.NaN()
	}
	return result, nil
}

// Quantile is the q-quantile of values in any order, linear between neighbours (numpy's default); NaN of none.
func Quantile(values []float64, q float64) float64 {
	return quantile(slices.Sorted(slices.Values(values)), q)
}

// quantile of sorted values, linear between neighbours (numpy's default); NaN of none.
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

func checkLevel(level float64) error {
	if !(level > 0 && level < 1) {
		return fmt.Errorf("task: a confidence level of %g: between 0 and 1 was expected, such as 0.95", level)
	}
	return nil
}
