package show

import (
	"fmt"
	"io"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// Similarity writes how alike the input and the output of each layer are.
func Similarity(w io.Writer, d *workbench.Similarity) {
	table := &figures.Table{Columns: []figures.Column{{Name: "layer"}, {Name: "cosine of input and output", Format: "%.4f"}}}
	for layer, cosine := range d.Layers {
		table.Rows = append(table.Rows, []any{d.Origins[layer], cosine})
	}
	fmt.Fprintln(w, table.Text())
	Provenance(w, d.Provenance)
}

// Dropped writes which layers went.
func Dropped(w io.Writer, d *workbench.Dropped) {
	Written(w, d.Written)
	operations(w, gbert.LengthMACs{Length: d.Length, Before: d.MACsBefore, After: d.MACs})
	fmt.Fprintf(w, "dropped\t%s\n", surgery.FormatLayers(d.Dropped))
	fmt.Fprintf(w, "kept\t%s\n", surgery.FormatLayers(d.Kept))
}

// SimilarityMap draws a heat map of all pairs of layers.
func SimilarityMap(d *workbench.Similarity) (*figures.Figure, error) {
	states := []string{"emb."}
	for _, origin := range d.Origins {
		states = append(states, fmt.Sprint(origin))
	}
	return figures.Heatmap(figures.HeatmapOptions{
		Frame:  figures.Frame{Title: "Similarity of layers", Caption: d.Caption(), XLabel: "output of layer", YLabel: "output of layer"},
		Values: d.Matrix, Rows: states, Columns: states, Legend: "mean cosine (" + string(d.Pooling) + ")", Palette: figures.Sequential,
	})
}
