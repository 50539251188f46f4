package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/figures"
	"bertlab/techniques/heads"
)

// importanceDocument is what heads importance prints.
type importanceDocument struct {
	*heads.Importance
	Figure string `json:"figure,omitempty"`
	provenance
}

func (a *app) headsImportanceCommand() *cobra.Command {
	var d dataFlags
	var variantText, figure string
	command := &cobra.Command{
		Use:   "importance",
		Short: "Estimate how much each head matters, from gradients",
		Long: `Estimate the importance of every head: the absolute derivative of an example's loss by the head's mask, averaged over the
examples (equation 2 of the paper), raw and divided by its ℓ2 norm in each layer. One backward pass a batch.`,
		Example: `  bertlab heads importance --model movies --examples 1000 --figure importance.svg
  bertlab heads importance --model DIR --task sst2 --data train.tsv --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			variant, err := parseVariant(variantText)
			if err != nil {
				return err
			}
			if err := checkFigure(figure); err != nil {
				return err
			}
			b, err := a.openBench(command.Context(), &d, nil)
			if err != nil {
				return err
			}
			defer b.Close()
			importance, err := heads.Measure(command.Context(), b.session, b.prepared, variant, nil, a.meter.Count("measuring importance", "examples"))
			if err != nil {
				return err
			}
			document := importanceDocument{Importance: importance, Figure: figure, provenance: b.stamp()}
			if figure != "" {
				if err := drawHeads(figure, importance.Normalized, "Importance of each head", "importance (ℓ2-normalised in each layer)", figures.Sequential, document.provenance); err != nil {
					return err
				}
			}
			if err := a.keep(document); err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				fmt.Fprintln(w, headTable("Importance of each head, normalised in each layer", importance.Normalized, "%.3f").Text())
				printProvenance(w, document.provenance)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&variantText, "variant", string(heads.PerExample), "where the absolute value is taken: example (the paper) or token (the authors' code)")
	flags.StringVar(&figure, "figure", "", "draw a heat map into this file (.png, .svg, .pdf)")
	flags.StringVar(&d.split, "split", "train", "train, dev or test; a file is always read as a whole")
	d.add(flags)
	return command
}

// drawHeads saves a heat map of layers × heads.
func drawHeads(path string, values [][]float64, title, legend string, palette figures.Palette, p provenance) error {
	drawing, err := figures.Heatmap(figures.HeatmapOptions{
		Frame:  figures.Frame{Title: title, Caption: caption(p), XLabel: "head", YLabel: "layer"},
		Values: values, Legend: legend, Palette: palette,
	})
	if err != nil {
		return err
	}
	return drawing.Save(path)
}
