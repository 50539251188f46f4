package sanh2020

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// PruningSteps are the runs for a notebook's slider: what each keeps of every matrix, [layers][roles], and its score, from the largest share to
// the smallest; a series for each method and seed, with one selection for the whole model and with a teacher where there are such runs.
func (r *Result) PruningSteps(say *words.Printer) figures.SteppedOptions {
	e := edition{r, experiment.Voice{Printer: say}}
	shares := r.Config.remaining(func(float64) bool { return true })
	o := figures.SteppedOptions{
		Frame:   figures.Frame{Title: say.T("What each method keeps, and what is left of the metric"), XLabel: say.T("matrix"), YLabel: say.T("layer")},
		Columns: e.matrices(), Palette: figures.Sequential, Legend: say.T("remaining weights, %"), Step: say.T("share asked for"), Measure: say.Name(r.Metric),
	}
	o.Places = experiment.Each(shares, func(share float64) string { return fmt.Sprintf("%g %%", 100*share) })
	for _, kind := range r.Config.Kinds {
		name := curveName(say, kind)
		taught := func(v float64) []Trained { return r.distilled(kind, v) }
		for _, way := range []struct {
			name string
			runs runsOf
		}{{name, r.local(kind)}, {name + ", " + say.T("one selection for the whole model"), r.whole(kind)}, {name + ", " + say.T("with a teacher"), taught}} {
			for _, seed := range r.Config.Seeds {
				if s := e.stepsOf(way.name, shares, way.runs, seed); len(s.Steps) > 0 {
					o.Series = append(o.Series, s)
				}
			}
		}
	}
	if len(o.Series) > 0 {
		o.Values = o.Series[0].Steps[0].Values
	}
	return o
}

// stepsOf are the runs of a seed in one way, share by share.
func (r edition) stepsOf(name string, shares []float64, runs runsOf, seed uint64) figures.SteppedSeries {
	s := figures.SteppedSeries{Name: r.F("%s, %s", name, r.Seeds([]uint64{seed}))}
	for i, share := range shares {
		for _, t := range of(runs(share), seed) {
			s.Steps = append(s.Steps, figures.SteppedCells{
				At: float64(i), Measured: t.Score, Values: percents(t.ByMatrix),
				Label: r.F("%.1f %% left where %g %% was asked for: %s %.3f, loss %.3f", 100*t.Kept, 100*share, r.Name(r.Metric), t.Score, t.Loss),
			})
		}
	}
	return s
}
