package task

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bertlab/internal/files"
)

// MaxLine is the longest line of a text file, or record of a CSV, in bytes.
const MaxLine = 1 << 20

// cellKind is what a cell holds.
type cellKind byte

const (
	missing cellKind = iota // a key that is not there
	null                    // nothing, where there could be something
	text
	number // a number or a boolean, which cannot be a text
	nested // a list or structure, or a column that cannot be read
)

type cell struct {
	text string
	kind cellKind

	// Of a nested cell: the elements of a flat list, or the JSON that they can be read from.
	elements []cell
	raw      []byte
}

// list gives the elements of a nested cell; ok is false where it holds no list of texts and numbers.
func (c cell) list() (elements []cell, ok bool) {
	if c.kind != nested || c.elements != nil {
		return c.elements, c.kind == nested
	}
	var parts []json.RawMessage
	if len(c.raw) == 0 || json.Unmarshal(c.raw, &parts) != nil {
		return nil, false
	}
	for _, part := range parts {
		element := jsonCell(part)
		if element.kind == nested || element.kind == missing || element.kind == null {
			return nil, false
		}
		elements = append(elements, element)
	}
	return elements, true
}

// record is one row of a table, and its line (or row number, for Parquet).
type record struct {
	cells []cell
	line  int
	bad   string // what is wrong with the row as a whole, empty if nothing
}

// table is a file of rows. The first record of a table is its first line: a header perhaps.
type table interface {
	next() (record, error) // io.EOF at the end
	named() bool           // the first record surely is a header
	need(columns []int)    // the only columns that will be looked at from now on
	blanks() LeftOut       // blank lines so far
	unit() string          // line or row
}

// namer is a table that may say the names of the classes whose numbers are in a column.
type namer interface {
	classNames(column int) ([]string, error)
}

// source is an open file and the hash of what has been read of it.
type source struct {
	table
	path string
	kind Kind // of the task
	file *os.File
	tee  io.Reader // what is read here goes into sum
	sum  hash.Hash
}

func (s *source) Close() error { return s.file.Close() }

// hash reads the rest of the file and gives its SHA-256.
func (s *source) hash() (string, error) {
	if _, err := io.Copy(io.Discard, s.tee); err != nil {
		return "", fmt.Errorf("task: %s: %w", s.path, err)
	}
	return hex.EncodeToString(s.sum.Sum(nil)), nil
}

// openTable opens a file as what its first bytes show it to be, or as the format that its kind of task has beside those of tables.
func openTable(path string, kind Kind) (*source, error) {
	file, err := files.Open(path)
	if err != nil {
		return nil, fmt.Errorf("task: %w: give a TSV, CSV, Parquet or JSONL file", err)
	}
	s := &source{path: path, kind: kind, file: file, sum: sha256.New()}
	s.tee = io.TeeReader(file, s.sum)
	if s.table, err = s.sniff(); err != nil {
		_ = file.Close() // nothing was written to it
		return nil, fmt.Errorf("task: %s: %w", path, err)
	}
	return s, nil
}

var byteOrderMark = []byte("\uFEFF")

func (s *source) sniff() (table, error) {
	info, err := s.file.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("is a folder; a file was expected")
	}
	r := bufio.NewReaderSize(s.tee, 64<<10)
	head, err := r.Peek(8 << 10)
	if err != nil && err != io.EOF {
		return nil, err
	}
	ext := strings.ToLower(filepath.Ext(s.path))
	switch {
	case len(head) == 0:
		return nil, errors.New("is empty: a header line and at least one row were expected")
	case bytes.HasPrefix(head, []byte("PAR1")):
		t, err := newParquetTable(s.file, info.Size())
		if err != nil {
			return nil, err
		}
		// Parquet is read out of order: the hash is taken from another reader of the same file.
		s.sum.Reset()
		s.tee = io.TeeReader(io.NewSectionReader(s.file, 0, info.Size()), s.sum)
		return t, nil
	case ext == ".parquet":
		return nil, fmt.Errorf("is not a Parquet file: it begins with %q instead of \"PAR1\"", head[:min(4, len(head))])
	case bytes.HasPrefix(head, []byte("\x1f\x8b")), bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return nil, errors.New("is a compressed archive: unpack it first")
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, errors.New("is UTF-16 text: save it as UTF-8")
	case utf16(head):
		return nil, errors.New("is UTF-16 text without a byte-order mark: save it as UTF-8")
	case bytes.IndexByte(head, 0) >= 0:
		return nil, errors.New("is a binary file: TSV, CSV, Parquet or JSONL was expected")
	}
	if bytes.HasPrefix(head, byteOrderMark) {
		head = head[len(byteOrderMark):]
		if _, err := r.Discard(len(byteOrderMark)); err != nil {
			return nil, err
		}
	}
	first, _, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), []byte("\n"))
	switch start := bytes.TrimSpace(first); {
	case s.kind == Spans && ext != ".jsonl" && ext != ".ndjson" && isSQuAD(head):
		return newSQuAD(r), nil
	case ext == ".jsonl", ext == ".ndjson", ext != ".tsv" && ext != ".csv" && bytes.HasPrefix(start, []byte("{")):
		return newJSONL(r)
	case ext == ".json" || bytes.HasPrefix(start, []byte(`[{`)):
		return nil, errors.New("is a JSON document: one object a line (JSONL) was expected")
	case len(bytes.TrimSpace(head)) == 0 && s.kind != Tagging:
		return nil, errors.New("begins with nothing but blank lines: a header line and at least one row were expected")
	case s.kind == Tagging && ext == ".csv":
		return nil, errors.New("is CSV, which has no lists of words and tags: give CoNLL's columns (with another name), JSONL or Parquet")
	case s.kind == Tagging:
		return newCoNLL(r, head), nil
	case s.kind == Spans:
		return nil, errors.New("is neither SQuAD's JSON, nor JSONL, nor Parquet")
	case bytes.IndexByte(first, '\t') >= 0, ext == ".tsv":
		return &tsvTable{lines: lines{r: r}}, nil
	}
	return newCSV(r), nil
}

// utf16 says whether text without a byte-order mark is UTF-16: mostly characters of one byte, each with a zero byte before or after it.
func utf16(head []byte) bool {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	pairs := len(head) / 2
	return pairs > 2 && (zeros[0] == 0 && zeros[1] > pairs*3/4 || zeros[1] == 0 && zeros[0] > pairs*3/4)
}
