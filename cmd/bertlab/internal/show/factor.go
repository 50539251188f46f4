package show

import (
	"fmt"
	"io"
	"slices"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/techniques/tucker"
)

// Factored writes what became of a model whose matrices are products.
func Factored(w io.Writer, d *workbench.Factored) {
	fmt.Fprintln(w, factorisationTable(d.Factorisation).Text())
	Written(w, d.Written)
	if b := d.Bank; b != nil {
		fmt.Fprintf(w, "bank\t%s, %d slices, %s parameters shared, relative error %.4f (%.4f before %d sweeps)\n", b.Name, b.Slices, figures.Count(b.Shared), b.Errors[len(b.Errors)-1], b.Errors[0], len(b.Errors)-1)
	}
	fmt.Fprintf(w, "factored\t%d of %d matrices, %s parameters in place of %s\n", d.Factored(), len(d.Maps), figures.Count(d.ParametersAfter), figures.Count(d.ParametersBefore))
	wordTable(w, d.Embedding)
	for _, m := range d.MACs {
		operations(w, m)
	}
}

// factorisationTable has a row for each matrix; its error on data where that was weighed.
func factorisationTable(f *tucker.Factorisation) *figures.Table {
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
