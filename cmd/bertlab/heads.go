package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/figures"
	"bertlab/techniques/heads"
)

func (a *app) headsCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "heads",
		Short: "Measure, ablate and prune attention heads",
		Long: `Measure, ablate and prune attention heads (Michel, Levy and Neubig 2019, arXiv:1905.10650). Heads are named layer:head,
counted from 0, as numbered in the pretrained model.`,
		Example: `  bertlab heads importance --model movies --examples 1000
  bertlab heads ablate --model movies --figure ablation.png
  bertlab heads prune --model movies --fraction 0.4 --out pruned`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return fmt.Errorf("heads needs a command: importance, ablate or prune")
		},
	}
	command.AddCommand(a.headsImportanceCommand(), a.headsAblateCommand(), a.headsPruneCommand())
	return command
}

func parseVariant(text string) (heads.Variant, error) {
	switch v := heads.Variant(text); v {
	case heads.PerExample, heads.PerToken:
		return v, nil
	}
	return "", wrongCallf("--variant %s: choose %s (equation 2 of the paper) or %s (the authors' code)", text, heads.PerExample, heads.PerToken)
}

// checkFigure reports a file name that no figure can be written to.
func checkFigure(path string) error {
	if path == "" {
		return nil
	}
	for _, ending := range []string{".png", ".svg", ".pdf"} {
		if strings.HasSuffix(path, ending) {
			return nil
		}
	}
	return wrongCallf("--figure %s: the name must end in .png, .svg or .pdf", path)
}

// headTable is a grid of numbers, a line a layer.
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

func caption(p provenance) string {
	return fmt.Sprintf("%s, %s, n = %d, seed %d", p.Model.Name, p.Task, p.Data.Len(), p.Seed)
}
