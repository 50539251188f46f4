package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/figures"
)

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
			document, err := a.AblateHeads(command.Context(), a.model, d.take(a), keepOne)
			if err == nil {
				document.Figure = figure
				err = draw(figure, func() (*figures.Figure, error) { return show.AblationMap(document) })
			}
			return a.finishKept(document, err, func(w io.Writer) { show.Ablation(w, document) })
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&keepOne, "keep-one", false, "mask all heads of a layer except one, instead of one head")
	a.figureFlag(flags, &figure, "a heat map")
	a.outFile(flags)
	d.addSplit(flags, "dev")
	d.addDevices(flags)
	d.add(flags)
	return command
}
