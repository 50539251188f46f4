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
	lists   [][][]string // in place of cells where the column is a list
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
		for i := range t.file.Columns {
			header.cells = append(header.cells, cell{text: t.name(i), kind: text})
		}
		return header, nil
	}
	for t.group < 0 || int64(t.row) >= t.file.GroupRows(t.group) {
		if t.group++; t.group >= t.file.Groups() {
			t.group--
			return record{}, io.EOF
		}
		t.row = 0
		t.cells, t.lists, t.null = make([][]string, len(t.columns)), make([][][]string, len(t.columns)), make([][]bool, len(t.columns))
		for i, c := range t.columns {
			var err error
			if t.isList(c) {
				t.lists[i], t.null[i], err = t.file.ReadList(t.group, c)
			} else {
				t.cells[i], t.null[i], err = t.file.ReadColumn(t.group, c)
			}
			if err != nil {
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
		if t.isList(c) {
			rec.cells[c] = cell{kind: nested, elements: []cell{}}
			for _, value := range t.lists[i][t.row] {
				rec.cells[c].elements = append(rec.cells[c].elements, t.cell(&rec, c, t.file.Columns[c].Elements, value))
			}
			continue
		}
		rec.cells[c] = t.cell(&rec, c, t.file.Columns[c].Kind, t.cells[i][t.row])
	}
	t.row++
	return rec, nil
}

// name is a column's name in the header: that of the list, where it is one.
func (t *parquetTable) name(column int) string {
	if t.isList(column) {
		return t.file.Columns[column].List
	}
	return t.file.Columns[column].Name
}

func (t *parquetTable) classNames(column int) ([]string, error) {
	return classNames(t.file.Metadata(featuresKey), t.name(column))
}

func (t *parquetTable) isList(column int) bool {
	c := t.file.Columns[column]
	return c.List != "" && c.Elements != parquet.Unsupported
}

// cell is a value of a column; one that is no text in UTF-8 makes the record a bad one.
func (t *parquetTable) cell(rec *record, column int, kind parquet.Kind, value string) cell {
	if kind != parquet.Text {
		return cell{text: value, kind: number}
	}
	if rec.bad == "" && !utf8.ValidString(value) {
		rec.bad = "column " + t.file.Columns[column].Name + ": " + invalidUTF8([]byte(value))
	}
	return cell{text: value, kind: text}
}

func (t *parquetTable) named() bool        { return true }
func (t *parquetTable) need(columns []int) { t.columns = columns }
func (t *parquetTable) blanks() LeftOut    { return LeftOut{} }
func (t *parquetTable) unit() string       { return "row" }
