package task

import (
	"fmt"
	"math"
)

// Wilson is the interval of a proportion k of n at a confidence level such as 0.95 (Wilson 1927): for an accuracy on n
// examples. Unlike p ± z·√(p(1−p)/n) it stays within 0 and 1, and says something when k is 0 or n.
func Wilson(k, n int, level float64) (low, high float64, err error) {
	if n < 1 || k < 0 || k > n {
		return 0, 0, fmt.Errorf("task: a proportion of %d of %d", k, n)
	}
	if err := checkLevel(level); err != nil {
		return 0, 0, err
	}
	z, m, p := normalQuantile(level), float64(n), float64(k)/float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	low, high = max(0, middle-half), min(1, middle+half)
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return low, high, nil
}

// PearsonInterval is the interval of a Pearson correlation r of n pairs at a confidence level, by Fisher's transformation
// tanh(atanh r ± z/√(n−3)). It supposes that the pairs are independent and about normal; [BootstrapPearson] does not. Fewer
// than four pairs say nothing: the interval is −1 to 1, as in SciPy.
func PearsonInterval(r float64, n int, level float64) (low, high float64, err error) {
	if math.IsNaN(r) || r < -1 || r > 1 {
		return 0, 0, fmt.Errorf("task: a correlation of %g", r)
	}
	if n < 2 {
		return 0, 0, fmt.Errorf("task: a correlation of %d pairs", n)
	}
	if err := checkLevel(level); err != nil {
		return 0, 0, err
	}
	if n < 4 {
		return -1, 1, nil
	}
	half := normalQuantile(level) / math.Sqrt(float64(n-3))
	return math.Tanh(math.Atanh(r) - half), math.Tanh(math.Atanh(r) + half), nil
}

// normalQuantile is the z with P(|Z| ≤ z) = level.
func normalQuantile(level float64) float64 { return math.Sqrt2 * math.Erfinv(level) }
