package combined

import (
	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/recipes"
)

// recipeTable lists the recipes step by step.
func (r edition) recipeTable() *figures.Table {
	t := experiment.NewTable(r.Printer, r.T("The recipes"),
		r.T("Seconds are those of the step when it was computed; recipes that begin alike share their first steps."), []figures.Column{
			{Name: r.T("recipe")}, {Name: r.T("step")}, {Name: r.T("result")}, {Name: r.T("parameters"), Unit: r.T("millions"), Format: "%.2f"}, {Name: r.T("time"), Unit: "s", Format: "%.0f"},
		})
	for _, recipe := range r.Recipes {
		for i, step := range recipe.Steps {
			name := recipe.Recipe
			if i > 0 {
				name = ""
			}
			t.Rows = append(t.Rows, []any{name, r.Name(step.Kind), recipes.NoteIn(r.Printer, step.Note), float64(step.Parameters) / 1e6, step.Seconds})
		}
	}
	return t
}

// Tables implements [experiment.Edition].
func (r edition) Tables() ([]experiment.NamedTable, error) {
	return append(r.Comparison.Tables(r.Printer), experiment.NamedTable{Name: "steps", Table: r.recipeTable()}), nil
}
