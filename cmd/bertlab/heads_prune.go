package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/techniques/heads"
)

type pruneFlags struct {
	dataFlags
	targetFlags
	workbench.Pruning
}

func (a *app) headsPruneCommand() *cobra.Command {
	var f pruneFlags
	command := &cobra.Command{
		Use:   "prune",
		Short: "Remove heads and write the smaller model",
		Long: `Remove heads from the matrices themselves: they become smaller, and the model computes what it computed with these heads masked.
Either --remove names the heads, or --fraction says how many go, the least important on the data first. Heads of layers that share
their attention, as in an ALBERT, go together; their importance is summed.`,
		Example: `  bertlab heads prune --model movies --remove "0:3,5;2:1" --out pruned
  bertlab heads prune --model movies --fraction 0.4 --examples 1000 --out pruned`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := f.Check(command.Flags().Changed); err != nil {
				return err
			}
			document, err := a.PruneHeads(command.Context(), a.model, &f.Pruning, f.take(a), f.destination(a))
			return a.finish(document, err, func(w io.Writer) { show.Pruned(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.Remove, "remove", "", `heads to remove, such as "0:3,5;2:1"`)
	flags.Float64Var(&f.Fraction, "fraction", 0, "share of the model's heads to remove, above 0 and at most 1")
	flags.StringVar(&f.Order, "order", workbench.PruneOrders[0], "which heads go first: importance (the least important), reverse, or random")
	flags.StringVar((*string)(&f.Variant), "variant", string(heads.PerExample), "how importance is measured: example or token")
	flags.StringVar(&f.Split, "split", "train", "the split that importance is measured on")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	f.addDevices(flags)
	f.dataFlags.add(flags)
	command.MarkFlagsOneRequired("remove", "fraction")
	command.MarkFlagsMutuallyExclusive("remove", "fraction")
	return command
}
