package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/techniques/heads"
)

// evalDocument is what eval prints. The evaluation's fields are absent when the data have no labels.
type evalDocument struct {
	*finetune.Evaluation
	MaskedHeads string `json:"masked_heads,omitempty"`
	Predictions string `json:"predictions,omitempty"` // the file
	workbench.Provenance
}

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
				return a.evalEmbedder(command.Context(), &d, pooling, mask+predictions)
			}
			document, of, err := a.eval(command.Context(), &d, mask, predictions)
			if err != nil {
				return err
			}
			if err := a.keep(document); err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				if document.Evaluation != nil {
					printMetrics(w, document.Evaluation, of)
				}
				printProvenance(w, document.Provenance)
			})
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
	d.add(flags)
	return command
}

// evalEmbedder judges sentence embeddings; other are the values of flags that do not go with it.
func (a *app) evalEmbedder(ctx context.Context, d *dataFlags, pooling gbert.Pooling, other string) error {
	if other != "" {
		return call.Wrongf("--pooling judges sentence embeddings: --mask-heads and --predictions do not go with it")
	}
	if err := d.fill(a); err != nil {
		return err
	}
	document, err := a.JudgeEmbedder(ctx, a.model, &d.Reading, pooling)
	if err == nil {
		err = a.keep(document)
	}
	if err != nil {
		return err
	}
	return a.print(document, func(w io.Writer) {
		fmt.Fprintf(w, "spearman\t%s\n", document.Spearman.Text("%.4f"))
		fmt.Fprintf(w, "pearson\t%.4f\npairs\t%d\npooling\t%s\n", document.Metrics[task.Pearson], document.Examples, document.Pooling)
		printProvenance(w, document.Provenance)
	})
}

// eval judges the model with heads masked, and writes its predictions to a file if that is named. It also gives the task.
func (a *app) eval(ctx context.Context, d *dataFlags, mask, predictions string) (*evalDocument, *task.Task, error) {
	set, err := heads.ParseSet(mask)
	if err != nil {
		return nil, nil, call.Wrongf("--mask-heads %s: %w", mask, err)
	}
	if len(set) > 0 && d.Runtime != workbench.XLA {
		return nil, nil, call.Wrongf("--mask-heads needs --runtime %s: a graph of ONNX has no mask; remove the heads (bertlab heads prune), and judge what is left", workbench.XLA)
	}
	var headMask gbert.HeadMask
	d.Unjudged = predictions != ""
	b, err := a.openBench(ctx, d, func(m *gbert.Model) (err error) {
		if len(set) == 0 {
			return nil
		}
		if headMask, err = set.Mask(m.Config); err != nil {
			return call.Wrongf("--mask-heads %s: %w", mask, err)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	defer b.Close()
	document := &evalDocument{MaskedHeads: set.String(), Predictions: predictions}
	data := b.Prepared.Dataset
	unlabelled := data.Unlabelled()
	if unlabelled == data.Len() && predictions == "" {
		return nil, nil, fmt.Errorf("%d of the %d examples of %s have no label: there is nothing to judge; --predictions FILE writes what the model says", unlabelled, data.Len(), data.Source)
	}
	logits, err := b.Prepared.Logits(ctx, b.Runner, headMask, a.Meter.Count("evaluating", "examples"))
	if err != nil {
		return nil, nil, err
	}
	if unlabelled < data.Len() {
		if document.Evaluation, err = b.Prepared.JudgeLabelled(logits); err != nil {
			return nil, nil, err
		}
	}
	if predictions != "" {
		said, err := b.Prepared.Predictions(logits)
		if err == nil {
			err = output.Predictions(predictions, b.Data, data, said)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	document.Provenance = b.Stamp()
	return document, data.Task, nil
}
