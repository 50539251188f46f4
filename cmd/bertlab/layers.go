package main

import (
	"github.com/spf13/cobra"
)

func (a *app) layersCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "layers",
		Short: "Compare and drop encoder layers",
		Long: `Compare and drop encoder layers (Sajjad, Dalvi, Durrani and Nakov 2023, arXiv:2004.03844). Layers are counted from 0, as they
are in the model at hand; the paper counts from 1. A model is dropped first and fine-tuned afterwards.`,
		Example: `  bertlab layers drop --strategy top --k 2 --model all-MiniLM-L6-v2 --out shallow
  bertlab layers similarity --model all-MiniLM-L6-v2 --examples 500`,
	}, a.layersDropCommand(), a.layersSimilarityCommand())
}
