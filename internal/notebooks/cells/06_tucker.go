package cells

import (
	"fmt"

	"bertlab/papers/notebook"
	"bertlab/papers/wang2022"
	"bertlab/stats"
)

var tucker = notebook.Of(wang2022.Experiment)

// BreakEven computes the rank at which two factors have as many parameters as their product.
func BreakEven() {
	m, n := 768, 768
	rank := m * n / (m + n)
	notebook.List(fmt.Sprintf("%d × %d: %d", m, n, rank), fmt.Sprintf("%d · (%d + %d) = %d", rank, m, n, rank*(m+n)))
}

// ErrorAndAccuracy compares the order of errors with that of accuracies, of models that were not trained again.
func ErrorAndAccuracy() {
	r := tucker.Result()
	var errors, accuracies []float64
	for _, v := range r.Variants {
		for _, t := range r.Trials {
			if t.Form == v.Form && t.Ratio == v.Ratio && t.Seed == v.Seed && t.Recovery == wang2022.None {
				errors, accuracies = append(errors, v.Error), append(accuracies, t.Right.Accuracy())
			}
		}
	}
	notebook.List(fmt.Sprintf("n = %d, ρ = %.2f", len(errors), stats.Spearman(errors, accuracies)))
}

// GainOfSweeps lists the error before the first sweep of HOOI and after each.
func GainOfSweeps() {
	var lines []string
	for _, v := range tucker.Result().Variants {
		if len(v.Sweeps) > 1 {
			lines = append(lines, fmt.Sprintf("%s: %.4f", v.Name, v.Sweeps))
		}
	}
	notebook.List(lines...)
}

// StepRatios goes through the parts of the parameters by a slider.
func StepRatios() {
	tucker.Step(tucker.Result().RatioSteps(notebook.Words()))
}
