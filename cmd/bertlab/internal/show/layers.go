package show

import (
	"fmt"

	"bertlab/figures"
	"bertlab/techniques/layerdrop"
)

// Similarity draws a heat map of all pairs of layers.
func Similarity(s *layerdrop.Similarity, caption string) (*figures.Figure, error) {
	states := []string{"emb."}
	for _, origin := range s.Origins {
		states = append(states, fmt.Sprint(origin))
	}
	return figures.Heatmap(figures.HeatmapOptions{
		Frame:  figures.Frame{Title: "Similarity of layers", Caption: caption, XLabel: "output of layer", YLabel: "output of layer"},
		Values: s.Matrix, Rows: states, Columns: states, Legend: "mean cosine (" + string(s.Pooling) + ")", Palette: figures.Sequential,
	})
}
