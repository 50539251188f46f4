package workbench

import (
	"context"
	"fmt"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/techniques/heads"
)

// Evaluated says how a model does on data. The evaluation's fields are absent when the data have no labels.
type Evaluated struct {
	*finetune.Evaluation
	MaskedHeads string `json:"masked_heads,omitempty"`
	Predictions string `json:"predictions,omitempty"` // the file
	Provenance

	Task *task.Task `json:"-"` // with the classes of the data
}

// Evaluate judges a model, by its name or folder, on data. mask names heads that are masked, as --mask-heads does; predictions names a
// file for what the model says of each example.
func (t *Tools) Evaluate(ctx context.Context, name string, r *Reading, mask, predictions string) (*Evaluated, error) {
	set, err := heads.ParseSet(mask)
	if err != nil {
		return nil, call.Wrongf("--mask-heads %s: %w", mask, err)
	}
	if len(set) > 0 && r.Runtime != XLA {
		return nil, call.Wrongf("--mask-heads needs --runtime %s: a graph of ONNX has no mask; remove the heads (bertlab heads prune), and judge what is left", XLA)
	}
	var headMask gbert.HeadMask
	r.Unjudged = predictions != ""
	b, err := t.Open(ctx, name, r, func(m *gbert.Model) (err error) {
		if len(set) == 0 {
			return nil
		}
		if headMask, err = set.Mask(m.Config); err != nil {
			return call.Wrongf("--mask-heads %s: %w", mask, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	defer b.Close()
	data := b.Prepared.Dataset
	done := &Evaluated{MaskedHeads: set.String(), Predictions: predictions, Task: data.Task}
	unlabelled := data.Unlabelled()
	if unlabelled == data.Len() && predictions == "" {
		return nil, fmt.Errorf("%d of the %d examples of %s have no label: there is nothing to judge; --predictions FILE writes what the model says", unlabelled, data.Len(), data.Source)
	}
	logits, err := b.Prepared.Logits(ctx, b.Runner, headMask, t.Meter.Count("evaluating", "examples"))
	if err != nil {
		return nil, err
	}
	if unlabelled < data.Len() {
		if done.Evaluation, err = b.Prepared.JudgeLabelled(logits); err != nil {
			return nil, err
		}
	}
	if predictions != "" {
		said, err := b.Prepared.Predictions(logits)
		if err == nil {
			err = output.Predictions(predictions, b.Data, data, said)
		}
		if err != nil {
			return nil, err
		}
	}
	done.Provenance = b.Stamp()
	return done, nil
}
