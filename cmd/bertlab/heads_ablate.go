package main

import (
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/techniques/heads"
)

// ablationDocument is what heads ablate prints.
type ablationDocument struct {
	*heads.Ablation
	KeepOne bool   `json:"keep_one"`
	Figure  string `json:"figure,omitempty"`
	provenance
}

func (a *app) headsAblateCommand() *cobra.Command {
	var d dataFlags
	var keepOne bool
	var figure string
	command := &cobra.Command{
		Use:   "ablate",
		Short: "Mask each head alone and see what it costs",
		Long: `Mask each head alone and judge the model: the change of the task's metric with McNemar's exact p value, and the change of
the loss with its 95 % interval, both on the same examples. With --keep-one each head alone stays in its layer.`,
		Example: `  bertlab heads ablate --model movies --figure ablation.png
  bertlab heads ablate --model DIR --task sst2 --data dev.tsv --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := checkFigure(figure); err != nil {
				return err
			}
			b, err := a.openBench(command.Context(), &d, func(m *gbert.Model) error {
				d.passes = heads.SweepPasses(m.Config)
				return nil
			})
			if err != nil {
				return err
			}
			defer b.Close()
			ablate, what := heads.Ablate, "ablating heads"
			if keepOne {
				ablate, what = heads.KeepOne, "keeping one head a layer"
			}
			ablation, err := ablate(command.Context(), b.session, b.prepared, a.meter.Count(what, "predictions"))
			if err != nil {
				return err
			}
			document := ablationDocument{Ablation: ablation, KeepOne: keepOne, Figure: figure, provenance: b.stamp()}
			if figure != "" {
				title, legend := "Change of "+ablation.Metric+" when a head is masked", "Δ "+ablation.Metric
				if keepOne {
					title = "Change of " + ablation.Metric + " when a head alone stays in its layer"
				}
				if err := drawHeads(figure, metricDeltas(b.model.Config, ablation), title, legend, figures.Diverging, document.provenance); err != nil {
					return err
				}
			}
			if err := a.keep(document); err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				fmt.Fprintln(w, ablationTable(ablation).Text())
				printMetrics(w, ablation.Base, b.prepared.Dataset.Task)
				printProvenance(w, document.provenance)
			})
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&keepOne, "keep-one", false, "mask all heads of a layer but one, in place of one")
	flags.StringVar(&figure, "figure", "", "draw a heat map into this file (.png, .svg, .pdf)")
	d.addSplit(flags)
	d.add(flags)
	return command
}

// metricDeltas are the changes of the metric, [layers][heads]; NaN for heads that the model does not have.
func metricDeltas(c *gbert.Config, ablation *heads.Ablation) [][]float64 {
	values := make([][]float64, c.NumHiddenLayers)
	for layer := range values {
		values[layer] = make([]float64, c.NumAttentionHeads)
		for head := range values[layer] {
			values[layer][head] = math.NaN()
		}
	}
	for _, effect := range ablation.Heads {
		values[effect.Layer][effect.Head.Head] = effect.MetricDelta
	}
	return values
}

func ablationTable(ablation *heads.Ablation) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{
		{Name: "head"}, {Name: ablation.Metric, Format: "%.4f"}, {Name: "Δ", Format: "%+.4f"}, {Name: "p", Format: "%.3f"},
		{Name: "Δ loss", Format: "%+.4f"}, {Name: "from", Format: "%+.4f"}, {Name: "to", Format: "%+.4f"},
	}}
	for _, e := range ablation.Heads {
		table.Rows = append(table.Rows, []any{e.Head.String(), e.Metric, e.MetricDelta, e.PValue, e.LossDelta, e.LossLow, e.LossHigh})
	}
	return table
}
