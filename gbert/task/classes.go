package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// LabelsDiffer is the error of two lists of class names that cannot be matched.
type LabelsDiffer struct {
	Model, Task []string // the names on either side, by class number
	Side        string   // what has the names Model; empty: the model
	Why         string   // what stands against it, empty where the sets are different
}

func (e *LabelsDiffer) Error() string {
	side := e.Side
	if side == "" {
		side = "the model"
	}
	if len(e.Model) != len(e.Task) {
		return fmt.Sprintf("%s has %d classes, %s, the task %d, %s: they must be the same", side, len(e.Model), list(e.Model), len(e.Task), list(e.Task))
	}
	why := e.Why
	if why == "" {
		why = "they must be the same names, whatever their order and case"
	}
	return fmt.Sprintf("%s's classes are %s, the task's %s: %s; if class numbers mean the same on both sides, say so with Columns.LabelsByNumber",
		side, list(e.Model), list(e.Task), why)
}

// MatchLabels matches the classes of a model with those of a task by their names: output i of the model is class order[i] of the
// task. Equal names go together, then names that differ by case alone, where that leaves no choice. LABEL_i, as transformers
// writes where nobody named the classes, is the class of number i on the other side. Where either list is empty, classes
// have no names and go by number. The lists must match one to one; the error is a [LabelsDiffer].
func MatchLabels(model, task []string) (order []int, err error) {
	if len(model) == 0 || len(task) == 0 {
		return byNumber(max(len(model), len(task))), nil
	}
	differ := &LabelsDiffer{Model: model, Task: task}
	if len(model) != len(task) {
		return nil, differ
	}
	order = make([]int, len(model))
	strangers := false
	for i, name := range model {
		j, several := findName(task, name)
		if _, back := findName(model, name); several || back {
			differ.Why = fmt.Sprintf("%q fits several of them, whatever their case", name)
			return nil, differ
		}
		order[i], strangers = j, strangers || j < 0
	}
	if strangers && (ascending(model) || ascending(task)) {
		return byNumber(len(model)), nil
	}
	for i, j := range order {
		if j < 0 {
			order[i] = numberedLabel(model[i], task, i)
		}
		if order[i] < 0 || slices.Contains(order[:i], order[i]) {
			return nil, differ
		}
	}
	return order, nil
}

// findName gives the place of a name: as written if it is there, else whatever the case. several: there are several of these,
// and j is -1, as where there is none.
func findName(names []string, name string) (j int, several bool) {
	if j := slices.Index(names, name); j >= 0 {
		return j, false
	}
	j = -1
	for i, other := range names {
		if !strings.EqualFold(other, name) {
			continue
		}
		if j >= 0 {
			return -1, true
		}
		j = i
	}
	return j, false
}

// numberedLabel gives the place in task of output i with a name that is not there: that of its number if it is called LABEL_n, else that
// of the class which is called LABEL_i; -1: neither.
func numberedLabel(name string, task []string, i int) int {
	if n, ok := labelNumber(name); ok && n < len(task) {
		return n
	}
	return slices.IndexFunc(task, func(label string) bool { n, ok := labelNumber(label); return ok && n == i })
}

// labelNumber reads LABEL_n.
func labelNumber(name string) (int, bool) {
	const prefix = "LABEL_"
	if len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return 0, false
	}
	n, err := strconv.Atoi(name[len(prefix):])
	return n, err == nil && n >= 0
}

// Unnamed says whether all labels are LABEL_n, or there are none: nobody gave the classes names.
func Unnamed(labels []string) bool {
	return !slices.ContainsFunc(labels, func(label string) bool { _, ok := labelNumber(label); return !ok })
}

// ascending says whether the labels are LABEL_0, LABEL_1, … or another ascending row of numbers, which stands in its place.
func ascending(labels []string) bool {
	last := -1
	for _, label := range labels {
		n, ok := labelNumber(label)
		if !ok || n <= last {
			return false
		}
		last = n
	}
	return true
}

func byNumber(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// InOrder is the data set with the class numbers of a model whose classes have the given names: Task.Labels stand in the model's
// order, with the task's spelling, and every example's class has the number of the model's output. It is the data set itself
// where the order is the same, and where the task has no classes. See [MatchLabels].
//
// Where every class of a custom task was read as a number, and none of its labels is a name of the model's, the labels only name those
// numbers, and the classes go by them.
func (d *Dataset) InOrder(model []string) (*Dataset, error) {
	if !d.Task.Kind.Named() {
		return d, nil
	}
	order, err := MatchLabels(model, d.Task.Labels)
	if err != nil && d.Numbered(model) {
		return d.ByNumber(model)
	}
	if err != nil {
		return nil, fmt.Errorf("task: %s: %w", d.Task.Name, err)
	}
	if len(model) == 0 || slices.IsSorted(order) {
		return d, nil
	}
	number := make([]int, len(order)) // of each of the task's classes with the model
	own := *d.Task
	own.Labels = make([]string, len(order))
	for i, j := range order {
		number[j] = i
		own.Labels[i] = d.Task.Labels[j]
	}
	own.firstIsPositive = number[d.Task.positive()] == 0
	if d.Task.tags != nil {
		own.tags = make([]string, len(order))
		for i, j := range order {
			own.tags[i] = d.Task.tags[j]
		}
	}
	out := d.with(slices.Clone(d.Examples), d.Selection)
	out.Task = &own
	for i := range out.Examples {
		out.Examples[i].renumber(d.Task.Kind, number)
	}
	return out, nil
}

// Numbered says whether the labels only name the numbers in a custom task's file: every class was read as a number, and none of the
// labels is a name of the model's, whatever the case.
func (d *Dataset) Numbered(model []string) bool {
	if d.Task.Name != "custom" || d.Task.Kind != Classification || d.named || len(model) != len(d.Task.Labels) {
		return false
	}
	return !slices.ContainsFunc(d.Task.Labels, func(label string) bool {
		i, several := findName(model, label)
		return i >= 0 || several
	})
}

// renumber gives the classes of an example other numbers. Its detail, which other data sets may share, is copied.
func (e *Example) renumber(kind Kind, number []int) {
	switch {
	case e.Label < 0:
		return
	case kind == Classification:
		e.Label = number[e.Label]
		return
	}
	detail := *e.Detail
	detail.Classes, detail.Tags = slices.Clone(detail.Classes), slices.Clone(detail.Tags)
	for _, list := range [][]int{detail.Classes, detail.Tags} {
		for i, k := range list {
			list[i] = number[k]
		}
	}
	slices.Sort(detail.Classes)
	e.Detail = &detail
}

// ByNumber is the data set with other names for its classes, which keep their numbers: those of a model whose outputs are the task's
// classes one by one, whatever they are called. The number of classes must be the same. The entities of a tagging stay those of the task's
// own tags.
func (d *Dataset) ByNumber(model []string) (*Dataset, error) {
	if !d.Task.Kind.Named() || len(model) == 0 {
		return d, nil
	}
	if len(model) != len(d.Task.Labels) {
		return nil, &LabelsDiffer{Model: model, Task: d.Task.Labels}
	}
	own := *d.Task
	own.Labels = slices.Clone(model)
	if own.Kind == Tagging && own.tags == nil {
		own.tags = d.Task.Labels
	}
	out := *d
	out.Task = &own
	return &out, nil
}

// positive is the class that the F1 of two classes is of.
func (t *Task) positive() int {
	if t.firstIsPositive {
		return 0
	}
	return 1
}
