package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/techniques/heads"
)

// importanceDocument is what heads importance prints.
type importanceDocument struct {
	*heads.Importance
	Figure string `json:"figure,omitempty"`
	workbench.Provenance
}

func (a *app) headsImportanceCommand() *cobra.Command {
	var d dataFlags
	var variant heads.Estimator
	var figure string
	command := &cobra.Command{
		Use:   "importance",
		Short: "Estimate how much each head matters, from gradients",
		Long: `Estimate the importance of every head: the absolute derivative of an example's loss with respect to the head's mask, averaged
over the examples (equation 2 of the paper), raw and divided by its ℓ2 norm in each layer. One backward pass per batch.`,
		Example: `  bertlab heads importance --model movies --examples 1000 --figure importance.svg
  bertlab heads importance --model DIR --task sst2 --data train.tsv --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := checkVariant(variant); err != nil {
				return err
			}
			b, err := a.openBench(command.Context(), &d, nil)
			if err != nil {
				return err
			}
			defer b.Close()
			importance, err := heads.Measure(command.Context(), b.Session, b.Prepared, variant, nil, a.Meter.Count("measuring importance", "examples"))
			if err != nil {
				return err
			}
			document := importanceDocument{Importance: importance, Figure: figure, Provenance: b.Stamp()}
			if figure != "" {
				drawing, err := show.Heads(importance.Normalized, "Importance of each head", "importance (ℓ2-normalised in each layer)", figures.Sequential, document.Caption())
				if err == nil {
					err = drawing.Save(figure)
				}
				if err != nil {
					return err
				}
			}
			if err := a.keep(document); err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				fmt.Fprintln(w, show.HeadTable("Importance of each head, normalised in each layer", importance.Normalized, "%.3f").Text())
				printProvenance(w, document.Provenance)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&variant), "variant", string(heads.PerExample), "where the absolute value is taken: example (the paper) or token (the authors' code)")
	a.figureFlag(flags, &figure, "a heat map")
	a.outFile(flags)
	d.addSplit(flags, "train")
	d.add(flags)
	return command
}

// checkVariant reports a --variant that there is not.
func checkVariant(v heads.Estimator) error {
	if v == heads.PerExample || v == heads.PerToken {
		return nil
	}
	return call.Wrongf("--variant %s: choose %s (equation 2 of the paper) or %s (the authors' code)%s", v, heads.PerExample, heads.PerToken,
		call.Meant(string(v), []string{string(heads.PerExample), string(heads.PerToken)}))
}
