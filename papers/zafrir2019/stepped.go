package zafrir2019

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/quantise"
)

// WaySteps are the ways to quantise for a notebook's slider: what each matrix changes the logits by, alone, and the accuracy of the whole model; a
// series for each task and seed. In float32 no matrix is in integers.
func (r *Result) WaySteps(say *words.Printer) figures.SteppedOptions {
	e := edition{r, experiment.Voice{Printer: say}}
	o := figures.SteppedOptions{
		Frame:   figures.Frame{Title: say.T("Ways to quantise, and the accuracy of each"), XLabel: say.T("matrix"), YLabel: say.T("layer")},
		Palette: figures.Sequential, Legend: say.T("root mean square change of the logits, thousandths"), Step: say.T("weights and inputs"), Measure: say.T("accuracy"),
		Columns: []string{say.T("query"), say.T("key"), say.T("value"), say.T("attention out"), say.T("FFN in"), say.T("FFN out")},
		Places:  []string{"float32", say.T("training"), say.T("batch"), say.T("token"), say.T("stored")},
	}
	o.Values = r.byMatrix(func(m quantise.Sensitivity) float64 { return 1000 * m.Error })
	var all [][2]int
	for l, row := range o.Values {
		for i := range row {
			all = append(all, [2]int{l, i})
		}
	}
	for _, task := range r.Tasks {
		for _, whole := range r.of(task.Name, Whole) {
			s := figures.SteppedSeries{Name: e.F("%s, %s", e.Name(task.Title), e.Seeds([]uint64{whole.Seed}))}
			for i, way := range Ways {
				for _, run := range r.of(task.Name, way) {
					if run.Seed == whole.Seed {
						step := figures.SteppedCells{At: float64(i), Measured: run.Right.Accuracy()}
						if way == Whole {
							step.Empty = all
						}
						step.Label = fmt.Sprintf("%s: %s", e.wayName(way), e.F("accuracy %.3f, loss %.3f, file %.1f MB", step.Measured, run.Loss, float64(r.bytes(way))/1e6))
						s.Steps = append(s.Steps, step)
					}
				}
			}
			o.Series = append(o.Series, s)
		}
	}
	return o
}
