package task

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// lines reads a text file line by line; a line ends in \n or \r\n and has at most MaxLine bytes.
type lines struct {
	r     *bufio.Reader
	line  int // number of the line read last, from 1
	buf   []byte
	blank LeftOut
}

// next gives the next line that is not blank, without its end; it is valid until the next call.
func (l *lines) next() ([]byte, error) {
	for {
		l.buf = l.buf[:0]
		for {
			part, err := l.r.ReadSlice('\n')
			if len(l.buf)+len(part) > MaxLine {
				return nil, fmt.Errorf("line %d is longer than %d bytes: is this a data file with one row a line?", l.line+1, MaxLine)
			}
			l.buf = append(l.buf, part...)
			if err == nil || err == io.EOF && len(l.buf) > 0 {
				break
			}
			if err != bufio.ErrBufferFull {
				return nil, err
			}
		}
		l.line++
		b := bytes.TrimSuffix(bytes.TrimSuffix(l.buf, []byte("\n")), []byte("\r"))
		if bytes.IndexByte(b, 0) >= 0 {
			return nil, fmt.Errorf("line %d has a NUL byte: is this a text file?", l.line)
		}
		if len(bytes.TrimSpace(b)) > 0 {
			return b, nil
		}
		l.blank.count("blank lines", l.line)
	}
}

// count adds a row to those left out.
func (o *LeftOut) count(reason string, line int) {
	const shown = 5
	o.Reason = reason
	o.Rows++
	if len(o.Lines) < shown {
		o.Lines = append(o.Lines, line)
	}
}

// invalidUTF8 says where a line stops being UTF-8, or nothing if it never does.
func invalidUTF8(line []byte) string {
	if utf8.Valid(line) {
		return ""
	}
	at := 0
	for at < len(line) {
		r, n := utf8.DecodeRune(line[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return fmt.Sprintf("byte %d (0x%02x) is not UTF-8: save the file as UTF-8", at+1, line[at])
}

// tsvTable reads tab-separated values without any quoting, as GLUE's files are.
type tsvTable struct {
	lines
	columns int
	needed  []int // nil: all
}

func (t *tsvTable) next() (record, error) {
	line, err := t.lines.next()
	if err != nil {
		return record{}, err
	}
	rec := record{line: t.line, bad: invalidUTF8(line)}
	if t.columns == 0 {
		t.columns = bytes.Count(line, []byte("\t")) + 1
	}
	rec.cells = make([]cell, 0, t.columns)
	for rest, more := line, true; more; {
		var part []byte
		part, rest, more = bytes.Cut(rest, []byte("\t"))
		c := cell{kind: text}
		if t.needed == nil || slices.Contains(t.needed, len(rec.cells)) {
			c.text = string(part) // the other columns, parses perhaps, take no memory
		}
		rec.cells = append(rec.cells, c)
	}
	return rec, nil
}

func (t *tsvTable) named() bool        { return false }
func (t *tsvTable) need(columns []int) { t.needed = columns }
func (t *tsvTable) blanks() LeftOut    { return t.blank }
func (t *tsvTable) unit() string       { return "line" }
