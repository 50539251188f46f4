package stats

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Resamples is how many resamples a bootstrap draws by default.
const Resamples = 10_000

// Usual is how the experiments resample where they need many intervals. It must not be changed.
var Usual = Resampling{Resamples: 2_000, Seed: 1}

// Resampling says how a bootstrap draws. The zero value is [Resamples] resamples, a 95 % interval, seed 0.
type Resampling struct {
	Resamples int     // how many; 0: [Resamples]
	Level     float64 // of the interval, between 0 and 1; 0: 0.95
	Seed      uint64
}

// Estimate is a statistic with its percentile interval. In JSON its Value is called estimate.
type Estimate struct {
	Interval          // the statistic on the examples themselves
	P         float64 `json:"p"` // two-sided, of the statistic being 0
	Level     float64 `json:"level"`
	Resamples int     `json:"resamples"`
	Undefined int     `json:"undefined,omitempty"` // resamples on which the statistic is NaN; they do not count
	Seed      uint64  `json:"seed"`
}

// Difference is the difference of two means over the same examples.
type Difference struct {
	Estimate
	// First and Second are the two means; they are not written in JSON.
	First, Second float64
}

// plainEstimate is an estimate without its methods.
type plainEstimate Estimate

// writtenEstimate is an estimate as JSON has it.
type writtenEstimate struct {
	Estimate float64   `json:"estimate"`
	Value    *struct{} `json:"value,omitempty"` // hides that of the interval
	plainEstimate
}

// MarshalJSON writes the value as estimate.
func (e Estimate) MarshalJSON() ([]byte, error) {
	return json.Marshal(writtenEstimate{Estimate: e.Value, plainEstimate: plainEstimate(e)})
}

// UnmarshalJSON reads the value from estimate.
func (e *Estimate) UnmarshalJSON(data []byte) error {
	var written writtenEstimate
	if err := json.Unmarshal(data, &written); err != nil {
		return err
	}
	*e = Estimate(written.plainEstimate)
	e.Value = written.Estimate
	return nil
}

// PairedBootstrap estimates mean(a) − mean(b), where a[i] and b[i] are two models' scores (or losses, or 0 and 1) of the same
// example i. See [Bootstrap].
func PairedBootstrap(a, b []float64, how Resampling) (Difference, error) {
	if len(a) != len(b) {
		return Difference{}, fmt.Errorf("stats: a paired bootstrap of %d and %d examples: the same ones were expected", len(a), len(b))
	}
	estimate, err := Bootstrap(len(a), func(rows []int) float64 {
		sum := 0.0
		for _, i := range rows {
			sum += a[i] - b[i]
		}
		return sum / float64(len(rows))
	}, how)
	if err != nil {
		return Difference{}, err
	}
	return Difference{estimate, stat.Mean(a, nil), stat.Mean(b, nil)}, nil
}

// BootstrapPearson estimates Pearson's r of x and y by drawing pairs.
func BootstrapPearson(x, y []float64, how Resampling) (Estimate, error) {
	if len(x) != len(y) {
		return Estimate{}, fmt.Errorf("stats: a correlation of %d and %d values", len(x), len(y))
	}
	rx, ry := make([]float64, len(x)), make([]float64, len(x))
	return Bootstrap(len(x), func(rows []int) float64 {
		for i, j := range rows {
			rx[i], ry[i] = x[j], y[j]
		}
		return Pearson(rx, ry)
	}, how)
}

// Bootstrap estimates a statistic of n examples with its percentile interval (Efron and Tibshirani 1993, chapter 13):
// statistic gets n indices, first 0 … n−1 and then, for each resample, n draws with repetition. For a difference between two
// models on any metric, let statistic compute the metric of both on the same rows and subtract.
//
// P is the achieved significance level of the inverted interval, 2·min(#(θ* ≤ 0)+1, #(θ* ≥ 0)+1)/(resamples+1), at most 1:
// below 1 − Level about when the interval excludes 0. It cannot be smaller than 2/(resamples+1).
func Bootstrap(n int, statistic func(rows []int) float64, how Resampling) (Estimate, error) {
	if how.Resamples == 0 {
		how.Resamples = Resamples
	}
	if how.Level == 0 {
		how.Level = 0.95
	}
	if err := checkLevel(how.Level); err != nil {
		return Estimate{}, err
	}
	if n < 1 || how.Resamples < 1 {
		return Estimate{}, fmt.Errorf("stats: a bootstrap of %d examples with %d resamples: at least one of either was expected", n, how.Resamples)
	}
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	result := Estimate{Interval: Interval{Value: statistic(rows)}, Level: how.Level, Resamples: how.Resamples, Seed: how.Seed}
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

func checkLevel(level float64) error {
	if !(level > 0 && level < 1) {
		return fmt.Errorf("stats: a confidence level of %g: between 0 and 1 was expected, such as 0.95", level)
	}
	return nil
}

func generator(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
