package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

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
	provenance
}

func (a *app) evalCommand() *cobra.Command {
	var d dataFlags
	var mask, predictions string
	command := &cobra.Command{
		Use:   "eval",
		Short: "Judge a model on data",
		Long: `Judge a model on data: the task's metrics and the mean cross entropy (for a regression the mean squared error).

--mask-heads takes attention heads out of the forward pass, "layer:heads;…", counted from 0. --predictions writes one JSON
line an example: index, id, label (the right one; null if unknown), predicted, logits. With it, data without labels do too. Class
numbers are the task's; the logits are in the model's order. Where that is another order, each line has names as well: label_name,
predicted_name, and logit_names of the logits.`,
		Example: `  bertlab eval --model movies
  bertlab eval --model DIR --task sst2 --data dev.tsv --mask-heads "0:3,5;2:1" --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			ctx := command.Context()
			set, err := heads.ParseSet(mask)
			if err != nil {
				return wrongCall{err}
			}
			var headMask gbert.HeadMask
			d.unjudged = predictions != ""
			b, err := a.openBench(ctx, &d, func(m *gbert.Model) error {
				if len(set) == 0 {
					return nil
				}
				var err error
				if headMask, err = set.Mask(m.Config); err != nil {
					return wrongCall{err}
				}
				return nil
			})
			if err != nil {
				return err
			}
			defer b.Close()
			document := evalDocument{MaskedHeads: set.String(), Predictions: predictions}
			data := b.prepared.Dataset
			if n := data.Unlabelled(); n == data.Len() && predictions == "" {
				return fmt.Errorf("%d of the %d examples of %s have no label: there is nothing to judge; --predictions FILE writes what the model says", n, data.Len(), data.Source)
			}
			logits, err := b.prepared.Logits(ctx, b.session, headMask, a.meter.Count("evaluating", "examples"))
			if err != nil {
				return err
			}
			switch data.Unlabelled() {
			case 0:
				document.Evaluation, err = b.prepared.Judge(logits)
			case data.Len():
			default:
				document.Evaluation, err = judgeLabelled(data, logits)
			}
			if err != nil {
				return err
			}
			if predictions != "" {
				if err := writePredictions(predictions, b.Data, data, logits); err != nil {
					return err
				}
			}
			document.provenance = b.stamp()
			if err := a.keep(document); err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				if document.Evaluation != nil {
					printMetrics(w, document.Evaluation, data.Task)
				}
				printProvenance(w, document.provenance)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&mask, "mask-heads", "", `heads to mask, such as "0:3,5;2:1"`)
	flags.StringVar(&predictions, "predictions", "", "file for the predictions, one JSON line an example")
	d.addSplit(flags)
	d.add(flags)
	return command
}

// judgeLabelled judges the logits of those examples that have a label.
func judgeLabelled(data *task.Dataset, logits [][]float32) (*finetune.Evaluation, error) {
	judged := &finetune.Prepared{Dataset: data.Labelled()}
	var rows [][]float32
	for i, e := range data.Examples {
		if e.Label >= 0 {
			rows = append(rows, logits[i])
		}
	}
	return judged.Judge(rows)
}

// predictionLine is one line of the file of predictions.
type predictionLine struct {
	Index     int       `json:"index"`
	ID        string    `json:"id,omitempty"`
	Label     any       `json:"label"`     // the task's class number or target; null if unknown
	Predicted any       `json:"predicted"` // the task's class number or value
	Logits    []float32 `json:"logits"`    // in the model's order

	// Where the model has the task's classes in another order, their names.
	LabelName     string   `json:"label_name,omitempty"`
	PredictedName string   `json:"predicted_name,omitempty"`
	LogitNames    []string `json:"logit_names,omitempty"`
}

// writePredictions writes the logits of the examples of d. judged is d with the model's class numbers, see [task.Dataset.InOrder].
func writePredictions(path string, d, judged *task.Dataset, logits [][]float32) error {
	predictions, err := task.Predictions(judged, logits)
	if err != nil {
		return err
	}
	order, err := task.MatchLabels(judged.Task.Labels, d.Task.Labels)
	if err != nil {
		return err
	}
	named := !slices.IsSorted(order)
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for i, p := range predictions {
		line := predictionLine{Index: p.Index, ID: p.ID, Logits: p.Logits}
		if d.Task.Kind == task.Regression {
			line.Predicted = p.Value
		} else {
			line.Predicted = order[p.Label]
		}
		if named {
			line.PredictedName, line.LogitNames = judged.Task.Labels[p.Label], judged.Task.Labels
			if label := judged.Examples[i].Label; label >= 0 {
				line.LabelName = judged.Task.Labels[label]
			}
		}
		if example := d.Examples[i]; example.Label >= 0 {
			line.Label = example.Label
			if d.Task.Kind == task.Regression {
				line.Label = example.Value
			}
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return writeFile(path, text.Bytes())
}
