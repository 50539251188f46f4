package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) layersCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "layers",
		Short: "Compare and drop encoder layers",
		Long: `Compare and drop encoder layers (Sajjad, Dalvi, Durrani and Nakov 2023, arXiv:2004.03844). Layers are counted from 0, as they
are in the model at hand; the paper counts from 1. A model is dropped first and fine-tuned afterwards.`,
		Example: `  bertlab layers drop --strategy top --k 2 --model all-MiniLM-L6-v2 --out shallow
  bertlab layers similarity --model all-MiniLM-L6-v2 --examples 500`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return fmt.Errorf("layers needs a command: drop or similarity")
		},
	}
	command.AddCommand(a.layersDropCommand(), a.layersSimilarityCommand())
	return command
}
