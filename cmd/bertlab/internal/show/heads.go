package show

import (
	"fmt"
	"math"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/techniques/heads"
)

// HeadTable is a grid of numbers, a row a layer.
func HeadTable(title string, values [][]float64, format string) *figures.Table {
	table := &figures.Table{Title: title, Columns: []figures.Column{{Name: "layer"}}}
	for layer, row := range values {
		cells := []any{layer}
		for head, value := range row {
			if layer == 0 {
				table.Columns = append(table.Columns, figures.Column{Name: fmt.Sprint(head), Format: format})
			}
			cells = append(cells, value)
		}
		table.Rows = append(table.Rows, cells)
	}
	return table
}

// Heads draws a heat map of layers × heads.
func Heads(values [][]float64, title, legend string, palette figures.Palette, caption string) (*figures.Figure, error) {
	return figures.Heatmap(figures.HeatmapOptions{
		Frame:  figures.Frame{Title: title, Caption: caption, XLabel: "head", YLabel: "layer"},
		Values: values, Legend: legend, Palette: palette,
	})
}

// Ablation draws the changes of the metric when a head is masked, or alone stays in its layer.
func Ablation(c *gbert.Config, ablation *heads.Ablation, keepOne bool, caption string) (*figures.Figure, error) {
	title := "Change of " + ablation.Metric + " when a head is masked"
	if keepOne {
		title = "Change of " + ablation.Metric + " when a head alone stays in its layer"
	}
	return Heads(deltas(c, ablation), title, "Δ "+ablation.Metric, figures.Diverging, caption)
}

// deltas are the changes of the metric, [layers][heads]; NaN for heads that the model does not have.
func deltas(c *gbert.Config, ablation *heads.Ablation) [][]float64 {
	values := make([][]float64, c.NumHiddenLayers)
	for layer := range values {
		values[layer] = make([]float64, c.NumAttentionHeads)
		for head := range values[layer] {
			values[layer][head] = math.NaN()
		}
	}
	for _, effect := range ablation.Heads {
		values[effect.Layer][effect.Head.Head] = effect.MetricDelta
	}
	return values
}

// AblationTable has a row for each head that was masked.
func AblationTable(ablation *heads.Ablation) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{
		{Name: "head"}, {Name: ablation.Metric, Format: "%.4f"}, {Name: "Δ", Format: "%+.4f"}, {Name: "p", Format: "%.3f"},
		{Name: "Δ loss", Format: "%+.4f"}, {Name: "from", Format: "%+.4f"}, {Name: "to", Format: "%+.4f"},
	}}
	for _, e := range ablation.Heads {
		table.Rows = append(table.Rows, []any{e.Head.String(), e.Metric, e.MetricDelta, e.PValue, e.LossDelta, e.LossLow, e.LossHigh})
	}
	return table
}
