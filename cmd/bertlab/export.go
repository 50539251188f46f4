package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert/onnx"
)

// exportFlags say for whom a model is written.
type exportFlags struct {
	targetFlags
	workbench.Exporting
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	command := &cobra.Command{
		Use:   "export",
		Short: "Write a model for other programs",
		Long: `Write a model to the folder --out. With --dense a compressed model becomes a plain Hugging Face BERT that computes the same function:
zeros for removed heads, products for factors, copies for tied layers. Python's transformers loads it. An ALBERT becomes an ALBERT
with a group for each layer, since no BERT computes the same function. With --compact the zeros of sparse matrices are left out of
the file; only bertlab reads such a file. Export it again without --compact to have the zeros back.

With --onnx the model becomes onnx/model.onnx, a graph of standard operators for ONNX Runtime, OpenVINO, transformers.js and others,
beside config.json and the tokenizer's files. Every part keeps its own shape: removed heads are not there, and factors are two products.
The inputs are input_ids, attention_mask and token_type_ids of any batch size and length; the outputs are logits (start_logits and
end_logits for question answering), or last_hidden_state and pooler_output. bertlab can load the folder again. With --int8 there is also
onnx/model_quantized.onnx, which stores the encoder's maps and the word table as 8-bit integers; processors with 8-bit instructions
(VNNI) multiply these faster. --dense --onnx writes the graph of the plain BERT.`,
		Example: `  bertlab export --dense --model pruned --out plain
  bertlab export --compact --float16 --model sparse --out small
  bertlab export --onnx --int8 --model pruned --out deploy`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := f.Check(command.Flags().Changed("opset")); err != nil {
				return err
			}
			document, err := a.Export(command.Context(), a.model, &f.Exporting, f.destination(a))
			return a.finish(document, err, func(w io.Writer) { show.Written(w, document) })
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&f.Dense, "dense", false, "as a plain Hugging Face BERT")
	flags.BoolVar(&f.Compact, "compact", false, "without the zeros of sparse matrices, for bertlab alone")
	flags.BoolVar(&f.ONNX, "onnx", false, "as a graph of ONNX")
	flags.BoolVar(&f.Int8, "int8", false, "with --onnx: a second graph of eight-bit integers")
	flags.IntVar(&f.Opset, "opset", onnx.DefaultOpset, fmt.Sprintf("with --onnx: version of the operator set, from %d to %d", onnx.MinOpset, onnx.MaxOpset))
	f.add(a, flags, nil)
	f.addPrecision(flags)
	return command
}
