package hao2019

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// PointSteps are the points of the plane for a notebook's two sliders: the training loss over the plane, on which the point is marked, and along
// the line through it.
func (r *Result) PointSteps(say *words.Printer) figures.SteppedOptions {
	e := edition{r, experiment.Voice{Printer: say}}
	train, dev := r.Surface.Sets[0], r.Surface.Sets[1]
	limits := e.limits(train)
	o := figures.SteppedOptions{
		Frame:   figures.Frame{Title: say.T("A point on the plane, and the loss there"), XLabel: "α, " + r.Config.Task, YLabel: "β, " + r.Config.Other},
		Palette: figures.Sequential, Scale: figures.Log, Legend: say.T("training loss, nats, logarithmic"), Columns: coordinates(r.Surface.Alpha),
		Step: "α", Across: "β", Measure: say.T("training loss, nats"), Begin: nearest(r.Surface.Alpha, 1), First: nearest(r.Surface.Beta, 0),
	}
	last := len(r.Surface.Beta) - 1
	for j := last; j >= 0; j-- { // β grows upwards
		row := slices.Clone(train.Loss[j])
		for i := range row {
			row[i] = max(min(row[i], limits.Max), limits.Min)
		}
		o.Values = append(o.Values, row)
	}
	o.Rows = coordinates(r.Surface.Beta)
	slices.Reverse(o.Rows)
	for j, beta := range r.Surface.Beta {
		s := figures.SteppedSeries{Name: fmt.Sprintf("β = %.2f", beta)}
		for i, alpha := range r.Surface.Alpha {
			s.Steps = append(s.Steps, figures.SteppedCells{
				At: alpha, Measured: o.Values[last-j][i], Marked: [][2]int{{last - j, i}},
				Label: e.F("α = %.2f, β = %.2f: training loss %.3f, error on dev %.1f %%", alpha, beta, train.Loss[j][i], 100*dev.Error[j][i]),
			})
		}
		o.Series = append(o.Series, s)
	}
	return o
}

func coordinates(values []float64) []string {
	return experiment.Each(values, func(v float64) string { return fmt.Sprintf("%.2g", v) })
}

// nearest is the place of the coordinate that is nearest to a value.
func nearest(values []float64, to float64) int {
	near := slices.MinFunc(values, func(a, b float64) int { return cmp.Compare(math.Abs(a-to), math.Abs(b-to)) })
	return slices.Index(values, near)
}
