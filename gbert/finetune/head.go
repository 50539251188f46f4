package finetune

import (
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// HeadFor is the head that a task of a kind needs.
func HeadFor(k task.Kind) gbert.Head {
	switch k {
	case task.Tagging:
		return gbert.TokenHead
	case task.Spans:
		return gbert.SpanHead
	}
	return gbert.SequenceHead
}

// KindOf is the kind of tasks that a model's head is for.
func KindOf(m *gbert.Model) task.Kind {
	switch {
	case m.Head() == gbert.TokenHead:
		return task.Tagging
	case m.Head() == gbert.SpanHead:
		return task.Spans
	case m.Config.ProblemType == gbert.MultiLabel:
		return task.MultiLabel
	case m.NumLabels() == 1:
		return task.Regression
	}
	return task.Classification
}

// LabelsOf are the names of a model's classes, LABEL_i where it has none.
func LabelsOf(m *gbert.Model) []string {
	if len(m.Config.Labels) > 0 {
		return m.Config.Labels
	}
	var names []string
	for i := range m.NumLabels() {
		names = append(names, fmt.Sprintf("LABEL_%d", i))
	}
	return names
}

// FreshHead returns the model with a fresh head for a task in place of any head it has.
func FreshHead(model *gbert.Model, t *task.Task, seed uint64) (*gbert.Model, error) {
	switch t.Kind {
	case task.Tagging:
		return model.WithTokenClassifier(t.Labels, seed)
	case task.Spans:
		return model.WithSpanHead(seed)
	}
	fresh, err := model.WithClassifier(t.Outputs(), t.Labels, seed)
	if err == nil && t.Kind == task.MultiLabel {
		fresh.Config.ProblemType = gbert.MultiLabel
	}
	return fresh, err
}

// CheckHead reports a head that is not for tasks of this kind.
func CheckHead(model *gbert.Model, t *task.Task) error {
	if model.Outputs() == 0 {
		return fmt.Errorf("finetune: the model has no head that answers a task: it has %s", model.Head())
	}
	if want := HeadFor(t.Kind); model.Head() != want {
		return fmt.Errorf("finetune: the model's head is for %s, the task %s (%s) needs one for %s", model.Head(), t.Name, t.Kind, want)
	}
	many := model.Config.ProblemType == gbert.MultiLabel
	switch said := model.Config.ProblemType; {
	case many && t.Kind != task.MultiLabel:
		return fmt.Errorf("finetune: each of the model's outputs says by itself whether a class is there (problem_type %s), in the task %s one class or number is right: take a task of the kind %s", said, t.Name, task.MultiLabel)
	case said == gbert.Regression && t.Kind == task.Classification:
		return fmt.Errorf("finetune: the model's outputs are numbers (problem_type %s), in the task %s one class is right: take another model, or problem_type out of its config.json if it classifies", said, t.Name)
	case !many && said != "" && t.Kind == task.MultiLabel:
		return fmt.Errorf("finetune: the model was made for another kind of task (problem_type %s) than %s (%s)", said, t.Name, t.Kind)
	}
	return nil
}

// CheckLabels reports whether the model's head fits the data set and all examples have a label.
func (p *Prepared) CheckLabels(model *gbert.Model) error { return checkLabels(model, p.Dataset) }

// inOrder is the data set with the class numbers of the model's head, or as it is where they have no names in common: a model that
// is not judged can read any texts.
func inOrder(model *gbert.Model, d *task.Dataset) *task.Dataset {
	if model.Outputs() == 0 {
		return d
	}
	if matched, err := d.InOrder(model.Config.Labels); err == nil {
		return matched
	}
	return d
}

// checkLabels reports examples whose labels the model's head cannot be trained or judged on.
func checkLabels(model *gbert.Model, d *task.Dataset) error {
	if err := CheckHead(model, d.Task); err != nil {
		return err
	}
	if labels, outputs := model.Outputs(), d.Task.Outputs(); labels != outputs {
		names := ""
		if len(model.Config.Labels) > 0 && len(d.Task.Labels) > 0 {
			names = fmt.Sprintf(": the model's classes are %q, the task's %q", model.Config.Labels, d.Task.Labels)
		}
		return fmt.Errorf("finetune: the model's head has %d outputs, the task %s needs %d%s", labels, d.Task.Name, outputs, names)
	}
	if matched, err := d.InOrder(model.Config.Labels); err != nil {
		return fmt.Errorf("finetune: %w", err)
	} else if matched != d {
		return fmt.Errorf("finetune: the model's classes are %q, those of %s %q: bring them into the model's order with Dataset.InOrder", model.Config.Labels, d.Source, d.Task.Labels)
	}
	for i, example := range d.Examples {
		for _, label := range classes(d.Task.Kind, &example) {
			if label >= model.NumLabels() || label < 0 && example.Label >= 0 {
				return fmt.Errorf("finetune: example %d of %s has the label %d; the labels are 0…%d", i, d.Source, label, model.NumLabels()-1)
			}
		}
	}
	if n := d.Unlabelled(); n > 0 {
		return fmt.Errorf("finetune: %d of the %d examples of %s have no label", n, d.Len(), d.Source)
	}
	return nil
}

// classes are the class numbers that an example has.
func classes(k task.Kind, e *task.Example) []int {
	switch {
	case k == task.Classification:
		return []int{e.Label}
	case k.Named() && e.Detail != nil:
		return slices.Concat(e.Detail.Classes, e.Detail.Tags)
	}
	return nil
}
