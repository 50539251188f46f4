package cells

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/combined"
	"bertlab/papers/compare"
	"bertlab/papers/notebook"
	"bertlab/recipes"
)

var notes = notebook.Of(combined.Experiment)

// Recipe shows a recipe.
func Recipe() {
	text := notebook.Must(recipes.Files.ReadFile("everything.yaml"))
	notebook.Markdown("```yaml\n" + string(text) + "```")
}

// SmallFile asks for a file of at most 50 MB that loses at most two points.
func SmallFile() {
	say, drop := notebook.Words(), 0.02
	advice := notebook.Must(notes.Result().Comparison.Advise(compare.Limits{Size: 50e6, Drop: &drop, Retrain: true}))
	notebook.Markdown("**" + advice.Best + "** " + notebook.Say(advice.Why) + " " + notebook.Say(advice.Next))
	notebook.Table(advice.Table(say))
}

// Untrained asks for the smallest file without training that loses at most two points.
func Untrained() {
	say, drop := notebook.Words(), 0.02
	advice := notebook.Must(notes.Result().Comparison.Advise(compare.Limits{Drop: &drop}))
	notebook.Markdown("**" + advice.Best + "** " + notebook.Say(advice.Why) + " " + notebook.Say(advice.Next))
	notebook.Table(advice.Table(say))
}

// FrontByHand lists the models that no other beats: none has a smaller file and at least as good a metric.
func FrontByHand() {
	c := notes.Result().Comparison
	var points []figures.ParetoPoint
	for _, m := range c.Models {
		points = append(points, figures.ParetoPoint{Name: m.Name, X: float64(m.Sizes.Stored) / 1e6, Y: m.Score})
	}
	var lines []string
	for i, unbeaten := range figures.ParetoFront(points) {
		if unbeaten {
			lines = append(lines, fmt.Sprintf("%s: %.1f, %.3f [%.3f, %.3f]", points[i].Name, points[i].X, points[i].Y, c.Models[i].Low, c.Models[i].High))
		}
	}
	notebook.List(lines...)
}

// BytesMultiply holds the file of each combination against the product of what its techniques leave alone, and against the sum of what they save.
func BytesMultiply() {
	c := notes.Result().Comparison
	left := func(m *compare.Measurement) float64 {
		return float64(m.Sizes.Stored) / float64(c.Models[0].Sizes.Stored)
	}
	var lines []string
	for _, names := range [][]string{
		{"layers-distil-float16", "layers-distil", "float16"}, {"layers-embedding-float16", "layers-distil", "embedding", "float16"},
	} {
		if all, ok := c.Each(names...); ok {
			product, sum := 1.0, 1.0
			for _, m := range all[1:] {
				product, sum = product*left(m), sum-(1-left(m))
			}
			lines = append(lines, fmt.Sprintf("%s: %.2f; Π = %.2f; 1 − Σ = %.2f", names[0], left(all[0]), product, sum))
		}
	}
	notebook.List(lines...)
}

// LossesAddUp holds the loss of each combination, in points with its 95 % interval, against the sum of those of its techniques.
func LossesAddUp() {
	c := notes.Result().Comparison
	var lines []string
	for _, names := range [][]string{
		{"layers-distil-float16", "layers-distil", "float16"}, {"layers-embedding-float16", "layers-distil", "embedding", "float16"},
	} {
		if all, ok := c.Each(names...); ok {
			sum := 0.0
			for _, m := range all[1:] {
				sum += 100 * m.Against.Metric.Value
			}
			lost := all[0].Against.Metric
			lines = append(lines, fmt.Sprintf("%s: %+.1f [%+.1f, %+.1f]; Σ = %+.1f", names[0], 100*lost.Value, 100*lost.Low, 100*lost.High, sum))
		}
	}
	notebook.List(lines...)
}
