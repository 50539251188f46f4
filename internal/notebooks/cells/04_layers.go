package cells

import (
	"fmt"

	"bertlab/papers/notebook"
	"bertlab/papers/sajjad2020"
	"bertlab/stats"
)

var layers = notebook.Of(sajjad2020.Experiment)

// StrategyBySeed lists what each choice of layers changes the accuracy by, seed by seed, if it is dropped before fine-tuning.
func StrategyBySeed() {
	var lines []string
	at := map[string]int{}
	for _, t := range layers.Result().Tasks {
		for _, run := range t.Runs {
			if run.When != sajjad2020.Before {
				continue
			}
			name := fmt.Sprintf("%s, %s, K = %d", t.Task, notebook.Words().Name(string(run.Strategy)), run.K())
			if _, known := at[name]; !known {
				at[name] = len(lines)
				lines = append(lines, name+":")
			}
			lines[at[name]] += fmt.Sprintf(" %+.1f [%+.1f, %+.1f]", 100*run.Difference, 100*run.Low, 100*run.High)
		}
	}
	notebook.List(lines...)
}

// SpreadOfSeeds lists the accuracy of the whole model by seed, with the interval of its mean.
func SpreadOfSeeds() {
	t := layers.Result().Tasks[0]
	var accuracies []float64
	for _, run := range t.Runs {
		if run.Strategy == "" {
			accuracies = append(accuracies, 100*run.Right.Accuracy())
		}
	}
	lines := []string{fmt.Sprintf("%.1f", accuracies)}
	if len(accuracies) > 1 { // one has no interval
		lines = append(lines, stats.MeanInterval(accuracies, 0.95).Text("%.1f"))
	}
	notebook.List(lines...)
}

// AlikeLayers lists the cosine of input and output of each layer.
func AlikeLayers() {
	var lines []string
	for layer, cosine := range layers.Result().Similarity.Layers {
		lines = append(lines, fmt.Sprintf("%d: %.3f", layer, cosine))
	}
	notebook.List(lines...)
}

// StepLayers goes through the layers that are dropped by a slider.
func StepLayers() {
	layers.Step(layers.Result().DropSteps(notebook.Words()))
}
