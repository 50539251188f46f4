package finetune

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// Evaluation is how a model does on a data set.
type Evaluation struct {
	// Examples is the number of examples.
	Examples int `json:"examples"`
	// Loss is the mean of the examples' losses: cross entropies in nats, or squared errors for a regression. See [Prepared.Losses].
	Loss float64 `json:"loss"`
	// Metrics are the task's metrics by name.
	Metrics task.Scores `json:"metrics"`
	// Losses are the examples' own losses.
	Losses []float64 `json:"-"`
	// Predictions are the examples' own predictions.
	Predictions []task.Prediction `json:"-"`
}

// Evaluate runs the session's model over the data set. mask is ξ (see gbert's HeadMask); nil keeps every head. progress, if
// not nil, is told how many examples are done.
func (p *Prepared) Evaluate(ctx context.Context, s *gbert.Session, mask gbert.HeadMask, progress func(done, total int)) (*Evaluation, error) {
	if err := checkLabels(s.Model(), p.Dataset); err != nil {
		return nil, err
	}
	logits, err := p.Logits(ctx, s, mask, progress)
	if err != nil {
		return nil, err
	}
	return p.Judge(logits)
}

// A Runner computes the logits of a model's batches: a [gbert.Session], or one of another runtime.
type Runner interface {
	// BatchLogits are the logits of a batch's real rows, see [gbert.Session.BatchLogits]. mask is ξ; nil keeps every head.
	BatchLogits(batch *gbert.Batch, mask gbert.HeadMask) ([][]float32, error)
}

// Logits runs a model over the data set and returns the logits of each of Encodings: of each example, or with a head of
// tokens those of a window's tokens, one after another ([gbert.Session.BatchLogits]). The examples need no labels.
func (p *Prepared) Logits(ctx context.Context, s Runner, mask gbert.HeadMask, progress func(done, total int)) ([][]float32, error) {
	logits := make([][]float32, len(p.Encodings))
	done := 0
	for _, batch := range p.Batches {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, err := s.BatchLogits(batch, mask)
		if err != nil {
			return nil, err
		}
		for row, example := range batch.Index {
			logits[example] = rows[row]
		}
		done += len(batch.Index)
		if progress != nil {
			progress(done, len(p.Encodings))
		}
	}
	return logits, nil
}

// BatchAlone are the inputs, for [Each], of a program that reads nothing but the batch.
func BatchAlone(b *gbert.Batch) gbert.BatchOf[*tensors.Tensor] { return b.Tensors().BatchOf }

// Each runs a program of a session of config's model over the data set and hands use each batch with the values of the program's first
// output, float32. inputs makes the program's inputs from a batch; Each frees them. The rows after the batch's examples are padding.
// progress, if not nil, is told how many examples are done.
func Each[In any](ctx context.Context, p *Prepared, config *gbert.Config, program *gbert.Program[In], inputs func(b *gbert.Batch) In, progress func(done, total int), use func(b *gbert.Batch, values []float32)) error {
	done := 0
	for _, batch := range p.Batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := batch.Check(config); err != nil {
			return err
		}
		results, err := program.Consume(inputs(batch))
		if err != nil {
			return err
		}
		values, err := results.Values(0)
		results.Close()
		if err != nil {
			return fmt.Errorf("finetune: %w", err)
		}
		use(batch, values)
		done += len(batch.Index)
		if progress != nil {
			progress(done, len(p.Encodings))
		}
	}
	return nil
}
