package task

import (
	"fmt"
	"slices"
	"strings"
)

// Columns says where the user's own file keeps things. Its zero value is right for files that name their columns as the
// task's official ones do (sentence, sentence1, premise, label, gold_label, …).
type Columns struct {
	Text  string // name of the column of the (first) text
	Pair  string // name of the column of the second text of a pair
	Label string // name of the column of the label or target
	ID    string // name of the column of the id; without it idx, index or id is taken, or else the row's number from 0

	// Labels are the class names in the order of the class numbers, for the task "custom". A label column may hold names or
	// numbers.
	Labels []string
	// LabelsByNumber says that class numbers in a Parquet file are the task's, whatever names the file's own metadata give them.
	LabelsByNumber bool
	// Unlabelled says that the file has no label column, or that cells of it may be empty.
	Unlabelled bool
	// SkipMalformed leaves malformed rows out and counts them in Dataset.LeftOut, instead of returning an error.
	SkipMalformed bool
}

var wordNames = [][]string{{wordsColumn}, {"words"}}

// layout says in which column things stand; -1: nowhere.
type layout struct {
	label, text, pair, id int
	starts                int   // where answers begin
	vector                []int // 0/1 columns, one a label, in place of label
	columns               int   // how many a row must have
	more                  bool  // it may have more
	rating                bool
	broken                bool // rows with fewer columns are known and left out
	header                bool // the first record is a header
}

// find gives the column of a name: as written if there is one, else whatever the case; -1 if there is none, or more than one.
func find(header []string, name string) int {
	i, _ := findName(header, name)
	return i
}

// layout finds the columns in the first record of a file. surely says that it is a header.
func (t *Task) layout(first record, surely bool, c Columns) (layout, error) {
	header := make([]string, len(first.cells))
	for i, cell := range first.cells {
		header[i] = strings.TrimSpace(cell.text)
	}
	l := layout{label: -1, text: -1, pair: -1, id: -1, starts: -1, columns: len(header), header: true}
	explicit := c.Text != "" || c.Pair != "" || c.Label != "" || c.ID != ""

	if !explicit && !surely {
		for _, b := range t.bare {
			if bareFits(t, b, first.cells) {
				return layout{label: b.label, text: b.text, pair: b.pair, id: b.id, starts: -1, columns: b.columns, more: b.more, rating: b.rating}, nil
			}
		}
	}
	if err := t.findTexts(&l, header, c); err != nil {
		return l, err
	}
	if err := refuseTwice(header); err != nil {
		return l, err
	}
	if c.ID != "" {
		if l.id = find(header, c.ID); l.id < 0 {
			return l, fmt.Errorf("has no column %q for the id: its columns are %s", c.ID, list(header))
		}
	} else {
		for _, name := range []string{"idx", "index", "id"} {
			if i := find(header, name); i >= 0 && l.id < 0 {
				l.id = i
			}
		}
	}
	if err := t.findLabel(&l, header, c); err != nil {
		return l, err
	}
	l.broken = t.brokenRows && !surely && find(header, "qid1") >= 0
	return l, nil
}

// refuseTwice reports a column that is there twice: which of them is meant, nobody can say. Columns without a name, as spreadsheets leave
// them, are no matter.
func refuseTwice(header []string) error {
	seen := make(map[string]int, len(header))
	for i, name := range header {
		if first, there := seen[name]; there && name != "" {
			return fmt.Errorf("columns %d and %d are both called %s: give them different names", first+1, i+1, quote(name))
		}
		seen[name] = i
	}
	return nil
}

// bareFits says whether the first line is already a row of a layout without a header.
func bareFits(t *Task, b bare, cells []cell) bool {
	if len(cells) < b.columns || len(cells) > b.columns && !b.more {
		return false
	}
	if b.rating || t.Kind == Regression {
		_, _, err := t.target(cells[b.label].text)
		return err == nil
	}
	_, err := t.label(cells[b.label].text)
	return err == nil
}

func (t *Task) findTexts(l *layout, header []string, c Columns) error {
	if c.Pair != "" && !t.Pair {
		return fmt.Errorf("cannot use the column %q: task %s has one text an example", c.Pair, t.Name)
	}
	if c.Text != "" || c.Pair != "" {
		if t.Pair && (c.Text == "" || c.Pair == "") {
			return fmt.Errorf("task %s has two texts an example: name both columns, Columns.Text and Columns.Pair (its columns are %s)", t.Name, list(header))
		}
		l.text = find(header, c.Text)
		if l.text < 0 {
			return fmt.Errorf("has no column %q for the text: its columns are %s", c.Text, list(header))
		}
		if t.Pair {
			if l.pair = find(header, c.Pair); l.pair < 0 {
				return fmt.Errorf("has no column %q for the second text: its columns are %s", c.Pair, list(header))
			}
		}
		return nil
	}
	names := singleNames
	switch {
	case t.Kind == Tagging:
		names = wordNames
	case t.Kind == Spans:
		names = [][]string{{questionColumn, contextColumn}}
	case t.Kind == MultiLabel && !t.Pair:
		names = append(slices.Clip(singleNames), []string{"comment_text"})
	case t.Pair:
		names = pairNames
	}
	if t.textNames != nil {
		names = slices.Concat(t.textNames, names)
	}
	var wanted []string
	for _, n := range names {
		l.text, l.pair = find(header, n[0]), -1
		if t.Pair {
			l.pair = find(header, n[1])
		}
		if l.text >= 0 && (!t.Pair || l.pair >= 0) {
			return nil
		}
		wanted = append(wanted, strings.Join(n, " and "))
	}
	layouts := ""
	for _, b := range t.bare {
		layouts += fmt.Sprintf(", or rows without a header of %s", b.names)
	}
	return fmt.Errorf("the first line has no columns for the text of task %s; expected a header with %s%s; found %s: name your columns with Columns.Text and Columns.Pair",
		t.Name, strings.Join(wanted, ", or "), layouts, list(header))
}

func (t *Task) findLabel(l *layout, header []string, c Columns) error {
	if c.Label != "" && t.Kind != Spans {
		if l.label = find(header, c.Label); l.label < 0 {
			return fmt.Errorf("has no column %q for the label: its columns are %s", c.Label, list(header))
		}
		return nil
	}
	if t.Kind == Spans {
		return findAnswers(l, header, c)
	}
	if t.Kind == MultiLabel && l.findVector(t, header) {
		return nil
	}
	names := []string{"gold_label", "label", "quality", "is_duplicate", "labels"}
	if t.Kind == Regression {
		names = []string{"score", "label", "similarity_score", "target", "value"}
	}
	if t.Kind == Tagging {
		names = []string{tagsColumn, "tags", "labels"}
	}
	if t.Kind == MultiLabel {
		names = []string{"labels", "label"}
	}
	for _, n := range names {
		if i := find(header, n); i >= 0 {
			l.label = i
			return nil
		}
	}
	if c.Unlabelled {
		return nil
	}
	columns := ""
	if t.Kind == MultiLabel && len(t.Labels) == 0 {
		columns = "; of 0/1 columns give the names with Columns.Labels"
	}
	return fmt.Errorf("has no label column, expected %s; its columns are %s: name it with Columns.Label; data without labels are read with Columns.Unlabelled%s", strings.Join(names, ", or "), list(header), columns)
}

// findVector finds a column for each label, in which 1 says that an example has it.
func (l *layout) findVector(t *Task, header []string) bool {
	if len(t.Labels) == 0 {
		return false
	}
	vector := make([]int, len(t.Labels))
	for i, name := range t.Labels {
		if vector[i] = find(header, name); vector[i] < 0 {
			return false
		}
	}
	l.vector = vector
	return true
}

// findAnswers finds the texts of the answers and where they begin.
func findAnswers(l *layout, header []string, c Columns) error {
	name := c.Label
	if name == "" {
		name = answersColumn
	}
	l.label, l.starts = find(header, name+textsSuffix), find(header, name+startsSuffix)
	if (l.label < 0 || l.starts < 0) && !c.Unlabelled {
		return fmt.Errorf("has no answers, expected %s, an object with the lists text and answer_start; its columns are %s: name it with Columns.Label; data without labels are read with Columns.Unlabelled", name, list(header))
	}
	return nil
}

// list names columns in an error, the first dozen of them.
func list(names []string) string {
	const most = 12
	var parts []string
	for i, n := range names {
		if i == most {
			parts = append(parts, fmt.Sprintf("… (%d in all)", len(names)))
			break
		}
		parts = append(parts, quote(n))
	}
	return strings.Join(parts, ", ")
}
