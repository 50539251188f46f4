package main

import (
	"github.com/spf13/cobra"
)

func (a *app) headsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "heads",
		Short: "Measure, ablate and prune attention heads",
		Long: `Measure, ablate and prune attention heads (Michel, Levy and Neubig 2019, arXiv:1905.10650). Heads are named layer:head,
counted from 0, as numbered in the pretrained model.`,
		Example: `  bertlab heads importance --model movies --examples 1000
  bertlab heads ablate --model movies --figure ablation.png
  bertlab heads prune --model movies --fraction 0.4 --out pruned`,
	}, a.headsImportanceCommand(), a.headsAblateCommand(), a.headsPruneCommand())
}
