package task

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCSVIsReadAsPythonReadsIt(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("testdata", "csv.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Text string
		Rows [][]string
	}
	if err := json.Unmarshal(content, &cases); err != nil || len(cases) < 100 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		for _, text := range []string{c.Text, strings.ReplaceAll(c.Text, "\n", "\r\n"), strings.TrimSuffix(c.Text, "\n")} {
			got, err := csvRows(text)
			if err != nil || !slices.EqualFunc(got, c.Rows, slices.Equal) {
				t.Fatalf("%q is read as %q, %v; Python reads %q", text, got, err, c.Rows)
			}
		}
	}
}

func csvRows(text string) (rows [][]string, err error) {
	table := newCSV(bufio.NewReaderSize(strings.NewReader(text), 16))
	for {
		rec, err := table.next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		var row []string
		for _, c := range rec.cells {
			row = append(row, c.text)
		}
		rows = append(rows, row)
	}
}
