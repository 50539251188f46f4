package task

import (
	"io"
	"os"
	"unicode/utf8"

	"bertlab/gbert/task/internal/parquet"
)

// parquetTable reads the needed columns of a Parquet file, a row group at a time.
type parquetTable struct {
	file    *parquet.File
	started bool
	columns []int
	group   int
	row     int // in the group
	total   int // rows given so far
	cells   [][]string
	null    [][]bool
}

func newParquetTable(f *os.File, size int64) (*parquetTable, error) {
	file, err := parquet.Open(f, size)
	if err != nil {
		return nil, err
	}
	return &parquetTable{file: file, group: -1}, nil
}

func (t *parquetTable) next() (record, error) {
	if !t.started {
		t.started = true
		header := record{}
		for _, c := range t.file.Columns {
			header.cells = append(header.cells, cell{text: c.Name, kind: text})
		}
		return header, nil
	}
	for t.group < 0 || int64(t.row) >= t.file.GroupRows(t.group) {
		if t.group++; t.group >= t.file.Groups() {
			t.group--
			return record{}, io.EOF
		}
		t.row = 0
		t.cells, t.null = make([][]string, len(t.columns)), make([][]bool, len(t.columns))
		for i, c := range t.columns {
			var err error
			if t.cells[i], t.null[i], err = t.file.ReadColumn(t.group, c); err != nil {
				return record{}, err
			}
		}
	}
	t.total++
	rec := record{line: t.total, cells: make([]cell, len(t.file.Columns))}
	for i, c := range t.columns {
		if t.null[i] != nil && t.null[i][t.row] {
			rec.cells[c] = cell{kind: null}
			continue
		}
		rec.cells[c] = cell{text: t.cells[i][t.row], kind: number}
		if t.file.Columns[c].Kind == parquet.Text {
			rec.cells[c].kind = text
			if rec.bad == "" && !utf8.ValidString(rec.cells[c].text) {
				rec.bad = "column " + t.file.Columns[c].Name + ": " + invalidUTF8([]byte(rec.cells[c].text))
			}
		}
	}
	t.row++
	return rec, nil
}

func (t *parquetTable) named() bool        { return true }
func (t *parquetTable) need(columns []int) { t.columns = columns }
func (t *parquetTable) blanks() LeftOut    { return LeftOut{} }
func (t *parquetTable) unit() string       { return "row" }
