package show

import (
	"fmt"
	"io"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/techniques/quantise"
)

// Quantised writes what became of a model whose maps are eight-bit integers.
func Quantised(w io.Writer, d *workbench.Quantised) {
	fmt.Fprintln(w, quantisedTable(d.Report, d.Sensitivity).Text())
	if d.Training != nil {
		Trained(w, d.Training)
	}
	Written(w, d.Written)
	fmt.Fprintf(w, "size\t%.1f %% of the %.2f MB in float32\n", 100*float64(d.Bytes)/float64(max(d.BytesBefore, 1)), float64(d.BytesBefore)/1e6)
	if d.Sensitivity != nil {
		fmt.Fprintf(w, "all maps\tchange the logits by %.4f (root mean square), the loss by %+.4f\n", d.Sensitivity.All.Error, d.Sensitivity.All.Loss)
	}
	if d.Calibrated != nil {
		fmt.Fprintf(w, "calibrated\ton %s examples of %s\n", figures.Count(d.Calibrated.Data.Len()), d.Calibrated.Data)
	}
}

// quantisedTable has a row for each role: how many of its maps are integers, the largest of their errors, and what they cost alone where that
// was measured.
func quantisedTable(r *quantise.Report, s *quantise.Sensitivities) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "matrices"}, {Name: "int8"}, {Name: "of"}, {Name: "parameters"}, {Name: "relative error", Format: "%.4f"}}}
	if s != nil {
		table.Columns = append(table.Columns, figures.Column{Name: "change of logits", Format: "%.4f"})
	}
	for _, role := range append(append([]gbert.Role{}, gbert.LayerRoles...), quantise.Words) {
		int8, count, parameters, worst, change := 0, 0, 0, 0.0, 0.0
		for i, m := range r.Maps {
			if m.Role != role {
				continue
			}
			if count, parameters, worst = count+1, parameters+m.Parameters, max(worst, m.RelativeError); m.Int8 {
				int8++
			}
			if s != nil {
				change = max(change, s.Maps[i].Error)
			}
		}
		if count == 0 {
			continue
		}
		row := []any{string(role), int8, count, parameters, worst}
		if s != nil {
			row = append(row, change)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}
