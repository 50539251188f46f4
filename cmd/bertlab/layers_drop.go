package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/techniques/layerdrop"
)

type dropFlags struct {
	dataFlags
	targetFlags
	workbench.Dropping
}

func (a *app) layersDropCommand() *cobra.Command {
	var f dropFlags
	command := &cobra.Command{
		Use:   "drop",
		Short: "Drop whole layers and write the shallower model",
		Long: `Drop whole layers and write the shallower model, which is then fine-tuned like any other. Strategies, for K of 6 layers from 0:
top (K = 2: 4,5), bottom (0,1), symmetric (the middle: 2,3), alternate (2,4) and alternate-even (3,5), both from the top down;
contribution (all layers whose input and output have a cosine above --threshold on the data, however many they are); list (--layers).`,
		Example: `  bertlab layers drop --strategy top --k 2 --model all-MiniLM-L6-v2 --out shallow
  bertlab layers drop --strategy list --layers 1,4 --model DIR --out shallow
  bertlab layers drop --strategy contribution --threshold 0.95 --examples 500 --model DIR --out shallow`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := f.Check(command.Flags().Changed); err != nil {
				return err
			}
			document, err := a.Drop(command.Context(), a.model, &f.Dropping, f.take(a), f.destination(a))
			return a.finish(document, err, func(w io.Writer) { show.Dropped(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&f.Strategy), "strategy", string(layerdrop.Top), "which layers go: "+workbench.ListStrategies(workbench.DropStrategies))
	flags.IntVar(&f.K, "k", 0, "how many layers go, for strategies by position")
	flags.StringVar(&f.Layers, "layers", "", "the layers that go, such as 9,10,11, for --strategy list")
	flags.Float64Var(&f.Threshold, "threshold", 0.95, "cosine above which a layer goes, for --strategy contribution")
	flags.StringVar((*string)(&f.Pooling), "pooling", string(layerdrop.CLS), "the vector that is compared: cls, or mean of the tokens")
	flags.StringVar(&f.Split, "split", "train", "the split that contribution is measured on")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	f.dataFlags.add(flags)
	return command
}
