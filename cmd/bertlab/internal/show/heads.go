package show

import (
	"fmt"
	"io"
	"math"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/techniques/heads"
)

// Importance writes how much each head matters.
func Importance(w io.Writer, d *workbench.HeadImportance) {
	fmt.Fprintln(w, headTable("Importance of each head, normalised in each layer", d.Normalized, "%.3f").Text())
	Provenance(w, d.Provenance)
}

// ImportanceMap draws it.
func ImportanceMap(d *workbench.HeadImportance) (*figures.Figure, error) {
	return headMap(d.Normalized, "Importance of each head", "importance (ℓ2-normalised in each layer)", figures.Sequential, d.Caption())
}

// Ablation writes what each head costs when it is masked, or alone stays in its layer.
func Ablation(w io.Writer, d *workbench.HeadAblation) {
	fmt.Fprintln(w, ablationTable(d.Ablation).Text())
	Metrics(w, d.Base, d.Task)
	Provenance(w, d.Provenance)
}

// AblationMap draws the changes of the metric.
func AblationMap(d *workbench.HeadAblation) (*figures.Figure, error) {
	title := "Change of " + d.Metric + " when a head is masked"
	if d.KeepOne {
		title = "Change of " + d.Metric + " when a head alone stays in its layer"
	}
	return headMap(deltas(d.Config, d.Ablation), title, "Δ "+d.Metric, figures.Diverging, d.Caption())
}

// Pruned writes which heads went.
func Pruned(w io.Writer, d *workbench.PrunedHeads) {
	Written(w, d.Written)
	fmt.Fprintf(w, "removed\t%s\n", d.Removed)
}

// headTable is a grid of numbers, a row a layer.
func headTable(title string, values [][]float64, format string) *figures.Table {
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

// headMap draws a heat map of layers × heads.
func headMap(values [][]float64, title, legend string, palette figures.Palette, caption string) (*figures.Figure, error) {
	return figures.Heatmap(figures.HeatmapOptions{
		Frame:  figures.Frame{Title: title, Caption: caption, XLabel: "head", YLabel: "layer"},
		Values: values, Legend: legend, Palette: palette,
	})
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

// ablationTable has a row for each head that was masked.
func ablationTable(ablation *heads.Ablation) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{
		{Name: "head"}, {Name: ablation.Metric, Format: "%.4f"}, {Name: "Δ", Format: "%+.4f"}, {Name: "p", Format: "%.3f"},
		{Name: "Δ loss", Format: "%+.4f"}, {Name: "from", Format: "%+.4f"}, {Name: "to", Format: "%+.4f"},
	}}
	for _, e := range ablation.Heads {
		var p any // of a test that a regression does not have
		if !math.IsNaN(e.PValue) {
			p = e.PValue
		}
		table.Rows = append(table.Rows, []any{e.Head.String(), e.Metric, e.MetricDelta, p, e.LossDelta, e.LossLow, e.LossHigh})
	}
	return table
}
