package show_test

import (
	"bertlab/figures"
	"bertlab/figures/show"
)

func ExampleTable() {
	t := &figures.Table{
		Title:   "Accuracy",
		Columns: []figures.Column{{Name: "Heads left"}, {Name: "Accuracy", Unit: "%", Format: "%.1f"}},
		Rows:    [][]any{{72, 85.8}},
	}
	if err := show.Table(t); err != nil {
		panic(err)
	}
	// Output:
	// Accuracy
	//
	// Heads left  Accuracy (%)
	// ──────────  ────────────
	//         72          85.8
}

func ExampleFigure() {
	f, err := figures.Heatmap(figures.HeatmapOptions{
		Frame:  figures.Frame{Title: "Two heads", Caption: "made up", XLabel: "head", YLabel: "layer"},
		Values: [][]float64{{0, 1}}, Legend: "importance",
	})
	if err != nil {
		panic(err)
	}
	if err := show.Figure(f); err != nil { // the picture in a notebook, its description elsewhere
		panic(err)
	}
	// Output: Two heads. layer. head. made up
}
