package show

import (
	"slices"

	"bertlab/figures"
	"bertlab/techniques/tucker"
)

// Factorisation has a row for each matrix; its error on data where that was weighed.
func Factorisation(f *tucker.Factorisation) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{
		{Name: "layer"}, {Name: "matrix"}, {Name: "rank"}, {Name: "relative error", Format: "%.4f"}, {Name: "output error", Format: "%.4f"}, {Name: "parameters"}, {Name: "before"}, {Name: "kept"},
	}}
	for _, m := range f.Maps {
		table.Rows = append(table.Rows, []any{m.Layer, string(m.Role), m.Rank, m.RelativeError, m.OutputError, m.ParametersAfter, m.ParametersBefore, string(m.Kept)})
	}
	if !f.Weighted {
		table.Columns = slices.Delete(table.Columns, 4, 5)
		for i := range table.Rows {
			table.Rows[i] = slices.Delete(table.Rows[i], 4, 5)
		}
	}
	return table
}
