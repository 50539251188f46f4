package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/figures"
	"bertlab/techniques/layerdrop"
)

func (a *app) layersSimilarityCommand() *cobra.Command {
	var d dataFlags
	var pooling layerdrop.Pooling
	var figure string
	command := &cobra.Command{
		Use:   "similarity",
		Short: "Measure how much each layer changes a sentence's representation",
		Long: `Measure how similar a sentence's representations are across the layers of a model: the mean cosine of [CLS] (or of the mean of the
tokens) before and after each layer, and between any two layers. Layers with a cosine near 1 change little; contribution-based
dropping takes those out. The model needs no classification head.`,
		Example: `  bertlab layers similarity --model all-MiniLM-L6-v2 --examples 500 --figure similarity.svg
  bertlab layers similarity --model DIR --task sst2 --data train.tsv --pooling mean --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, err := a.CompareLayers(command.Context(), a.model, d.take(a), pooling)
			if err == nil {
				document.Figure = figure
				err = draw(figure, func() (*figures.Figure, error) { return show.SimilarityMap(document) })
			}
			return a.finishKept(document, err, func(w io.Writer) { show.Similarity(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&pooling), "pooling", string(layerdrop.CLS), "the vector that is compared: cls, or mean of the tokens")
	a.figureFlag(flags, &figure, "a heat map of all pairs of layers")
	a.outFile(flags)
	d.addSplit(flags, "train")
	d.addDevices(flags)
	d.add(flags)
	return command
}
