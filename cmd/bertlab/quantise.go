package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert/finetune"
)

type quantiseFlags struct {
	finetuneFlags
	workbench.Quantising
}

func (a *app) quantiseCommand() *cobra.Command {
	var f quantiseFlags
	command := &cobra.Command{
		Use:   "quantise",
		Short: "Store a model as 8-bit integers, after or while training",
		Long: `Store the encoder's maps and the word table as 8-bit integers, a quarter of the size, with a scale for each row, and multiply integers.
What enters a map is rounded too; --method says over which range:
  dynamic  the range of the whole batch as it passes, padding included: an example's logits change a little with its neighbours
  row      the range of each token by itself; neighbours change nothing
  static   a range that is measured beforehand on --calibrate training examples and stored; --calibration says how it is chosen
  weights  inputs stay float32
  qat      training computes with rounded numbers (quantisation-aware training); --inputs says which of the above the result has

--keep-float names roles of maps that stay in float32, such as ffn_out,words; "auto" measures what each map alone costs and keeps the
fewest that cause half of the squared error of the logits, with at most a tenth of the weights. Pooler, classifier and LayerNorms
always stay. The model loads as any other; export --onnx writes the graph that multiplies integers, export --dense the float32 model.`,
		Example: `  bertlab quantise --method dynamic --model tuned --out int8
  bertlab quantise --method static --calibration mse --keep-float auto --model tuned --task movies --out int8
  bertlab quantise --method qat --inputs row --keep-head --epochs 1 --lr 2e-5 --model tuned --task movies --out int8`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := f.Check(command.Flags().Changed); err != nil {
				return err
			}
			a.resumes.Store(f.Trains())
			r := f.take(a)
			if f.Trains() {
				if err := r.Check(a.Seed); err != nil {
					return err
				}
			}
			document, err := a.Quantise(command.Context(), &f.Quantising, r)
			return a.finish(document, err, func(w io.Writer) { show.Quantised(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.Method, "method", workbench.QuantiseMethods[0], "how: "+strings.Join(workbench.QuantiseMethods, ", "))
	flags.StringVar(&f.Inputs, "inputs", "dynamic", "with --method qat, the range of what enters a map: dynamic, row, static or weights")
	flags.StringVar(&f.Calibration, "calibration", "percentile", "how a stored range is chosen: minmax, percentile (of 99.99 %), percentile:99.9, or mse (least squared error)")
	flags.IntVar(&f.Calibrate, "calibrate", 256, "training examples on which ranges and the cost of each map are measured")
	flags.StringSliceVar(&f.KeepFloat, "keep-float", nil, "roles that stay in float32, or auto")
	flags.StringVar((*string)(&f.training.Options.Keep), "keep", string(finetune.KeepLast), "with --method qat, which epoch's weights to keep: best (on dev) or last")
	flags.BoolVar(&f.training.Options.FreezeEmbeddings, "freeze-embeddings", false, "with --method qat, leave the embeddings as they are")
	f.finetuneFlags.add(a, flags)
	return command
}
