package show

import (
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/techniques/quantise"
)

// Quantised has a row for each role: how many of its maps are integers, the largest of their errors, and what they cost alone where that
// was measured.
func Quantised(r *quantise.Report, s *quantise.Sensitivities) *figures.Table {
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
