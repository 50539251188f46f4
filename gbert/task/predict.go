package task

import (
	"encoding/json"
	"fmt"
	"io"
)

// Prediction is what a model says about one example.
type Prediction struct {
	Index  int       `json:"index"`            // place in the data set, from 0
	ID     string    `json:"id,omitempty"`     // the example's
	Label  int       `json:"label"`            // class of the largest logit (the first of equals); 0 for a regression
	Value  float64   `json:"value,omitempty"`  // the regression's output
	Logits []float32 `json:"logits,omitempty"` // [Task.Outputs]; none for tagging and spans, which have them for each token

	Classes []int   `json:"classes,omitempty"` // multi-label: the classes whose logit is above 0, ascending
	Tags    []int   `json:"tags,omitempty"`    // tagging: the class of each word
	Answer  string  `json:"answer,omitempty"`  // spans: the answer; empty if there is none
	Score   float64 `json:"score,omitempty"`   // spans: the logits of the answer's first and last token together; without an answer those of [CLS]
}

// Predictions turns the logits of a model, [examples, Task.Outputs], into predictions. A NaN among an example's logits is an
// error: the model is broken, and no class would be the right one.
func Predictions(d *Dataset, logits [][]float32) ([]Prediction, error) {
	if d.Task.Kind == Tagging || d.Task.Kind == Spans {
		return nil, fmt.Errorf("task: %s: the logits of %s are those of tokens, which the data set does not know: use finetune's Prepared.Predictions", d.Task.Name, d.Task.Kind)
	}
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
		switch d.Task.Kind {
		case Regression:
			p.Value = float64(row[0])
		case MultiLabel:
			for j, v := range row {
				if v > 0 {
					p.Classes = append(p.Classes, j)
				}
			}
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
