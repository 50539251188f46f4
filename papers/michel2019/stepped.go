package michel2019

import (
	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/heads"
)

// PruningSteps are the pruning curves as a grid of heads of which ever more go, for a notebook's slider: a series for each order and seed.
func (r *Result) PruningSteps(say *words.Printer) (figures.SteppedOptions, error) {
	e := edition{r, experiment.Voice{Printer: say}}
	o := figures.SteppedOptions{
		Frame:  figures.Frame{Title: say.T("Which heads go, and what is left of the metric"), XLabel: say.T("head"), YLabel: say.T("layer")},
		Values: r.Importance.Normalized, Palette: figures.Sequential,
		Step: say.T("heads masked (%)"), Measure: say.Name(r.Metric),
	}
	total := r.Layers * r.Heads
	for _, curve := range r.Curves {
		series := figures.SteppedSeries{Name: e.F("%s, %s", say.Name(string(curve.Order)), e.Seeds([]uint64{curve.Seed}))}
		for _, point := range curve.Points {
			removed, err := heads.ParseSet(point.Removed)
			if err != nil {
				return o, err
			}
			step := figures.SteppedCells{At: 100 * point.Fraction, Measured: point.Score}
			for _, head := range removed.Heads() {
				step.Empty = append(step.Empty, [2]int{head.Layer, head.Head})
			}
			step.Label = e.F("%d of %d heads masked: %s %.3f, loss %.3f", len(step.Empty), total, say.Name(r.Metric), point.Score, point.Loss)
			series.Steps = append(series.Steps, step)
		}
		o.Series = append(o.Series, series)
	}
	return o, nil
}
