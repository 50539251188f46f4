package cells

import (
	"bertlab/papers/combined"
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
