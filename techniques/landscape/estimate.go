package landscape

import (
	"math"

	"bertlab/stats"
)

// Losses are the losses, or the errors, of examples at each place of a line or plane: [place][example].
type Losses [][]float64

// Losses are those of the set's examples at each point, as they were swept.
func (s SetSurface) Losses() Losses {
	table := make(Losses, len(s.Points))
	for i, m := range s.Points {
		table[i] = make([]float64, len(m.Losses))
		for k, loss := range m.Losses {
			table[i][k] = float64(loss)
		}
	}
	return table
}

// Errors are 1 for each of the set's examples that is classified wrongly at a point, else 0.
func (s SetSurface) Errors() Losses {
	table := make(Losses, len(s.Points))
	for i, m := range s.Points {
		table[i] = m.Wrong.Numbers()
	}
	return table
}

// Over are the means over some of the examples, at each place.
func (l Losses) Over(rows []int) []float64 {
	means := make([]float64, len(l))
	for i, examples := range l {
		for _, row := range rows {
			means[i] += examples[row]
		}
		means[i] /= float64(len(rows))
	}
	return means
}

// Valley is the loss along the line from θ₀, at α = 0, to θ₁, at α = 1, with what follows from it. All intervals are of 95 %, by the
// bootstrap over examples.
type Valley struct {
	// Low and High are the interval of the loss at each α.
	Low  []float64 `json:"loss_low"`
	High []float64 `json:"loss_high"`
	// Width is that of the interval around α = 1 in which the loss is at most a tolerance above that at α = 1. Open: it reaches the end of
	// the line, and Width is a lower bound.
	Width stats.Interval `json:"width"`
	Open  bool           `json:"width_open,omitempty"`
	// Rise is the highest climb on the way from α = 0 to 1 as a share of the descent, and Drop that descent in nats. What is undefined,
	// because there is no descent, is 0.
	Rise stats.Interval `json:"rise"`
	Drop stats.Interval `json:"drop"`
}

// NewValley describes a line by the losses of its examples at each α, and by the means of all.
func NewValley(alpha []float64, losses Losses, means []float64, tolerance float64) (v Valley, err error) {
	over := func(places Losses, statistic func(loss []float64) float64) stats.Interval {
		if err != nil {
			return stats.Interval{}
		}
		var i stats.Interval
		i, err = bootstrap(len(losses[0]), func(rows []int) float64 { return statistic(places.Over(rows)) })
		return finite(i)
	}
	for i := range alpha {
		e := over(losses[i:i+1], func(loss []float64) float64 { return loss[0] })
		v.Low, v.High = append(v.Low, e.Low), append(v.High, e.High)
	}
	v.Width = over(losses, func(loss []float64) float64 { w, _ := optimum(alpha, loss, tolerance); return w })
	v.Rise = over(losses, func(loss []float64) float64 { return climb(alpha, loss) })
	v.Drop = over(losses, func(loss []float64) float64 { return descent(alpha, loss) })
	_, v.Open = optimum(alpha, means, tolerance)
	return v, err
}

// Wider is by how much the optimum of the first of two lines is wider, by the losses of the same examples, with its 95 % interval over them.
func Wider(firstAlpha []float64, first Losses, secondAlpha []float64, second Losses, tolerance float64) (stats.Interval, error) {
	return bootstrap(len(first[0]), func(rows []int) float64 {
		a, _ := optimum(firstAlpha, first.Over(rows), tolerance)
		b, _ := optimum(secondAlpha, second.Over(rows), tolerance)
		return a - b
	})
}

// optimum is the width of the optimum at α = 1.
func optimum(alpha, loss []float64, tolerance float64) (float64, bool) {
	return Width(alpha, loss, 1, valueAt(alpha, loss, 1)+tolerance)
}

// descent is that from α = 0 to 1, climb the highest climb on the way as a share of it; without a descent it is NaN.
func descent(alpha, loss []float64) float64 { return valueAt(alpha, loss, 0) - valueAt(alpha, loss, 1) }

func climb(alpha, loss []float64) float64 {
	d := descent(alpha, loss)
	if d <= 0 {
		return math.NaN()
	}
	return Rise(alpha, loss, 0, 1) / d
}

// Consistency is Spearman's ρ of loss and error over the points of a grid, with a 95 % interval over resampled examples of both; 0 where it
// is undefined. The points themselves are no sample: they are where we looked.
func Consistency(loss, wrong Losses) (stats.Interval, error) {
	fit, check := len(loss[0]), len(wrong[0])
	agreement, err := bootstrap(fit+check, func(rows []int) float64 {
		var first, second []int
		for _, row := range rows {
			if row < fit {
				first = append(first, row)
			} else {
				second = append(second, row-fit)
			}
		}
		if len(first) == 0 || len(second) == 0 {
			return math.NaN()
		}
		return stats.Spearman(loss.Over(first), wrong.Over(second))
	})
	return finite(agreement), err
}

// Alignment is the cosine of two directions, with a 95 % interval over resampled weight matrices and vectors; see [Space.WeightGeometries].
func Alignment(weights []Geometry) (stats.Interval, error) {
	e, err := bootstrap(len(weights), func(rows []int) float64 {
		var inner, first, second float64
		for _, i := range rows {
			g := weights[i]
			inner, first, second = inner+g.Inner, first+g.First*g.First, second+g.Second*g.Second
		}
		return inner / math.Sqrt(first*second)
	})
	return finite(e), err
}

// bootstrap is a statistic with its interval over resampled examples.
func bootstrap(n int, statistic func(rows []int) float64) (stats.Interval, error) {
	e, err := stats.Bootstrap(n, statistic, stats.Usual)
	return e.Interval, err
}

// finite replaces what is undefined by 0.
func finite(i stats.Interval) stats.Interval {
	for _, v := range []*float64{&i.Value, &i.Low, &i.High} {
		if math.IsNaN(*v) {
			*v = 0
		}
	}
	return i
}
