package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/gbert"
)

func (a *app) evalCommand() *cobra.Command {
	var d dataFlags
	var mask, predictions string
	var pooling gbert.Pooling
	command := &cobra.Command{
		Use:   "eval",
		Short: "Evaluate a model on data",
		Long: `Evaluate a model on data: the task's metrics and the mean cross entropy (for a regression, the mean squared error). Where a text is longer
than --max-length, questions are answered from overlapping windows of it.

--mask-heads takes attention heads out of the forward pass, "layer:heads;…", counted from 0. --predictions writes one JSON
line per example: index, id, label (the right one; null if unknown), predicted, logits. The data then need no labels. Class numbers
are the task's; the logits are in the model's order. If the two orders differ, each line also has the names label_name,
predicted_name and, for the logits, logit_names. The lines of other tasks hold names: a multi-label task's classes with
their probabilities, the words and tags of a tagging task, the answers to questions. If the file's name ends in .json, answers are
written in the format of SQuAD's scripts, {id: answer}.

--runtime onnx computes in ONNX Runtime what export --onnx writes, and onnx-int8 what export --onnx --int8 writes. With onnx-int8 what
enters a map is rounded over the range of its batch, so an example's logits change a little with --batch.

--pooling judges a model's sentence embeddings instead, which need no head: both texts of a pair become vectors, whose cosine is
correlated with the target (Spearman), as sentence-transformers does with STS-B.`,
		Example: `  bertlab eval --model movies
  bertlab eval --model DIR --task sst2 --data dev.tsv --mask-heads "0:3,5;2:1" --json
  bertlab eval --model all-MiniLM-L6-v2 --task stsb --pooling mean
  bertlab eval --model DIR --task squad --data dev-v1.1.json --predictions answers.json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if pooling != "" {
				if mask+predictions != "" {
					return call.Wrongf("--pooling judges sentence embeddings: --mask-heads and --predictions do not go with it")
				}
				document, err := a.JudgeEmbedder(command.Context(), a.model, d.take(a), pooling)
				return a.finishKept(document, err, func(w io.Writer) { show.Embedded(w, document) })
			}
			document, err := a.Evaluate(command.Context(), a.model, d.take(a), mask, predictions)
			return a.finishKept(document, err, func(w io.Writer) { show.Evaluated(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar(&mask, "mask-heads", "", `heads to mask, such as "0:3,5;2:1"`)
	flags.StringVar(&predictions, "predictions", "", "file for the predictions, one JSON line per example")
	a.writes(flags, output.Target{Flag: "predictions", Kind: output.File})
	flags.StringVar((*string)(&pooling), "pooling", "", "judge sentence embeddings: cls, mean of the tokens, or own, as the model's 1_Pooling says")
	a.outFile(flags)
	d.addSplit(flags, "dev")
	d.addRuntime(flags)
	d.addDevices(flags)
	d.add(flags)
	return command
}
