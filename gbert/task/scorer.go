package task

import (
	"fmt"
	"slices"

	"bertlab/stats"
)

// Scorer gives a task's metrics on any draw of the examples, such as a bootstrap's; what a prediction is worth is worked out once
// for each example.
type Scorer struct {
	task  *Task
	size  int
	score func(rows []int) Scores
}

// NewScorer compares predictions[i] with gold[i]. All examples must be labelled.
func NewScorer(t *Task, predictions []Prediction, gold []Example) (*Scorer, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if len(predictions) != len(gold) || len(gold) == 0 {
		return nil, fmt.Errorf("task: %s: %d predictions for %d examples: at least one, and as many of either, were expected", t.Name, len(predictions), len(gold))
	}
	for i, e := range gold {
		if e.Label < 0 {
			return nil, fmt.Errorf("task: %s: example %d (id %q) has no label: score Dataset.Labelled only", t.Name, i, e.ID)
		}
	}
	s := &Scorer{task: t, size: len(gold)}
	build := map[Kind]func([]Prediction, []Example) error{
		Classification: s.classes, Regression: s.numbers, MultiLabel: s.sets, Tagging: s.tags, Spans: s.spans,
	}[t.Kind]
	if err := build(predictions, gold); err != nil {
		return nil, err
	}
	return s, nil
}

// Score gives the metrics on the examples of the given indices, of which some may be there more than once.
func (s *Scorer) Score(rows []int) Scores { return s.score(rows) }

// All gives the metrics on all examples.
func (s *Scorer) All() Scores {
	rows := make([]int, s.size)
	for i := range rows {
		rows[i] = i
	}
	return s.score(rows)
}

// Score gives the task's metrics of predictions[i] against gold[i]. All examples must be labelled.
func Score(t *Task, predictions []Prediction, gold []Example) (Scores, error) {
	s, err := NewScorer(t, predictions, gold)
	if err != nil {
		return nil, err
	}
	return s.All(), nil
}

func (s *Scorer) numbers(predictions []Prediction, gold []Example) error {
	s.score = func(rows []int) Scores {
		x, y := make([]float64, len(rows)), make([]float64, len(rows))
		for i, row := range rows {
			x[i], y[i] = predictions[row].Value, gold[row].Value
		}
		return s.task.scores(func(metric string) float64 {
			if metric == Spearman {
				return stats.Spearman(x, y)
			}
			return stats.Pearson(x, y)
		})
	}
	return nil
}

func (s *Scorer) classes(predictions []Prediction, gold []Example) error {
	predicted, want := make([]int, len(gold)), make([]int, len(gold))
	for i := range gold {
		predicted[i], want[i] = predictions[i].Label, gold[i].Label
	}
	if _, err := NewConfusion(len(s.task.Labels), want, predicted); err != nil {
		return err
	}
	s.score = func(rows []int) Scores {
		c := make(Confusion, len(s.task.Labels))
		for i := range c {
			c[i] = make([]int, len(c))
		}
		for _, row := range rows {
			c[want[row]][predicted[row]]++
		}
		return s.task.scores(func(metric string) float64 {
			switch metric {
			case F1:
				return c.f1(s.task.positive())
			case Matthews:
				return c.Matthews()
			}
			return c.Accuracy()
		})
	}
	return nil
}

func (t *Task) scores(value func(metric string) float64) Scores {
	s := Scores{}
	for _, m := range t.Metrics {
		s[m] = value(m)
	}
	return s
}

// share is a/b, 0 where b is, as in scikit-learn and seqeval.
func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// detail is the detail of an example, which a scorer of the kind needs.
func (t *Task) detail(i int, e *Example) (*Detail, error) {
	if e.Detail == nil {
		return nil, fmt.Errorf("task: %s: example %d (id %q) has no Detail, which the kind %s needs", t.Name, i, e.ID, t.Kind)
	}
	return e.Detail, nil
}

// Right says for each example whether it was predicted as it is: its class; all of its classes and no other; the tags of all its
// words; an answer that counts as exactly one of the right ones, or none where there is none. A number
// is neither right nor wrong: a regression is an error.
func Right(t *Task, predictions []Prediction, gold []Example) (stats.Answers, error) {
	if !t.Kind.Discrete() {
		return nil, fmt.Errorf("task: %s: the predictions of a %s are neither right nor wrong", t.Name, t.Kind)
	}
	if len(predictions) != len(gold) {
		return nil, fmt.Errorf("task: %d predictions for %d examples", len(predictions), len(gold))
	}
	right := make(stats.Answers, len(gold))
	for i := range gold {
		if gold[i].Label < 0 {
			return nil, fmt.Errorf("task: example %d has no label", i)
		}
		if t.Kind == Classification {
			right[i] = predictions[i].Label == gold[i].Label
			continue
		}
		detail, err := t.detail(i, &gold[i])
		if err != nil {
			return nil, err
		}
		switch t.Kind {
		case MultiLabel:
			right[i] = slices.Equal(predictions[i].Classes, detail.Classes)
		case Tagging:
			right[i] = slices.Equal(predictions[i].Tags, detail.Tags)
		case Spans:
			exact, _ := t.Answers.judge(predictions[i].Answer, detail.Answers)
			right[i] = exact == 1
		}
	}
	return right, nil
}
