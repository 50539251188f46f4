package task

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// NeutralBelow is the size of a rating below which a sentence of the sentiment sets is neither positive nor negative, and
// left out.
const NeutralBelow = 0.5

// RowError is one malformed row.
type RowError struct {
	File string
	Unit string // "line", or "row" for Parquet
	Line int    // from 1
	Why  string // what was expected and what is there
}

func (e *RowError) Error() string {
	return fmt.Sprintf("task: %s: %s %d: %s", e.File, e.Unit, e.Line, e.Why)
}

// ReadFile reads a TSV, CSV, Parquet or JSONL file as a data set of the task; which of these it is shows in its first bytes
// (.jsonl and .tsv go by their names). The columns are found as [Columns] says.
//
// The whole file is read, whatever its name. A file of the sentiment archive gives all its rows but the neutral ones, without
// a split; Load makes the split.
//
// Errors name the file and the line. Up to five malformed rows are reported at once, as [RowError]s joined.
func ReadFile(t *Task, path string, c Columns) (*Dataset, error) {
	d, _, err := readFile(t, path, c, 0, nil)
	return d, err
}

// readFile reads a file whose rows are numbered from row on, and says how many it has. keep says of each example in turn whether the
// data set has it; nil: all of them.
func readFile(t *Task, path string, c Columns, row int, keep func(e *Example) bool) (*Dataset, int, error) {
	t, err := t.forFile(c)
	if err != nil {
		return nil, 0, err
	}
	s, err := openTable(path, t.Kind)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = s.Close() }() // it was only read
	r := reader{task: t, columns: c, source: s, row: row, keep: keep}
	if t.Kind.collects() && len(t.Labels) == 0 {
		r.labels = &collected{numbers: map[string]int{}}
	}
	d, err := r.read()
	if err != nil {
		return nil, 0, err
	}
	if d.SHA256, err = s.hash(); err != nil {
		return nil, 0, err
	}
	return d, r.row - row, nil
}

// forFile is the task with the user's labels.
func (t *Task) forFile(c Columns) (*Task, error) {
	if t == nil {
		return nil, t.Check()
	}
	own := *t
	if len(c.Labels) > 0 {
		if !own.Kind.Named() {
			return nil, fmt.Errorf("task: %s is a task of the kind %s, which has no classes: leave out Columns.Labels (%s)", own.Name, own.Kind, strings.Join(c.Labels, ", "))
		}
		if len(own.Labels) > 0 && !slices.Equal(own.Labels, c.Labels) {
			return nil, fmt.Errorf("task: %s has its own labels %v: choose the task custom for labels %v", own.Name, own.Labels, c.Labels)
		}
		own.Labels = slices.Clone(c.Labels)
	}
	if own.Name == "custom" && c.Pair != "" {
		own.Pair = true
	}
	if own.Kind.Named() && len(own.Labels) == 0 {
		return &own, nil // they come from the file, or are missed there
	}
	if err := own.Check(); err != nil {
		return nil, err
	}
	return &own, nil
}

// reader turns the rows of one file into examples.
type reader struct {
	task    *Task
	labels  *collected // class names that the file gives; nil where they are known
	order   []int      // of each class number in the file the task's, where the file names its classes; else nil
	columns Columns
	source  *source
	layout  layout

	data    Dataset
	bad     []error
	skipped LeftOut
	neutral LeftOut
	row     int // rows seen, for ids
	found   int // examples, kept or not
	keep    func(e *Example) bool
}

const maxRowErrors = 5

func (r *reader) read() (*Dataset, error) {
	fail := func(err error) (*Dataset, error) { return nil, fmt.Errorf("task: %s: %w", r.source.path, err) }
	first, err := r.source.next()
	if err == io.EOF {
		return fail(errors.New("has no rows: a header line and at least one row were expected"))
	}
	if err != nil {
		return fail(err)
	}
	if first.bad != "" {
		return nil, r.rowError(first, first.bad)
	}
	if r.layout, err = r.task.layout(first, r.source.named(), r.columns); err != nil {
		return fail(err)
	}
	if err := r.nameClasses(); err != nil {
		return fail(err)
	}
	var need []int
	for _, i := range append([]int{r.layout.text, r.layout.pair, r.layout.label, r.layout.starts, r.layout.id}, r.layout.vector...) {
		if i >= 0 && !slices.Contains(need, i) {
			need = append(need, i)
		}
	}
	r.source.need(need)
	r.data = Dataset{Task: r.task, Source: r.source.path}
	if !r.layout.header {
		r.add(first)
	}
	for len(r.bad) < maxRowErrors {
		rec, err := r.source.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.Join(append(r.bad, fmt.Errorf("task: %s: %w", r.source.path, err))...)
		}
		r.add(rec)
	}
	if len(r.bad) > 0 {
		return nil, errors.Join(r.bad...)
	}
	for _, o := range []LeftOut{r.source.blanks(), r.skipped, r.neutral} {
		if o.Rows > 0 {
			r.data.LeftOut = append(r.data.LeftOut, o)
		}
	}
	if r.found == 0 {
		why := "has a header and no rows"
		for _, o := range r.data.LeftOut {
			why += fmt.Sprintf("; %d left out: %s", o.Rows, o.Reason)
		}
		return fail(errors.New(why))
	}
	if err := r.name(); err != nil {
		return fail(err)
	}
	return &r.data, nil
}

// nameClasses takes the names that the file has for its class numbers: they are the task's, or are matched with it.
func (r *reader) nameClasses() error {
	var names []string
	if file, ok := r.source.table.(namer); ok && r.layout.label >= 0 && r.task.Kind.Named() && !r.columns.LabelsByNumber {
		var err error
		if names, err = file.classNames(r.layout.label); err != nil {
			return err
		}
	}
	if len(names) > 0 && len(r.task.Labels) == 0 {
		r.task.Labels, r.labels = slices.Clone(names), nil // the task is the reader's own, see forFile
	}
	if len(r.task.Labels) == 0 && r.task.Kind.collects() {
		return nil
	}
	if err := r.task.Check(); err != nil || len(names) == 0 {
		return err
	}
	order, err := MatchLabels(names, r.task.Labels)
	var differ *LabelsDiffer
	if errors.As(err, &differ) {
		differ.Side = "the file"
	}
	r.order = order
	return err
}

// label reads a class: a number is one of the file's classes where the file names them.
func (r *reader) label(c cell) (int, error) {
	if r.order == nil || c.kind != number {
		class, err := r.task.label(c.text)
		if _, notNumber := strconv.ParseFloat(strings.TrimSpace(c.text), 64); notNumber != nil && class >= 0 {
			r.data.named = true
		}
		return class, err
	}
	r.data.named = true
	v, err := strconv.ParseFloat(c.text, 64)
	if err != nil || v != math.Trunc(v) || v < -1 || v >= float64(len(r.order)) {
		return 0, fmt.Errorf("label %s is not among the file's numbers, 0 to %d", quote(c.text), len(r.order)-1)
	}
	if v < 0 {
		return -1, nil
	}
	return r.order[int(v)], nil
}

func (r *reader) rowError(rec record, why string) *RowError {
	return &RowError{File: r.source.path, Unit: r.source.unit(), Line: rec.line, Why: why}
}

// add takes one row: as an example, as left out, or as malformed.
func (r *reader) add(rec record) {
	row := r.row
	r.row++
	if rec.bad == "" && r.layout.broken && len(rec.cells) < r.layout.columns {
		r.skipped.count(fmt.Sprintf("fewer than %d columns, as a few rows of the official file have", r.layout.columns), rec.line)
		return
	}
	e, neutral, err := r.example(rec, row)
	switch {
	case err == nil && neutral:
		r.neutral.count(fmt.Sprintf("neutral, rating between -%g and %g", NeutralBelow, NeutralBelow), rec.line)
	case err == nil:
		if r.found++; r.keep == nil || r.keep(&e) {
			r.data.Examples = append(r.data.Examples, e)
		}
	case r.columns.SkipMalformed:
		r.skipped.count("malformed", rec.line)
	default:
		r.bad = append(r.bad, r.rowError(rec, err.Error()))
	}
}

func (r *reader) example(rec record, row int) (e Example, neutral bool, err error) {
	l := r.layout
	if rec.bad != "" {
		return e, false, errors.New(rec.bad)
	}
	if n := len(rec.cells); n < l.columns || n > l.columns && !l.more {
		return e, false, fmt.Errorf("expected %d columns, found %d", l.columns, n)
	}
	if r.task.Kind == Tagging {
		e.Detail = &Detail{}
		if e.Detail.Words, err = wordsOf(rec.cells[l.text]); err != nil {
			return e, false, fmt.Errorf("words: %w", err)
		}
		e.TextA = strings.Join(e.Detail.Words, " ")
	} else if e.TextA, err = r.task.textOf(rec.cells[l.text]); err != nil {
		return e, false, fmt.Errorf("text: %w", err)
	}
	if l.pair >= 0 {
		if e.TextB, err = r.task.textOf(rec.cells[l.pair]); err != nil {
			return e, false, fmt.Errorf("second text: %w", err)
		}
	}
	if e.TextA == "" && e.TextB == "" {
		return e, false, errors.New("both texts are empty")
	}
	e.ID = strconv.Itoa(row)
	if l.id >= 0 && rec.cells[l.id].text != "" {
		e.ID = rec.cells[l.id].text
	}
	e.Label = -1
	if r.task.Kind == MultiLabel || r.task.Kind == Tagging || r.task.Kind == Spans {
		return e, false, r.detail(rec, &e)
	}
	if l.label < 0 {
		return e, false, nil
	}
	c := rec.cells[l.label]
	if c.kind == nested {
		return e, false, errors.New("the label is a list or an object; a class or number was expected")
	}
	if strings.TrimSpace(c.text) == "" {
		if r.columns.Unlabelled || r.task.agreement {
			return e, false, nil
		}
		return e, false, errors.New("has no label: give it one; data without labels are read with Columns.Unlabelled")
	}
	if !l.rating && r.task.Kind == Classification {
		e.Label, err = r.label(c)
		return e, false, err
	}
	value, known, err := r.task.target(c.text)
	if err != nil || !known {
		return e, false, err
	}
	e.Value, e.Label = value, 0
	if l.rating {
		if value > 0 {
			e.Label = 1
		}
		neutral = math.Abs(value) < NeutralBelow
	}
	return e, neutral, nil
}

// textOf gives a text as it stands.
func (t *Task) textOf(c cell) (string, error) {
	switch {
	case t.emptyTexts && (c.kind == null || c.kind == text):
		return c.text, nil
	case c.kind == missing, c.kind == null:
		return "", errors.New("is not there; a text was expected")
	case c.kind != text:
		return "", fmt.Errorf("is %s; a text was expected", map[cellKind]string{number: "a number or boolean", nested: "a list or an object"}[c.kind])
	case strings.TrimSpace(c.text) == "":
		return "", errors.New("is empty")
	}
	return c.text, nil
}
