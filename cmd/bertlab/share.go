package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/techniques/sharing"
)

type shareFlags struct {
	targetFlags
	workbench.Sharing
}

func (a *app) shareCommand() *cobra.Command {
	var f shareFlags
	command := &cobra.Command{
		Use:   "share",
		Short: "Let layers share their weights and write the smaller model",
		Long: `Let layers share their weights and write the smaller model (Lan et al. 2020, ALBERT, arXiv:1909.11942). The layers are divided
into groups of neighbours; a group has one attention, one feed-forward network, or both. The shared weights start out as those of the
group's first layer, as the mean of the group, or as those of the best layer, the one nearest to the others. The LayerNorms that
follow what is shared are shared too, unless --keep-norms is given. --embedding E stores the word table [V, H] as a product [V, E]·[E, H].

Sharing makes the file smaller, not the model faster. A shared model is fine-tuned like any other, and needs to be.`,
		Example: `  bertlab share --what attention --model all-MiniLM-L6-v2 --out shared
  bertlab share --what all --groups 2 --init mean --embedding 128 --model all-MiniLM-L6-v2 --out shared
  bertlab share --what none --embedding 128 --model all-MiniLM-L6-v2 --out factorised`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := f.Check(command.Flags().Changed); err != nil {
				return err
			}
			document, err := a.Share(command.Context(), a.model, &f.Sharing, f.destination(a))
			return a.finish(document, err, func(w io.Writer) { show.Shared(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&f.What), "what", string(sharing.All), "what is shared: all, attention, ffn or none")
	flags.IntVar(&f.Groups, "groups", 1, "number of groups of neighbouring layers; each shares within itself")
	flags.StringVar((*string)(&f.Init), "init", string(sharing.First), "what the shared weights start out as: first, mean or best")
	flags.BoolVar(&f.KeepNorms, "keep-norms", false, "leave every layer its own LayerNorms")
	flags.IntVar(&f.EmbeddingSize, "embedding", 0, "embedding size E of the word table; left out, the table stays as it is")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	return command
}
