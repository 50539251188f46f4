package sajjad2020

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/stat"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// DropSteps are the models for a notebook's slider: the stack of layers, of which ever more go, and the accuracy, mean over seeds; a series
// for each task, strategy and time of dropping.
func (r *Result) DropSteps(say *words.Printer) figures.SteppedOptions {
	e := edition{r, experiment.Voice{Printer: say}}
	o := figures.SteppedOptions{
		Frame:   figures.Frame{Title: say.T("Which layers go, and what is left of the accuracy"), YLabel: say.T("layer")},
		Columns: []string{say.T("layer")}, Palette: figures.Sequential, Legend: say.T("cosine of input and output at [CLS]"),
		Step: say.T("layers dropped"), Measure: say.T("accuracy, mean over seeds"),
	}
	for l := r.Layers - 1; l >= 0; l-- { // a stack stands on its lowest layer
		o.Rows, o.Values = append(o.Rows, fmt.Sprint(l)), append(o.Values, []float64{r.Similarity.Layers[l]})
	}
	most := 0
	for _, t := range r.Tasks {
		for _, run := range t.Runs {
			most = max(most, run.K())
		}
	}
	o.Places = figures.FromZero(most + 1)
	for _, t := range r.Tasks {
		for _, strategy := range r.strategies() {
			for _, when := range []When{Before, After, Progressive} {
				if drops := t.drops(strategy, when); len(drops) > 0 {
					name := r.named(say, t, string(strategy), when)
					o.Series = append(o.Series, figures.SteppedSeries{Name: name, Steps: e.dropped(t, func(run Trial) bool { return run.Strategy == strategy && run.When == when })})
				}
			}
		}
	}
	return o
}

// named names a series.
func (r *Result) named(say *words.Printer, t *TaskResult, strategy string, when When) string {
	return fmt.Sprintf("%s: %s, %s", t.Task, say.Name(strategy), when.name(say))
}

// dropped are the whole model and those for which a condition holds, by the layers that they lack.
func (r edition) dropped(t *TaskResult, condition func(Trial) bool) (steps []figures.SteppedCells) {
	var order [][]int
	accuracies := map[string][]float64{}
	for _, run := range t.Runs {
		if run.Strategy != "" && !condition(run) {
			continue
		}
		key := fmt.Sprint(run.Dropped)
		if accuracies[key] == nil {
			order = append(order, run.Dropped)
		}
		accuracies[key] = append(accuracies[key], run.Right.Accuracy())
	}
	slices.SortStableFunc(order, func(a, b []int) int { return len(a) - len(b) })
	for _, gone := range order {
		step := figures.SteppedCells{At: float64(len(gone)), Measured: stat.Mean(accuracies[fmt.Sprint(gone)], nil)}
		for _, layer := range gone {
			step.Empty = append(step.Empty, [2]int{r.Layers - 1 - layer, 0})
		}
		step.Label = r.F("%d of %d layers dropped (%s): accuracy %.3f", len(gone), r.Layers, words.List(gone), step.Measured)
		if len(gone) == 0 {
			step.Label = r.F("whole model: accuracy %.3f", step.Measured)
		}
		steps = append(steps, step)
	}
	return steps
}
