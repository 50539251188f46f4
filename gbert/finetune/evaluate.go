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
// tokens those of a window's tokens, one after another ([gbert.Session.BatchLogits]). The examples need no labels. A session's devices
// share the batches.
func (p *Prepared) Logits(ctx context.Context, s Runner, mask gbert.HeadMask, progress func(done, total int)) ([][]float32, error) {
	logits := make([][]float32, len(p.Encodings))
	count := p.counter(progress)
	err := Deal(ctx, onDevices(s), len(p.Batches), func(on Runner, i int) error {
		batch := p.Batches[i]
		rows, err := on.BatchLogits(batch, mask)
		if err != nil {
			return err
		}
		for row, example := range batch.Index {
			logits[example] = rows[row]
		}
		count.done(i, nil)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return logits, nil
}

// onDevices are a session's devices as what computes batches, or that which computes them by itself.
func onDevices[T any](s T) []T {
	session, ok := any(s).(*gbert.Session)
	if !ok {
		return []T{s}
	}
	var list []T
	for _, on := range session.Devices() {
		list = append(list, any(on).(T))
	}
	return list
}

// counter tells progress, if it is not nil, how many examples are done.
func (p *Prepared) counter(progress func(done, total int)) *ordered[[]float32] {
	return p.inTurn(progress, func(*gbert.Batch, []float32) {})
}

// inTurn uses what came of the batches, one after another, and tells progress how many examples are done.
func (p *Prepared) inTurn(progress func(done, total int), use func(b *gbert.Batch, values []float32)) *ordered[[]float32] {
	done := 0
	return newOrdered(func(i int, values []float32) {
		use(p.Batches[i], values)
		done += len(p.Batches[i].Index)
		if progress != nil {
			progress(done, len(p.Encodings))
		}
	})
}

// BatchAlone are the inputs, for [Each], of a program that reads nothing but the batch.
func BatchAlone(b *gbert.Batch) gbert.BatchOf[*tensors.Tensor] { return b.Tensors().BatchOf }

// Each runs a program of a session of config's model over the data set and hands use each batch with the values of the program's first
// output, float32. inputs makes the program's inputs from a batch; Each frees them. The rows after the batch's examples are padding.
// The program's devices share the batches; use gets them one at a time, in their order.
// progress, if not nil, is told how many examples are done.
func Each[In any](ctx context.Context, p *Prepared, config *gbert.Config, program *gbert.Program[In], inputs func(b *gbert.Batch) In, progress func(done, total int), use func(b *gbert.Batch, values []float32)) error {
	turn := p.inTurn(progress, use)
	return Deal(ctx, program.Devices(), len(p.Batches), func(on *gbert.Program[In], i int) error {
		batch := p.Batches[i]
		if err := batch.Check(config); err != nil {
			return err
		}
		results, err := on.Consume(inputs(batch))
		if err != nil {
			return err
		}
		values, err := results.Values(0)
		results.Close()
		if err != nil {
			return fmt.Errorf("finetune: %w", err)
		}
		turn.done(i, values)
		return nil
	})
}
