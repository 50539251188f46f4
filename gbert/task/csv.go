package task

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// csvTable reads comma-separated values with quotes as RFC 4180 has them.
type csvTable struct {
	in    *meter
	r     *csv.Reader
	after int // the line after the last record, if no blank line follows
	blank LeftOut
}

func newCSV(r *bufio.Reader) table {
	in := &meter{r: r, left: 2 * MaxLine}
	return &csvTable{in: in, r: csv.NewReader(in), after: 1}
}

func (t *csvTable) next() (record, error) {
	t.in.left = 2 * MaxLine
	fields, err := t.r.Read()
	short := errors.Is(err, csv.ErrFieldCount)
	if err != nil && !short {
		if err == io.EOF {
			t.skipped(t.in.lines())
		}
		return record{}, err
	}
	line, _ := t.r.FieldPos(0)
	t.skipped(line)
	rec := record{line: line, cells: make([]cell, len(fields))}
	t.after = line + 1
	for i, f := range fields {
		if bad := invalidUTF8([]byte(f)); bad != "" && rec.bad == "" {
			rec.bad = fmt.Sprintf("column %d: %s", i+1, bad)
		}
		if strings.IndexByte(f, 0) >= 0 {
			return rec, fmt.Errorf("line %d has a NUL byte: is this a text file?", line)
		}
		t.after += strings.Count(f, "\n")
		rec.cells[i] = cell{text: f, kind: text}
	}
	return rec, nil
}

// skipped counts the blank lines, which the csv package passes over, before line.
func (t *csvTable) skipped(line int) {
	for ; t.after < line; t.after++ {
		t.blank.count("blank lines", t.after)
	}
}

func (t *csvTable) named() bool     { return false }
func (t *csvTable) need([]int)      {}
func (t *csvTable) blanks() LeftOut { return t.blank }
func (t *csvTable) unit() string    { return "line" }

// meter counts lines, and stops a record that never ends: a quote that is not closed would take in the rest of the file.
type meter struct {
	r       io.Reader
	left    int
	newline int
	last    byte
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, fmt.Errorf("a record is longer than %d bytes: is a quote not closed? A file with unquoted quotes can be given as TSV", MaxLine)
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	m.left -= n
	m.newline += bytes.Count(p[:n], []byte("\n"))
	if n > 0 {
		m.last = p[n-1]
	}
	return n, err
}

// lines is the number of the line after the last one.
func (m *meter) lines() int {
	if m.last == '\n' {
		return m.newline + 1
	}
	return m.newline + 2
}
