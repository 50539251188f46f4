package task

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// csvTable reads comma-separated values as pandas does: a field that begins with a quote ends with the next one, where two quotes stand
// for one and what follows the closing quote is text too; a quote anywhere else stands for itself.
type csvTable struct {
	r     *bufio.Reader
	line  int // number of the line read last, from 1
	blank LeftOut
}

func newCSV(r *bufio.Reader) table { return &csvTable{r: r} }

func (t *csvTable) next() (record, error) {
	line, err := t.physical(0)
	for err == nil && len(line) == 0 {
		t.blank.count("blank lines", t.line)
		line, err = t.physical(0)
	}
	if err != nil {
		return record{}, err
	}
	rec, read := record{line: t.line}, len(line)
	fields, open := []string(nil), false
	var field strings.Builder
	for {
		fields, open = splitCSV(line, fields, &field, open)
		if !open {
			break
		}
		field.WriteByte('\n')
		if line, err = t.physical(read); err == io.EOF {
			return rec, fmt.Errorf("line %d: a quote is not closed up to the end of the file: is it a bare one? A file with unquoted quotes can be given as TSV", rec.line)
		}
		if err != nil {
			return rec, err
		}
		read += len(line) + 1
	}
	rec.cells = make([]cell, len(fields))
	for i, f := range fields {
		if bad := invalidUTF8([]byte(f)); bad != "" && rec.bad == "" {
			rec.bad = fmt.Sprintf("column %d: %s", i+1, bad)
		}
		if strings.IndexByte(f, 0) >= 0 {
			return rec, fmt.Errorf("line %d has a NUL byte: is this a text file?", rec.line)
		}
		rec.cells[i] = cell{text: f, kind: text}
	}
	return rec, nil
}

// physical gives the next line without its end, \n or \r\n; io.EOF after the last. read is the size of what the record has already.
func (t *csvTable) physical(read int) ([]byte, error) {
	var line []byte
	for {
		part, err := t.r.ReadSlice('\n')
		line = append(line, part...)
		if read+len(line) > MaxLine {
			return nil, fmt.Errorf("a record is longer than %d bytes: is a quote not closed? A file with unquoted quotes can be given as TSV", MaxLine)
		}
		if err == nil || err == io.EOF && len(line) > 0 {
			break
		}
		if err != bufio.ErrBufferFull {
			return nil, err
		}
	}
	t.line++
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
}

// splitCSV adds the fields of a line to those of its record. open says, on the way in and out, that a quoted field goes on over the end
// of the line; field has what there is of it.
func splitCSV(line []byte, fields []string, field *strings.Builder, open bool) ([]string, bool) {
	begins := !open // a field begins here
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case open && c == '"' && i+1 < len(line) && line[i+1] == '"':
			field.WriteByte('"')
			i++
		case open && c == '"':
			open = false
		case open:
			field.WriteByte(c)
		case c == ',':
			fields = append(fields, field.String())
			field.Reset()
			begins = true
			continue
		case c == '"' && begins:
			open = true
		default:
			field.WriteByte(c)
		}
		begins = false
	}
	if open {
		return fields, true
	}
	fields = append(fields, field.String())
	field.Reset()
	return fields, false
}

func (t *csvTable) named() bool     { return false }
func (t *csvTable) need([]int)      {}
func (t *csvTable) blanks() LeftOut { return t.blank }
func (t *csvTable) unit() string    { return "line" }
