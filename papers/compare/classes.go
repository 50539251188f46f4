package compare

import (
	"fmt"
	"slices"

	"bertlab/gbert/task"
)

// match finds out which of the task's classes each model's outputs are.
func (w *work) match() error {
	for _, c := range w.list {
		data, err := w.dataFor(c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.entry.Name, err)
		}
		if !data.Task.Kind.Named() {
			continue
		}
		if c.order, err = task.MatchLabels(c.model.Config.Labels, data.Task.Labels); err != nil {
			return fmt.Errorf("%s: %w", c.entry.Name, err)
		}
	}
	return nil
}

// dataFor is the test set with the names that it has for the classes of a model: the task's or, by number, the model's own.
func (w *work) dataFor(c *contender) (*task.Dataset, error) {
	if w.o.LabelsByNumber {
		return w.data.ByNumber(c.model.Config.Labels)
	}
	return w.data, nil
}

// inTaskOrder gives the model's logits [examples, classes] with the task's class numbers.
func (c *contender) inTaskOrder(logits [][]float32) [][]float32 {
	if slices.IsSorted(c.order) {
		return logits
	}
	ordered := make([][]float32, len(logits))
	for i, row := range logits {
		ordered[i] = make([]float32, len(row))
		for j, v := range row {
			ordered[i][c.order[j]] = v
		}
	}
	return ordered
}
