package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert"
	"bertlab/techniques/heads"
)

// ablationDocument is what heads ablate prints.
type ablationDocument struct {
	*heads.Ablation
	KeepOne bool   `json:"keep_one"`
	Figure  string `json:"figure,omitempty"`
	workbench.Provenance
}

func (a *app) headsAblateCommand() *cobra.Command {
	var d dataFlags
	var keepOne bool
	var figure string
	command := &cobra.Command{
		Use:   "ablate",
		Short: "Mask one head at a time and see what it costs",
		Long: `Mask one head at a time and evaluate the model: the change in the task's metric with McNemar's exact p value, and the change in
the loss with its 95 % interval, both on the same examples. With --keep-one, each head in turn is the only one left in its layer.`,
		Example: `  bertlab heads ablate --model movies --figure ablation.png
  bertlab heads ablate --model DIR --task sst2 --data dev.tsv --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			b, err := a.openBench(command.Context(), &d, func(m *gbert.Model) error {
				d.Passes = heads.SweepPasses(m.Config)
				return nil
			})
			if err != nil {
				return err
			}
			defer b.Close()
			ablate, what := heads.Ablate, "ablating heads"
			if keepOne {
				ablate, what = heads.KeepOne, "keeping one head a layer"
			}
			ablation, err := ablate(command.Context(), b.Session, b.Prepared, a.Meter.Count(what, "predictions"))
			if err != nil {
				return err
			}
			document := ablationDocument{Ablation: ablation, KeepOne: keepOne, Figure: figure, Provenance: b.Stamp()}
			if figure != "" {
				drawing, err := show.Ablation(b.Loaded.Config, ablation, keepOne, document.Caption())
				if err == nil {
					err = drawing.Save(figure)
				}
				if err != nil {
					return err
				}
			}
			if err := a.keep(document); err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				fmt.Fprintln(w, show.AblationTable(ablation).Text())
				printMetrics(w, ablation.Base, b.Prepared.Dataset.Task)
				printProvenance(w, document.Provenance)
			})
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&keepOne, "keep-one", false, "mask all heads of a layer except one, instead of one head")
	a.figureFlag(flags, &figure, "a heat map")
	a.outFile(flags)
	d.addSplit(flags, "dev")
	d.add(flags)
	return command
}
