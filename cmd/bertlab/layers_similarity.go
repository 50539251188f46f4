package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/figures"
	"bertlab/techniques/layerdrop"
)

// similarityDocument is what layers similarity prints.
type similarityDocument struct {
	*layerdrop.Similarity
	Figure string `json:"figure,omitempty"`
	provenance
}

func (a *app) layersSimilarityCommand() *cobra.Command {
	var d dataFlags
	var pooling, figure string
	command := &cobra.Command{
		Use:   "similarity",
		Short: "Measure how much each layer changes a sentence's representation",
		Long: `Measure how alike a sentence's representations are at the layers of a model: the mean cosine of [CLS] (or of the mean of the
tokens) before and after each layer, and between any two layers. Layers with a cosine near 1 change little; contribution-based
dropping takes those out. The model needs no classification head.`,
		Example: `  bertlab layers similarity --model all-MiniLM-L6-v2 --examples 500 --figure similarity.svg
  bertlab layers similarity --model DIR --task sst2 --data train.tsv --pooling mean --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := checkFigure(figure); err != nil {
				return err
			}
			similarity, b, err := a.measureSimilarity(command.Context(), &d, pooling)
			if err != nil {
				return err
			}
			defer b.Close()
			document := similarityDocument{Similarity: similarity, Figure: figure, provenance: b.stamp()}
			if figure != "" {
				drawing, err := similarityFigure(similarity, caption(document.provenance))
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
				printProvenance(w, document.provenance)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&pooling, "pooling", string(layerdrop.CLS), "the vector that is compared: cls, or mean of the tokens")
	flags.StringVar(&figure, "figure", "", "draw a heat map of all pairs of layers into this file (.png, .svg, .pdf)")
	flags.StringVar(&d.split, "split", "train", "train, dev or test; a file is always read as a whole")
	d.add(flags)
	return command
}

// measureSimilarity opens model and data and compares the layers. The caller closes the bench.
func (a *app) measureSimilarity(ctx context.Context, d *dataFlags, poolingText string) (*layerdrop.Similarity, *bench, error) {
	pooling := layerdrop.Pooling(poolingText)
	if pooling != layerdrop.CLS && pooling != layerdrop.MeanToken {
		return nil, nil, wrongCallf("--pooling %s: choose %s or %s", poolingText, layerdrop.CLS, layerdrop.MeanToken)
	}
	d.headless = true
	b, err := a.openBench(ctx, d, nil)
	if err != nil {
		return nil, nil, err
	}
	similarity, err := layerdrop.Measure(ctx, b.session, b.prepared, pooling, a.meter.Count("comparing layers", "examples"))
	if err != nil {
		b.Close()
		return nil, nil, err
	}
	return similarity, b, nil
}

func similarityFigure(s *layerdrop.Similarity, caption string) (*figures.Figure, error) {
	states := []string{"emb."}
	for _, origin := range s.Origins {
		states = append(states, fmt.Sprint(origin))
	}
	return figures.Heatmap(figures.HeatmapOptions{
		Frame:  figures.Frame{Title: "Similarity of layers", Caption: caption, XLabel: "output of layer", YLabel: "output of layer"},
		Values: s.Matrix, Rows: states, Columns: states, Legend: "mean cosine (" + string(s.Pooling) + ")", Palette: figures.Sequential,
	})
}
