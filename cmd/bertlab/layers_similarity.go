package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/techniques/layerdrop"
)

// similarityDocument is what layers similarity prints.
type similarityDocument struct {
	*layerdrop.Similarity
	Figure string `json:"figure,omitempty"`
	workbench.Provenance
}

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
			similarity, b, err := a.measureSimilarity(command.Context(), &d, pooling)
			if err != nil {
				return err
			}
			defer b.Close()
			document := similarityDocument{Similarity: similarity, Figure: figure, Provenance: b.Stamp()}
			if figure != "" {
				drawing, err := show.Similarity(similarity, document.Caption())
				if err != nil {
					return err
				}
				if err := drawing.Save(figure); err != nil {
					return err
				}
			}
			if err := a.keep(document); err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				table := &figures.Table{Columns: []figures.Column{{Name: "layer"}, {Name: "cosine of input and output", Format: "%.4f"}}}
				for layer, cosine := range similarity.Layers {
					table.Rows = append(table.Rows, []any{similarity.Origins[layer], cosine})
				}
				fmt.Fprintln(w, table.Text())
				printProvenance(w, document.Provenance)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&pooling), "pooling", string(layerdrop.CLS), "the vector that is compared: cls, or mean of the tokens")
	a.figureFlag(flags, &figure, "a heat map of all pairs of layers")
	a.outFile(flags)
	d.addSplit(flags, "train")
	d.add(flags)
	return command
}

// measureSimilarity opens model and data and compares the layers. The caller closes the bench.
func (a *app) measureSimilarity(ctx context.Context, d *dataFlags, pooling layerdrop.Pooling) (*layerdrop.Similarity, *workbench.Bench, error) {
	if err := call.Choose("pooling", pooling, layerdrop.CLS, layerdrop.MeanToken); err != nil {
		return nil, nil, err
	}
	d.Headless = true
	b, err := a.openBench(ctx, d, nil)
	if err != nil {
		return nil, nil, err
	}
	similarity, err := layerdrop.Measure(ctx, b.Session, b.Prepared, pooling, a.Meter.Count("comparing layers", "examples"))
	if err != nil {
		b.Close()
		return nil, nil, err
	}
	return similarity, b, nil
}
