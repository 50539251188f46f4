package finetune

import (
	"slices"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// Stepper takes optimizer steps with one and the same batch, for those who time training: a step of [Train] with nothing beside it.
type Stepper struct {
	run   *run
	batch *gbert.Batch
}

// NewStepper chooses the batch of median length among those of the first epoch that [Train] would begin with. Two models with the same
// tokenizer get the same batch. The model itself is not changed. The first step compiles.
func NewStepper(backend compute.Backend, model *gbert.Model, train *task.Dataset, o Options) (*Stepper, error) {
	r, err := newRun(backend, model, train, nil, o)
	if err != nil {
		return nil, err
	}
	order := epochOrder(r.read.Encodings, r.options, 0)
	if full := len(r.read.Encodings) / r.options.BatchSize; full > 0 {
		order = slices.DeleteFunc(order, func(index []int) bool { return len(index) < r.options.BatchSize })
	}
	batches := make([]*gbert.Batch, len(order))
	for i, index := range order {
		if batches[i], err = r.batch(index); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(batches, func(a, b *gbert.Batch) int { return a.Length - b.Length })
	if r.stepper, err = newStepper(backend, model, r.options); err != nil {
		return nil, err
	}
	return &Stepper{r, batches[len(batches)/2]}, nil
}

// Step does the run's first step once more, with the weights as the steps before have left them.
func (s *Stepper) Step() error {
	_, err := s.run.stepper.step(s.run.read, s.batch, s.run.scalars())
	return err
}

// Shape is the batch's number of rows and of tokens in each, with padding.
func (s *Stepper) Shape() (rows, tokens int) { return s.batch.Rows, s.batch.Length }

// Close frees the weights and moments.
func (s *Stepper) Close() { s.run.stepper.close() }
