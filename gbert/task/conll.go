package task

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// The columns of words and their tags.
const (
	wordsColumn = "tokens"
	tagsColumn  = "ner_tags"
)

// conllTable reads CoNLL's column format as rows, one a text: a line a word, with the word first and its tag last, parted by tabs or
// else by blanks, and lines that are blank, or hold white space only, between texts. Lines of -DOCSTART- are passed over, and so are
// those that begin with "# id", as in MultiCoNER: both part texts. Comments are passed over wherever they stand: lines such as
// "# text = The cat", and where tabs part the columns, all that begin with "# " and have no tab.
type conllTable struct {
	lines  lines
	tabbed bool // tabs part the columns
	tagged bool
	header bool
	ahead  []byte // a line that was read and belongs to the next text
	done   bool
}

func newCoNLL(r *bufio.Reader, head []byte) table {
	return &conllTable{lines: lines{r: r}, tabbed: isTabbed(head)}
}

// isTabbed says whether the first line of a word has a tab.
func isTabbed(head []byte) bool {
	for line := range bytes.Lines(head) {
		if len(bytes.TrimSpace(line)) > 0 && !isBorder(line) && !bytes.HasPrefix(line, []byte("# ")) {
			return bytes.IndexByte(line, '\t') >= 0
		}
	}
	return false
}

func (t *conllTable) next() (record, error) {
	if !t.header {
		return t.first()
	}
	rec := record{cells: []cell{{kind: nested}}}
	if t.tagged {
		rec.cells = append(rec.cells, cell{kind: nested})
	}
	for last := 0; ; {
		line := t.ahead
		if t.ahead = nil; line == nil {
			var err error
			if line, err = t.line(); err != nil {
				return record{}, err
			}
		}
		if line == nil || rec.line > 0 && t.lines.line > last+1 || isBorder(line) && rec.line > 0 {
			if t.ahead = line; rec.line == 0 {
				return record{}, io.EOF
			}
			return rec, nil
		}
		if last = t.lines.line; t.passes(line) {
			continue
		}
		if rec.line == 0 {
			rec.line = t.lines.line
		}
		t.word(&rec, line)
	}
}

// line gives the next line that is not blank; nil at the end.
func (t *conllTable) line() ([]byte, error) {
	if t.done {
		return nil, nil
	}
	line, err := t.lines.next()
	if err == io.EOF {
		t.done = true
		return nil, nil
	}
	return line, err
}

// first finds out from the first word whether the words have tags.
func (t *conllTable) first() (record, error) {
	t.header = true
	header := record{cells: []cell{{text: wordsColumn, kind: text}}}
	line, err := t.line()
	for err == nil && line != nil && t.passes(line) {
		line, err = t.line()
	}
	if err == nil && line == nil {
		err = io.EOF
	}
	if err != nil {
		return header, err
	}
	if columns := parts(line); isHeader(columns) {
		return header, fmt.Errorf("line %d is a header, %s: CoNLL's format has none, and it would be read as a word and its tag: remove it", t.lines.line, list(columns))
	}
	if t.ahead, t.tagged = line, len(parts(line)) > 1; t.tagged {
		header.cells = append(header.cells, cell{text: tagsColumn, kind: text})
	}
	return header, nil
}

// word adds a line's word, and its tag, to a text.
func (t *conllTable) word(rec *record, line []byte) {
	bad := invalidUTF8(line)
	columns := parts(line)
	switch {
	case rec.bad != "":
		return
	case bad != "":
	case columns[0] == "" || columns[len(columns)-1] == "":
		bad = "has no word, or no tag, where a word, columns that are not looked at, and a tag were expected"
	case t.tagged != (len(columns) > 1):
		bad = fmt.Sprintf("a word and its tag were expected in all lines, or a word alone in all, found %d columns", len(columns))
	}
	if bad != "" {
		rec.line, rec.bad = t.lines.line, bad
		return
	}
	rec.cells[0].elements = append(rec.cells[0].elements, cell{text: columns[0], kind: text})
	if t.tagged {
		rec.cells[1].elements = append(rec.cells[1].elements, cell{text: columns[len(columns)-1], kind: text})
	}
}

// parts are the columns of a line.
func parts(line []byte) []string {
	s := string(line)
	if !strings.Contains(s, "\t") {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' })
	}
	columns := strings.Split(strings.TrimRight(s, "\t "), "\t")
	for i := range columns {
		columns[i] = strings.Trim(columns[i], " ")
	}
	return columns
}

// isHeader says whether the columns of a first line are names of columns.
func isHeader(columns []string) bool {
	word, tag := strings.ToLower(columns[0]), strings.ToLower(columns[len(columns)-1])
	return len(columns) > 1 && slices.Contains([]string{"word", "words", "token", "tokens"}, word) &&
		slices.Contains([]string{"tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags"}, tag)
}

// passes says whether a line has no word.
func (t *conllTable) passes(line []byte) bool {
	return isBorder(line) || commentPattern.Match(line) || t.tabbed && bytes.HasPrefix(line, []byte("# ")) && bytes.IndexByte(line, '\t') < 0
}

// commentPattern is a comment as CoNLL-U has it, of a key and its value: "# sent_id = 1", "# newdoc id = a".
var commentPattern = regexp.MustCompile(`^# +[A-Za-z][\w.:-]*( [\w.:-]+)? =( |$)`)

// isBorder says whether a line stands between texts.
func isBorder(line []byte) bool {
	return bytes.HasPrefix(line, []byte("-DOCSTART-")) || bytes.HasPrefix(line, []byte("# id"))
}

func (t *conllTable) named() bool     { return true }
func (t *conllTable) need([]int)      {}
func (t *conllTable) blanks() LeftOut { return LeftOut{} } // blank lines part texts
func (t *conllTable) unit() string    { return "line" }
