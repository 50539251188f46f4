package task

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
)

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

// detailLine is one line of the predictions of a task whose answers are more than a class or a number.
type detailLine struct {
	Index     int    `json:"index"`
	ID        string `json:"id,omitempty"`
	Label     any    `json:"label"`     // class names, tags or answers; null if unknown
	Predicted any    `json:"predicted"` // class names, tags or the answer

	Words         []string           `json:"words,omitempty"`         // of a tagging
	Score         *float64           `json:"score,omitempty"`         // of an answer: the logits of its ends together
	Probabilities map[string]float64 `json:"probabilities,omitempty"` // of each class of a multi-label task
}

// Lines gives, for each example of d, what a model says of it, as it stands in a file of predictions: a value for one line of JSON, with
// the task's class numbers, or with names for the kinds that have more than one class. judged is d with the model's class numbers, see
// [Dataset.InOrder].
func Lines(d, judged *Dataset, predictions []Prediction) ([]any, error) {
	order, err := MatchLabels(judged.Task.Labels, d.Task.Labels)
	if err != nil {
		return nil, err
	}
	lines := make([]any, len(predictions))
	for i, p := range predictions {
		switch d.Task.Kind {
		case Classification, Regression:
			lines[i] = plainLine(d, judged, i, p, order)
		default:
			lines[i] = detailOf(judged, i, p)
		}
	}
	return lines, nil
}

// WriteLines writes what [Lines] gives, one JSON object a line.
func WriteLines(w io.Writer, d, judged *Dataset, predictions []Prediction) error {
	lines, err := Lines(d, judged, predictions)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	for _, line := range lines {
		if err := encoder.Encode(line); err != nil {
			return fmt.Errorf("task: %w", err)
		}
	}
	return nil
}

// plainLine is the line of a class or a number. order gives for each of the model's classes the task's.
func plainLine(d, judged *Dataset, i int, p Prediction, order []int) predictionLine {
	line := predictionLine{Index: p.Index, ID: p.ID, Logits: p.Logits}
	if d.Task.Kind == Regression {
		line.Predicted = p.Value
	} else {
		line.Predicted = order[p.Label]
	}
	if !slices.IsSorted(order) {
		line.PredictedName, line.LogitNames = judged.Task.Labels[p.Label], judged.Task.Labels
		if label := judged.Examples[i].Label; label >= 0 {
			line.LabelName = judged.Task.Labels[label]
		}
	}
	if example := d.Examples[i]; example.Label >= 0 {
		line.Label = example.Label
		if d.Task.Kind == Regression {
			line.Label = example.Value
		}
	}
	return line
}

// detailOf is the line of an example of the other kinds, with names for classes.
func detailOf(d *Dataset, i int, p Prediction) detailLine {
	line := detailLine{Index: p.Index, ID: p.ID}
	names := func(numbers []int) []string {
		list := []string{}
		for _, n := range numbers {
			list = append(list, d.Task.Labels[n])
		}
		return list
	}
	example := d.Examples[i]
	known := example.Label >= 0
	switch d.Task.Kind {
	case MultiLabel:
		line.Predicted, line.Probabilities = names(p.Classes), map[string]float64{}
		for k, probability := range d.Task.Probabilities(p.Logits) {
			line.Probabilities[d.Task.Labels[k]] = probability
		}
		if known {
			line.Label = names(example.Detail.Classes)
		}
	case Tagging:
		line.Words, line.Predicted = example.Detail.Words, names(p.Tags)
		if known {
			line.Label = names(example.Detail.Tags)
		}
	case Spans:
		line.Predicted, line.Score = p.Answer, &p.Score
		if known {
			texts := []string{}
			for _, a := range example.Detail.Answers {
				texts = append(texts, a.Text)
			}
			line.Label = texts
		}
	}
	return line
}

// WriteAnswers writes the answers to questions as SQuAD's scripts read them: {id: answer}, in the questions' order.
func WriteAnswers(w io.Writer, predictions []Prediction) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	seen := map[string]bool{}
	for i, p := range predictions {
		if seen[p.ID] {
			return fmt.Errorf("two questions have the id %q: their answers cannot be told apart by ids alone; a file whose name does not end in .json gets one line a question", p.ID)
		}
		seen[p.ID] = true
		text.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		for k, part := range []string{p.ID, p.Answer} {
			if k == 1 {
				text.WriteString(": ")
			}
			if err := encoder.Encode(part); err != nil {
				return err
			}
			text.Truncate(text.Len() - 1) // the encoder's newline
		}
		text.WriteString("\n")
	}
	text.WriteString("}\n")
	_, err := w.Write(text.Bytes())
	return err
}

// Probabilities are those of the classes, by an example's logits: their softmax, or for several labels each one's logistic function. A
// number has none.
func (t *Task) Probabilities(logits []float32) []float64 {
	switch t.Kind {
	case Classification, Tagging:
		return Softmax(logits)
	case MultiLabel:
		probabilities := make([]float64, len(logits))
		for k, z := range logits {
			probabilities[k] = 1 / (1 + math.Exp(-float64(z)))
		}
		return probabilities
	}
	return nil
}

// Softmax are exp(z) / Σ exp(z) in float64.
func Softmax(logits []float32) []float64 {
	most, sum := slices.Max(logits), 0.0
	probabilities := make([]float64, len(logits))
	for k, z := range logits {
		probabilities[k] = math.Exp(float64(z) - float64(most))
		sum += probabilities[k]
	}
	for k := range probabilities {
		probabilities[k] /= sum
	}
	return probabilities
}
