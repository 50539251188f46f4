package task

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what a task asks for.
type Kind int

// The kinds of tasks.
const (
	Classification Kind = iota // one of Task.Labels
	Regression                 // a number
	MultiLabel                 // any number of Task.Labels
	Tagging                    // one of Task.Labels for each word: token classification
	Spans                      // a part of a text that answers a question: extractive question answering
)

// kinds are the names of the kinds and what each can be measured by.
var kinds = []struct {
	name    string
	metrics []string
}{
	Classification: {"classification", []string{Accuracy, F1, Matthews}},
	Regression:     {"regression", []string{Pearson, Spearman}},
	MultiLabel:     {"multilabel", multiLabelMetrics},
	Tagging:        {"tagging", entityMetrics},
	Spans:          {"spans", openSpanMetrics},
}

// Kinds lists the names of the kinds.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

func (k Kind) known() bool { return k >= 0 && int(k) < len(kinds) }

func (k Kind) String() string {
	if !k.known() {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kinds[k].name
}

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (k *Kind) UnmarshalText(text []byte) error {
	i := slices.Index(Kinds(), string(text))
	if i < 0 {
		return fmt.Errorf("task: no kind of task is called %q: choose one of %s", text, strings.Join(Kinds(), ", "))
	}
	*k = Kind(i)
	return nil
}

// Discrete says whether an example of the kind is either right or wrong, as [Right] has it; a number is only nearer or farther.
func (k Kind) Discrete() bool { return k != Regression }

// Named says whether a task of the kind has class names.
func (k Kind) Named() bool { return k != Regression && k != Spans }

// collects says whether the class names may come from the examples of a file.
func (k Kind) collects() bool { return k == MultiLabel || k == Tagging }

// Own is the task custom of another kind, with the kind's usual metrics.
func Own(k Kind) (*Task, error) {
	t, err := Lookup("custom")
	if err != nil || k == Classification {
		return t, err
	}
	if !k.known() {
		return nil, fmt.Errorf("task: %s: choose one of %s", k, strings.Join(Kinds(), ", "))
	}
	t.Kind, t.Metrics, t.Pair = k, slices.Clone(kinds[k].metrics), k == Spans
	if k == Spans {
		t.Metrics = slices.Clone(spanMetrics)
	}
	return t, nil
}

// Outputs is the number of logits that a model for the task has, for each text or each token: one a class, one for a regression,
// two for spans (the first and the last token).
func (t *Task) Outputs() int {
	switch t.Kind {
	case Regression:
		return 1
	case Spans:
		return 2
	}
	return len(t.Labels)
}

// Check says what is wrong with a task that a caller filled in.
func (t *Task) Check() error {
	switch {
	case t == nil:
		return fmt.Errorf("task: no task given: use Lookup, with one of %s", strings.Join(Names(), ", "))
	case !t.Kind.known():
		return fmt.Errorf("task: %s: %s is not one of %s", t.Name, t.Kind, strings.Join(Kinds(), ", "))
	case t.Kind == Classification && len(t.Labels) < 2:
		return fmt.Errorf("task: %s: a classification needs at least two labels, got %d: name them with Columns.Labels, in the order of the class numbers", t.Name, len(t.Labels))
	case t.Kind.Named() && len(t.Labels) == 0:
		return fmt.Errorf("task: %s: a task of the kind %s needs at least one label: name them with Columns.Labels, in the order of the class numbers", t.Name, t.Kind)
	case !t.Kind.Named() && len(t.Labels) > 0:
		return fmt.Errorf("task: %s: a task of the kind %s has no labels, got %d", t.Name, t.Kind, len(t.Labels))
	}
	for i, l := range t.Labels {
		if slices.Contains(t.Labels[:i], l) {
			return fmt.Errorf("task: %s: label %q is there twice", t.Name, l)
		}
	}
	return t.checkMetrics()
}

func (t *Task) checkMetrics() error {
	for _, m := range t.Metrics {
		if slices.Contains(kinds[t.Kind].metrics, m) {
			continue
		}
		for _, k := range kinds {
			if slices.Contains(k.metrics, m) {
				return fmt.Errorf("task: %s: the metric %s does not fit a %s", t.Name, m, t.Kind)
			}
		}
		return fmt.Errorf("task: %s: no metric is called %q: choose of %s", t.Name, m, strings.Join(kinds[t.Kind].metrics, ", "))
	}
	return nil
}
