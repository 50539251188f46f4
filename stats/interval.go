package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a number with its interval, such as that at 95 %, or a median between its quartiles.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Times is the interval in another unit.
func (i Interval) Times(factor float64) Interval {
	return Interval{factor * i.Value, factor * i.Low, factor * i.High}
}

// Text writes the number and its bounds with a verb such as "%+.2f": +0.12 [-0.03, +0.27].
func (i Interval) Text(verb string) string {
	return fmt.Sprintf(verb+" ["+verb+", "+verb+"]", i.Value, i.Low, i.High)
}

// Points writes a difference of shares in percentage points with two digits.
func (i Interval) Points() string { return i.Times(100).Text("%+.2f") }

// Wilson is the interval of a proportion k of n at a confidence level such as 0.95 (Wilson 1927): for an accuracy on n
// examples. Unlike p ± z·√(p(1−p)/n) it stays within 0 and 1, and says something when k is 0 or n.
func Wilson(k, n int, level float64) (Interval, error) {
	if n < 1 || k < 0 || k > n {
		return Interval{}, fmt.Errorf("stats: a proportion of %d of %d", k, n)
	}
	if err := checkLevel(level); err != nil {
		return Interval{}, err
	}
	z, m, p := normalQuantile(level), float64(n), float64(k)/float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	i := Interval{p, max(0, middle-half), min(1, middle+half)}
	if k == 0 {
		i.Low = 0
	}
	if k == n {
		i.High = 1
	}
	return i, nil
}

// PearsonInterval is the interval of a Pearson correlation r of n pairs at a confidence level, by Fisher's transformation
// tanh(atanh r ± z/√(n−3)). It supposes that the pairs are independent and about normal; [BootstrapPearson] does not. Fewer
// than four pairs say nothing: the interval is −1 to 1, as in SciPy.
func PearsonInterval(r float64, n int, level float64) (Interval, error) {
	if math.IsNaN(r) || r < -1 || r > 1 {
		return Interval{}, fmt.Errorf("stats: a correlation of %g", r)
	}
	if n < 2 {
		return Interval{}, fmt.Errorf("stats: a correlation of %d pairs", n)
	}
	if err := checkLevel(level); err != nil {
		return Interval{}, err
	}
	if n < 4 {
		return Interval{r, -1, 1}, nil
	}
	half := normalQuantile(level) / math.Sqrt(float64(n-3))
	return Interval{r, math.Tanh(math.Atanh(r) - half), math.Tanh(math.Atanh(r) + half)}, nil
}

// MeanInterval is the mean of independent and about normal values with its interval at a confidence level, by Student's t. The bounds
// are NaN of fewer than two values, and where the level is not between 0 and 1.
func MeanInterval(values []float64, level float64) Interval {
	n := float64(len(values))
	mean, deviation := stat.MeanStdDev(values, nil)
	half := math.NaN()
	if n > 1 && checkLevel(level) == nil {
		half = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1+level)/2) * deviation / math.Sqrt(n)
	}
	return Interval{mean, mean - half, mean + half}
}

// normalQuantile is the z with P(|Z| ≤ z) = level.
func normalQuantile(level float64) float64 { return math.Sqrt2 * math.Erfinv(level) }
