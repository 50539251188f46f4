package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/gbert/task"
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

// writePredictions writes what a model says of the examples of d. judged is d with the model's class numbers, see [task.Dataset.InOrder].
// The answers to questions are written as SQuAD's scripts read them where the file's name ends in .json: {id: answer}.
func writePredictions(path string, d, judged *task.Dataset, predictions []task.Prediction) error {
	if d.Task.Kind == task.Spans && strings.EqualFold(filepath.Ext(path), ".json") {
		return writeAnswers(path, predictions)
	}
	order, err := task.MatchLabels(judged.Task.Labels, d.Task.Labels)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for i, p := range predictions {
		var line any
		switch d.Task.Kind {
		case task.Classification, task.Regression:
			line = plainLine(d, judged, i, p, order)
		default:
			line = detailOf(judged, i, p)
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return writeFile(path, text.Bytes())
}

// plainLine is the line of a class or a number. order gives for each of the model's classes the task's.
func plainLine(d, judged *task.Dataset, i int, p task.Prediction, order []int) predictionLine {
	line := predictionLine{Index: p.Index, ID: p.ID, Logits: p.Logits}
	if d.Task.Kind == task.Regression {
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
		if d.Task.Kind == task.Regression {
			line.Label = example.Value
		}
	}
	return line
}

// detailOf is the line of an example of the other kinds, with names for classes.
func detailOf(d *task.Dataset, i int, p task.Prediction) detailLine {
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
	case task.MultiLabel:
		line.Predicted, line.Probabilities = names(p.Classes), map[string]float64{}
		for k, z := range p.Logits {
			line.Probabilities[d.Task.Labels[k]] = 1 / (1 + math.Exp(-float64(z)))
		}
		if known {
			line.Label = names(example.Detail.Classes)
		}
	case task.Tagging:
		line.Words, line.Predicted = example.Detail.Words, names(p.Tags)
		if known {
			line.Label = names(example.Detail.Tags)
		}
	case task.Spans:
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

// writeAnswers writes the answers by the questions' ids, in their order.
func writeAnswers(path string, predictions []task.Prediction) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	seen := map[string]bool{}
	for i, p := range predictions {
		if seen[p.ID] {
			return fmt.Errorf("two questions have the id %q: their answers cannot be told apart in %s; a file of another name gets one line a question", p.ID, path)
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
	return writeFile(path, text.Bytes())
}
