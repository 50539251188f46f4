package wang2022

import (
	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// RatioSteps are the decomposed models for a notebook's slider: the error of each form by role of matrices, and the accuracy of one form that
// learned again in one way, which is marked, at each part of the parameters.
func (r *Result) RatioSteps(say *words.Printer) figures.SteppedOptions {
	e := edition{r, experiment.Voice{Printer: say}}
	o := figures.SteppedOptions{
		Frame: figures.Frame{Title: say.T("What each form loses by role of matrices, and the accuracy that is left"), XLabel: say.T("matrices, all layers together"), YLabel: say.T("form")},
		Rows:  figures.Texts(r.Config.Forms), Columns: e.roleNames(), Palette: figures.Sequential, Legend: "‖W − Ŵ‖ / ‖W‖",
		Step: say.T("part of the parameters, %"), Measure: say.T("accuracy, mean over seeds"), Values: e.errorsAt(r.Config.Ratios[0]),
	}
	for row, form := range r.Config.Forms {
		for _, recovery := range []Recovery{None, Tuned, Distilled} {
			s := figures.SteppedSeries{Name: form.label(say) + ", " + say.Name(string(recovery))}
			for _, ratio := range r.Config.Ratios {
				if trials := r.of(cell{form, ratio, recovery}); len(trials) > 0 {
					step := figures.SteppedCells{At: 100 * ratio, Measured: mean(trials), Values: e.errorsAt(ratio)}
					for column := range o.Columns {
						step.Marked = append(step.Marked, [2]int{row, column})
					}
					step.Label = e.F("%g %% of the parameters: error %.3f, accuracy %.3f (whole model %.3f)", 100*ratio, r.meanError(form, ratio), step.Measured, r.accuracy())
					s.Steps = append(s.Steps, step)
				}
			}
			if len(s.Steps) > 0 {
				o.Series = append(o.Series, s)
			}
		}
	}
	return o
}

// errorsAt are the errors at a ratio, [forms][roles], of the first seed.
func (r edition) errorsAt(ratio float64) (table [][]float64) {
	for _, form := range r.Config.Forms {
		v, _ := r.variant(form, ratio)
		table = append(table, experiment.Each(roles, func(role string) float64 { return v.ByRole[role] }))
	}
	return table
}
