package task

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// wordsOf gives the words of a text to be tagged.
func wordsOf(c cell) ([]string, error) {
	elements, ok := c.list()
	if !ok {
		return nil, errors.New("a list of texts was expected")
	}
	if len(elements) == 0 {
		return nil, errors.New("there are none")
	}
	words := make([]string, len(elements))
	for i, e := range elements {
		if e.kind != text {
			return nil, fmt.Errorf("word %d is not a text", i+1)
		}
		words[i] = e.text
	}
	return words, nil
}

// detail reads what is right for an example of a kind that has more than one class or number; Label becomes 0 if it is known.
func (r *reader) detail(rec record, e *Example) (err error) {
	l := r.layout
	if e.Detail == nil {
		e.Detail = &Detail{}
	}
	unknown, said := l.label < 0 && l.vector == nil, false
	switch {
	case l.vector != nil:
		unknown, said = l.unknown(rec)
	case !unknown:
		unknown = isNothing(rec.cells[l.label])
	}
	if unknown {
		if (l.label >= 0 || l.vector != nil) && !r.columns.Unlabelled && !said {
			return errors.New("has no label: give it one; data without labels are read with Columns.Unlabelled")
		}
		return nil
	}
	switch r.task.Kind {
	case MultiLabel:
		if l.vector != nil {
			e.Detail.Classes, err = r.indicated(rec)
		} else {
			e.Detail.Classes, err = r.set(rec.cells[l.label])
		}
	case Tagging:
		e.Detail.Tags, err = r.tagsOf(rec.cells[l.label], len(e.Detail.Words))
	case Spans:
		err = r.answersOf(rec, e)
	}
	if err == nil && e.Label < 0 && !(r.task.Kind == Spans && e.Detail.Answers == nil && !r.task.Answers.None) {
		e.Label = 0
	}
	return err
}

// unknown says whether 0/1 columns hold nothing, or −1 in all of them, which says that nobody knows the labels, as in the test set of
// the Jigsaw comments; said is true of the latter.
func (l *layout) unknown(rec record) (unknown, said bool) {
	empty, minus := 0, 0
	for _, column := range l.vector {
		c := rec.cells[column]
		if isNothing(c) {
			empty++
		} else if v, err := strconv.ParseFloat(strings.TrimSpace(c.text), 64); err == nil && v == -1 {
			minus++
		}
	}
	return empty == len(l.vector) || minus == len(l.vector), minus == len(l.vector)
}

// isNothing says whether a cell is not there, null or blank.
func isNothing(c cell) bool {
	return c.kind == missing || c.kind == null || c.kind == text && strings.TrimSpace(c.text) == ""
}

// answersOf reads the answers to a question. In a task whose questions all have one, none are an example without a label.
func (r *reader) answersOf(rec record, e *Example) error {
	texts, ok := rec.cells[r.layout.label].list()
	starts, also := rec.cells[r.layout.starts].list()
	if !ok || !also {
		return errors.New("answers: the lists text and answer_start were expected")
	}
	var err error
	if e.Detail.Answers, err = answers(e.TextB, texts, starts); err != nil {
		return err
	}
	if len(e.Detail.Answers) == 0 && !r.task.Answers.None && !r.columns.Unlabelled {
		return errors.New("has no answer: squad2 is the task in which that is right; data without answers are read with Columns.Unlabelled")
	}
	return nil
}

// tagsOf reads the tags of so many words.
func (r *reader) tagsOf(c cell, words int) ([]int, error) {
	elements, ok := c.list()
	if !ok {
		return nil, errors.New("tags: a list of texts or class numbers was expected")
	}
	if len(elements) != words {
		return nil, fmt.Errorf("has %d words and %d tags", words, len(elements))
	}
	tags := make([]int, words)
	for i, e := range elements {
		var err error
		if tags[i], err = r.class(e); err != nil {
			return nil, fmt.Errorf("word %d: %w", i+1, err)
		}
	}
	return tags, nil
}

// indicated reads 0/1 columns.
func (r *reader) indicated(rec record) ([]int, error) {
	var classes []int
	for k, column := range r.layout.vector {
		there, err := flag(rec.cells[column].text)
		if err != nil {
			return nil, fmt.Errorf("label %s: %w", quote(r.task.Labels[k]), err)
		}
		if there {
			classes = append(classes, k)
		}
	}
	return classes, nil
}

func flag(s string) (bool, error) {
	if v, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil && (v == 0 || v == 1) {
		return v == 1, nil
	}
	return false, fmt.Errorf("%s is neither 0 nor 1", quote(s))
}

// set reads the classes of an example: a list of names or class numbers, a list with a 0 or 1 for each label, or a text of names or
// numbers with commas between them.
func (r *reader) set(c cell) ([]int, error) {
	elements, ok := c.list()
	if !ok {
		if c.kind == nested {
			return nil, errors.New("the labels are neither a list of names nor one of numbers")
		}
		written, err := r.writtenList(c.text)
		if err != nil {
			return nil, err
		}
		if written != nil {
			return r.set(cell{kind: nested, elements: written})
		}
		for part := range strings.SplitSeq(c.text, ",") {
			elements = append(elements, cell{text: strings.TrimSpace(part), kind: c.kind})
		}
	}
	if vector, err := r.isVector(elements); vector || err != nil {
		return indices(elements), err
	}
	classes := make([]int, 0, len(elements))
	for _, e := range elements {
		k, err := r.class(e)
		if err != nil {
			return nil, err
		}
		classes = append(classes, k)
	}
	slices.Sort(classes)
	return slices.Compact(classes), nil
}

// writtenList reads a list that is written as a text, as in a CSV file: JSON's. Those of Python and NumPy are refused, since their parts would
// pass for names. It is nil for a text that is no list.
func (r *reader) writtenList(s string) ([]cell, error) {
	s = strings.TrimSpace(s)
	inner, opened := strings.CutPrefix(s, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed || inner != "" && !strings.ContainsAny(inner, `'",0123456789`) || slices.Contains(r.task.Labels, s) {
		return nil, nil
	}
	elements, ok := cell{kind: nested, raw: []byte(s)}.list()
	if !ok {
		return nil, fmt.Errorf("the labels are the text %s: write names with commas between them, or a list as in JSON, such as [\"a\", \"b\"]", quote(s))
	}
	return append([]cell{}, elements...), nil
}

// isVector says whether a list has a 0 or 1 for each label. A list of two labels, 0 and 1 as whole numbers, could be the numbers of
// both of them as well: that is an error.
func (r *reader) isVector(elements []cell) (bool, error) {
	if len(elements) == 0 || len(elements) != len(r.task.Labels) {
		return false, nil
	}
	whole := true
	for _, e := range elements {
		if _, err := flag(e.text); err != nil || e.kind != number {
			return false, nil
		}
		whole = whole && !strings.Contains(e.text, ".")
	}
	if len(elements) == 2 && whole && elements[0].text != elements[1].text {
		return false, fmt.Errorf("the labels [%s, %s] may be class numbers or a 0 or 1 for each: write names, or 0.0 and 1.0", elements[0].text, elements[1].text)
	}
	return true, nil
}

func indices(elements []cell) []int {
	var classes []int
	for k, e := range elements {
		if there, err := flag(e.text); err == nil && there {
			classes = append(classes, k)
		}
	}
	return classes
}

// class reads a class by its name or number; a name that is not known yet gets a number where the file gives the names.
func (r *reader) class(c cell) (int, error) {
	if r.labels == nil {
		k, err := r.label(c)
		if err == nil && k < 0 {
			err = fmt.Errorf("label %s is not among %s", quote(c.text), r.task.allowed())
		}
		return k, err
	}
	if c.kind == number {
		return 0, fmt.Errorf("the label is the number %s: name the labels with Columns.Labels, in the order of the class numbers", quote(c.text))
	}
	return r.labels.number(c.text)
}

// maxLabels bounds the class names that a file may give.
const maxLabels = 1 << 14

// collected are class names in the order in which a file has them.
type collected struct {
	names   []string
	numbers map[string]int
}

func (c *collected) number(name string) (int, error) {
	n, ok := c.numbers[name]
	if !ok {
		if name == "" {
			return 0, errors.New("a label is empty")
		}
		if n = len(c.names); n == maxLabels {
			return 0, fmt.Errorf("there are more than %d labels", maxLabels)
		}
		c.names, c.numbers[name] = append(c.names, name), n
	}
	return n, nil
}

// name gives the task the class names of the file, sorted as transformers' run_ner does, and the examples their numbers; and a tagging
// whose tags are not those of entities the accuracy as its only metric.
func (r *reader) name() error {
	t := r.task
	if r.labels != nil && len(r.labels.names) > 0 {
		t.Labels = slices.Clone(r.labels.names)
		slices.SortFunc(t.Labels, compareLabels)
		number := make([]int, len(t.Labels))
		for i, name := range t.Labels {
			number[r.labels.numbers[name]] = i
		}
		for i := range r.data.Examples {
			r.data.Examples[i].renumber(t.Kind, number)
		}
	}
	if t.Kind == Tagging && slices.Equal(t.Metrics, entityMetrics) && slices.ContainsFunc(t.Labels, func(l string) bool { return !IsEntityTag(l) }) {
		t.Metrics = []string{Accuracy}
	}
	if len(t.Labels) == 0 {
		return t.forLabels()
	}
	return t.Check()
}

// forLabels is the error of a task whose class names nothing gives.
func (t *Task) forLabels() error {
	if !t.Kind.Named() {
		return nil
	}
	return errors.New("the class names are not known: name them with Columns.Labels, in the order of the class numbers")
}

// compareLabels orders numbers by their size, and before other names.
func compareLabels(a, b string) int {
	x, err := strconv.Atoi(a)
	y, err2 := strconv.Atoi(b)
	switch {
	case err == nil && err2 == nil && x != y:
		return cmp.Compare(x, y)
	case (err == nil) != (err2 == nil):
		return map[bool]int{true: -1, false: 1}[err == nil]
	}
	return strings.Compare(a, b)
}
