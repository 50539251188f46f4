package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/figures"
	"bertlab/techniques/heads"
)

func (a *app) headsImportanceCommand() *cobra.Command {
	var d dataFlags
	var variant heads.Estimator
	var figure string
	command := &cobra.Command{
		Use:   "importance",
		Short: "Estimate how much each head matters, from gradients",
		Long: `Estimate the importance of every head: the absolute derivative of an example's loss with respect to the head's mask, averaged
over the examples (equation 2 of the paper), raw and divided by its ℓ2 norm in each layer. One backward pass per batch.`,
		Example: `  bertlab heads importance --model movies --examples 1000 --figure importance.svg
  bertlab heads importance --model DIR --task sst2 --data train.tsv --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, err := a.MeasureHeads(command.Context(), a.model, d.take(a), variant)
			if err == nil {
				document.Figure = figure
				err = draw(figure, func() (*figures.Figure, error) { return show.ImportanceMap(document) })
			}
			return a.finishKept(document, err, func(w io.Writer) { show.Importance(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&variant), "variant", string(heads.PerExample), "where the absolute value is taken: example (the paper) or token (the authors' code)")
	a.figureFlag(flags, &figure, "a heat map")
	a.outFile(flags)
	d.addSplit(flags, "train")
	d.addDevices(flags)
	d.add(flags)
	return command
}
