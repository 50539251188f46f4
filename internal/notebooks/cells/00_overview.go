package cells

import (
	"cmp"
	"fmt"

	"bertlab/papers/combined"
	"bertlab/papers/compare"
	"bertlab/papers/notebook"
)

var overview = notebook.Of(combined.Experiment)

// Parts draws where the default model has its parameters and its operations.
func Parts() {
	notebook.Figure(notebook.Must(combined.PartsFigure(notebook.Model(overview.Protocol().Model), 128, notebook.Words())))
}

// Scarce lists what to take when one thing is scarce and two points may be lost.
func Scarce() {
	notebook.Table(overview.Result().Comparison.ConstraintTable(notebook.Words(), 0.02))
}

// Architectures counts the parameters and operations of BERTs of several shapes.
func Architectures() {
	notebook.Table(notebook.Must(combined.ArchitectureTable(notebook.Words())))
	notebook.Table(overview.Result().Comparison.Excerpt(notebook.Words(), "vocabulary"))
}

// Pruned lists what pruning heads, neurons and layers costs and saves.
func Pruned() {
	notebook.Table(overview.Result().Comparison.Excerpt(notebook.Words(), "heads", "heads-neurons", "movement", "layers"))
}

// Distilled lists four layers with and without a teacher.
func Distilled() {
	notebook.Table(overview.Result().Comparison.Excerpt(notebook.Words(), "layers", "layers-distil"))
	overview.Show("pairs")
}

// Factored lists what factoring the encoder's maps and the word table costs and saves.
func Factored() {
	notebook.Table(overview.Result().Comparison.Excerpt(notebook.Words(), "factorised", "embedding"))
}

// Rounded lists the sizes of all files, and what half precision and eight bits change.
func Rounded() {
	notebook.Table(overview.Result().Comparison.Excerpt(notebook.Words(), "float16", "int8"))
	overview.Show("sizes")
}

// Shared lists what sharing attention between neighbours costs and saves.
func Shared() {
	notebook.Table(overview.Result().Comparison.Excerpt(notebook.Words(), "shared"))
}

// WithinBudget lists the models by what is probable of them: a file of at most 40 MB that loses at most two points.
func WithinBudget() {
	megabytes, points, training := 40.0, 2.0, true
	drop := points / 100
	advice := notebook.Must(overview.Result().Comparison.Advise(compare.Limits{Size: int64(1e6 * megabytes), Drop: &drop, Retrain: training}))
	lines := []string{fmt.Sprintf("≤ %g MB, ≤ %g: **%s**", megabytes, points, cmp.Or(advice.Best, "–"))}
	for _, c := range advice.Candidates {
		lines = append(lines, fmt.Sprintf("%s: %.1f MB, %+.1f [%+.1f, %+.1f], P = %.2f", c.Name, float64(c.Bytes)/1e6, 100*c.Drop, 100*c.DropLow, 100*c.DropHigh, c.Within))
	}
	notebook.List(lines...)
}

// BytesByCount holds the file of each model against four bytes a parameter.
func BytesByCount() {
	var lines []string
	for _, m := range overview.Result().Comparison.Models {
		counted, stored := 4*float64(m.Parameters)/1e6, float64(m.Sizes.Stored)/1e6
		lines = append(lines, fmt.Sprintf("%s: 4 × %.2f M = %.1f MB; %.1f MB; %.2f", m.Name, counted/4, counted, stored, 4*stored/counted))
	}
	notebook.List(lines...)
}

// TimeByOperations holds the speed that the operations would give against the measured one, at the smallest batch.
func TimeByOperations() {
	c, batch := overview.Result().Comparison, 0
	lines := []string{fmt.Sprintf("%d × %d", c.Batches[batch], c.Length)}
	for _, m := range c.Models[1:] {
		lines = append(lines, fmt.Sprintf("%s: %.2f×; %.2f×", m.Name, float64(c.Models[0].MACs)/float64(m.MACs), m.Latency[batch].Speed))
	}
	notebook.List(lines...)
}
