package hao2019

import (
	"math"

	"bertlab/gbert/task"
	"bertlab/stats"
	"bertlab/techniques/landscape"
)

// Tolerance is how far above its value at the trained weights the loss may be inside an optimum, as a share of ln(classes), the loss
// of a guess. Fixed before the numbers were seen.
const Tolerance = 0.1

// bootstrap is a statistic with its interval over resampled examples.
func bootstrap(n int, statistic func(rows []int) float64) (stats.Interval, error) {
	e, err := stats.Bootstrap(n, statistic, stats.Usual)
	return e.Interval, err
}

// meanOver are the mean losses of some examples at each place, [place][example] to [place].
func meanOver(losses [][]float64, rows []int) []float64 {
	means := make([]float64, len(losses))
	for i, examples := range losses {
		for _, row := range rows {
			means[i] += examples[row]
		}
		means[i] /= float64(len(rows))
	}
	return means
}

// width is that of the optimum at α = 1.
func width(alpha, loss []float64, tolerance float64) (float64, bool) {
	at := lossAt(alpha, loss, 1)
	return landscape.Width(alpha, loss, 1, at+tolerance)
}

// lossAt is the loss at a place between the points.
func lossAt(alpha, loss []float64, at float64) float64 {
	for i := 1; i < len(alpha); i++ {
		if at <= alpha[i] {
			return loss[i-1] + (loss[i]-loss[i-1])*(at-alpha[i-1])/(alpha[i]-alpha[i-1])
		}
	}
	return loss[len(loss)-1]
}

// drop is the descent from α = 0 to 1, rise the highest climb on the way as a share of it; without a descent it is NaN.
func drop(alpha, loss []float64) float64 { return lossAt(alpha, loss, 0) - lossAt(alpha, loss, 1) }

func rise(alpha, loss []float64) float64 {
	d := drop(alpha, loss)
	if d <= 0 {
		return math.NaN()
	}
	return landscape.Rise(alpha, loss, 0, 1) / d
}

// line is a swept line with the losses of its examples at each α, [α][example].
type line struct {
	Surface *landscape.Surface `json:"surface"`
	Losses  [][]float64        `json:"losses"`
}

// describe makes a curve of a swept line.
func (r *Result) describe(l line) (Curve, error) {
	c, alpha, losses := Curve{Surface: l.Surface}, l.Surface.Alpha, l.Losses
	n, tolerance := len(losses[0]), Tolerance*math.Log(float64(r.Classes))
	var err error
	over := func(places [][]float64, statistic func(loss []float64) float64) stats.Interval {
		if err != nil {
			return stats.Interval{}
		}
		var i stats.Interval
		i, err = bootstrap(n, func(rows []int) float64 { return statistic(meanOver(places, rows)) })
		return finite(i)
	}
	for i := range alpha {
		e := over(losses[i:i+1], func(loss []float64) float64 { return loss[0] })
		c.Low, c.High = append(c.Low, e.Low), append(c.High, e.High)
	}
	c.Width = over(losses, func(loss []float64) float64 { w, _ := width(alpha, loss, tolerance); return w })
	c.Rise = over(losses, func(loss []float64) float64 { return rise(alpha, loss) })
	c.Drop = over(losses, func(loss []float64) float64 { return drop(alpha, loss) })
	_, c.Open = width(alpha, l.Surface.Sets[0].Loss[0], tolerance)
	return c, err
}

// finite replaces what is undefined, because there is no descent on any resample, by 0.
func finite(i stats.Interval) stats.Interval {
	for _, v := range []*float64{&i.Value, &i.Low, &i.High} {
		if math.IsNaN(*v) {
			*v = 0
		}
	}
	return i
}

// widthDifference is by how much the first curve's optimum is wider, over the examples that both were measured on.
func (r *Result) widthDifference(a, b line) (stats.Interval, error) {
	tolerance := Tolerance * math.Log(float64(r.Classes))
	return bootstrap(len(a.Losses[0]), func(rows []int) float64 {
		first, _ := width(a.Surface.Alpha, meanOver(a.Losses, rows), tolerance)
		second, _ := width(b.Surface.Alpha, meanOver(b.Losses, rows), tolerance)
		return first - second
	})
}

// examples are the losses, or the errors, of a surface's examples: [point][example].
func examples(s landscape.SetSurface, wrong bool) [][]float64 {
	table := make([][]float64, len(s.Points))
	for i, m := range s.Points {
		table[i] = make([]float64, len(m.Losses))
		for k, loss := range m.Losses {
			table[i][k] = float64(loss)
		}
		if wrong {
			table[i] = m.Wrong.Numbers()
		}
	}
	return table
}

// consistency is Spearman's ρ of training loss and dev error over the points of a grid, with an interval over resampled training and
// dev examples. The points themselves are no sample: they are where we looked.
func consistency(loss [][]float64, wrong [][]float64) (stats.Interval, error) {
	fit, check := len(loss[0]), len(wrong[0])
	return bootstrap(fit+check, func(rows []int) float64 {
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
		return stats.Spearman(meanOver(loss, first), meanOver(wrong, second))
	})
}

// cosine is that of the two directions, with an interval over resampled weight matrices and vectors.
func cosine(weights []landscape.Geometry) (stats.Interval, error) {
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

// judge compares a rolled back model with the whole one.
func judge(part landscape.Part, m, whole landscape.Measure) (Rollback, error) {
	row := Rollback{Name: part.Name, Layers: part.Layers(), Accuracy: 1 - m.Error, Loss: m.Loss, Right: m.Wrong.Not()}
	test, change, err := row.Right.Against(whole.Wrong.Not())
	row.Change, row.P = change.Interval, test.P
	return row, err
}

// shares are the shares of the classes.
func shares(d *task.Dataset) []float64 {
	list := make([]float64, d.Task.Outputs())
	for _, label := range d.Labels() {
		list[label] += 1 / float64(d.Len())
	}
	return list
}

// prior is the entropy of the classes in nats.
func prior(d *task.Dataset) float64 {
	entropy := 0.0
	for _, p := range shares(d) {
		if p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	return entropy
}
