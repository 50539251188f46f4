package task

import (
	"encoding/json"
	"fmt"
	"io"
)

// Prediction is what a model says about one example.
type Prediction struct {
	Index  int       `json:"index"`           // place in the data set, from 0
	ID     string    `json:"id,omitempty"`    // the example's
	Label  int       `json:"label"`           // class of the largest logit (the first of equals); 0 for a regression
	Value  float64   `json:"value,omitempty"` // the regression's output
	Logits []float32 `json:"logits"`          // [Task.Outputs]
}

// Predictions turns the logits of a model, [examples, Task.Outputs], into predictions. A NaN among an example's logits is an
// error: the model is broken, and no class would be the right one.
func Predictions(d *Dataset, logits [][]float32) ([]Prediction, error) {
	if len(logits) != d.Len() {
		return nil, fmt.Errorf("task: %s: %d rows of logits for %d examples", d.Task.Name, len(logits), d.Len())
	}
	predictions := make([]Prediction, len(logits))
	for i, row := range logits {
		if len(row) != d.Task.Outputs() {
			return nil, fmt.Errorf("task: %s: example %d has %d logits, the task asks for %d", d.Task.Name, i, len(row), d.Task.Outputs())
		}
		p := Prediction{Index: i, ID: d.Examples[i].ID, Logits: row}
		for j, v := range row {
			if v != v {
				return nil, fmt.Errorf("task: %s: logit %d of example %d is NaN", d.Task.Name, j, i)
			}
			if v > row[p.Label] {
				p.Label = j
			}
		}
		if d.Task.Kind == Regression {
			p.Value = float64(row[0])
		}
		predictions[i] = p
	}
	return predictions, nil
}

// WritePredictions writes one JSON object a line.
func WritePredictions(w io.Writer, predictions []Prediction) error {
	enc := json.NewEncoder(w)
	for _, p := range predictions {
		if err := enc.Encode(p); err != nil {
			return fmt.Errorf("task: prediction %d: %w", p.Index, err)
		}
	}
	return nil
}
