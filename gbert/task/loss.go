package task

import (
	"fmt"
	"math"
)

// CrossEntropies gives −log softmax(logits[i])[labels[i]] of each example, in float64 and without overflow:
// log Σ exp(z_k − max z) + max z − z_label. logits is [examples, classes].
func CrossEntropies(logits [][]float32, labels []int) ([]float64, error) {
	if len(logits) != len(labels) {
		return nil, fmt.Errorf("task: %d rows of logits and %d labels", len(logits), len(labels))
	}
	losses := make([]float64, len(labels))
	for i, row := range logits {
		if labels[i] < 0 || labels[i] >= len(row) {
			return nil, fmt.Errorf("task: example %d has the label %d and %d logits", i, labels[i], len(row))
		}
		largest := math.Inf(-1)
		for _, z := range row {
			largest = max(largest, float64(z))
		}
		if math.IsInf(largest, 0) {
			losses[i] = math.NaN() // infinities on their own have no softmax
			continue
		}
		sum := 0.0
		for _, z := range row {
			sum += math.Exp(float64(z) - largest)
		}
		losses[i] = math.Log(sum) + largest - float64(row[labels[i]])
	}
	return losses, nil
}

// CrossEntropy is the mean of [CrossEntropies]: what transformers reports as the loss of a classification.
func CrossEntropy(logits [][]float32, labels []int) (float64, error) {
	losses, err := CrossEntropies(logits, labels)
	if err != nil {
		return 0, err
	}
	if len(losses) == 0 {
		return 0, fmt.Errorf("task: the mean loss of no examples")
	}
	return mean(losses), nil
}

// BinaryCrossEntropies gives the mean over the labels of −log σ(z) of those that an example has and −log(1−σ(z)) of the others:
// max(z, 0) − z·y + log(1 + exp(−|z|)) in float64. logits is [examples, labels], classes the numbers of each example's labels.
func BinaryCrossEntropies(logits [][]float32, classes [][]int) ([]float64, error) {
	if len(logits) != len(classes) {
		return nil, fmt.Errorf("task: %d rows of logits and %d sets of labels", len(logits), len(classes))
	}
	losses := make([]float64, len(classes))
	for i, row := range logits {
		sum := 0.0
		for _, v := range row {
			z := float64(v)
			sum += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))
		}
		for _, k := range classes[i] {
			if k < 0 || k >= len(row) {
				return nil, fmt.Errorf("task: example %d has the label %d and %d logits", i, k, len(row))
			}
			sum -= float64(row[k])
		}
		losses[i] = sum / float64(len(row))
	}
	return losses, nil
}

// Losses gives the loss of each example as transformers' sequence classification has it: cross entropy; (v − target)² for a
// regression; the mean binary cross entropy of the labels for a multi-label task. All examples must be labelled.
func Losses(t *Task, predictions []Prediction, gold []Example) ([]float64, error) {
	if len(predictions) != len(gold) {
		return nil, fmt.Errorf("task: %s: %d predictions for %d examples", t.Name, len(predictions), len(gold))
	}
	switch t.Kind {
	case Classification:
		logits, labels := make([][]float32, len(gold)), make([]int, len(gold))
		for i := range gold {
			logits[i], labels[i] = predictions[i].Logits, gold[i].Label
		}
		return CrossEntropies(logits, labels)
	case MultiLabel:
		logits, classes := make([][]float32, len(gold)), make([][]int, len(gold))
		for i := range gold {
			d, err := t.detail(i, &gold[i])
			if err != nil {
				return nil, err
			}
			logits[i], classes[i] = predictions[i].Logits, d.Classes
		}
		return BinaryCrossEntropies(logits, classes)
	case Tagging, Spans:
		return nil, fmt.Errorf("task: %s: the losses of %s are those of tokens: use finetune's Prepared.Judge", t.Name, t.Kind)
	}
	losses := make([]float64, len(gold))
	for i := range gold {
		if gold[i].Label < 0 {
			return nil, fmt.Errorf("task: %s: example %d has no target", t.Name, i)
		}
		d := predictions[i].Value - gold[i].Value
		losses[i] = d * d
	}
	return losses, nil
}

// Loss is the mean of [Losses].
func Loss(t *Task, predictions []Prediction, gold []Example) (float64, error) {
	losses, err := Losses(t, predictions, gold)
	if err != nil {
		return 0, err
	}
	if len(losses) == 0 {
		return 0, fmt.Errorf("task: %s: the mean loss of no examples", t.Name)
	}
	return mean(losses), nil
}

// mean adds from the first to the last, so that a loss has the same digits on every machine; gonum's sums do not.
func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
