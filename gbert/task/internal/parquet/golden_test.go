package parquet

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// golden is what testdata/make_golden.py says that its files hold: cells are text, a number for a float, or null.
type golden struct {
	Files map[string]struct {
		Columns map[string][]any
		Refused []string
	}
}

func readGolden(t testing.TB) golden {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(content, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestReadsWhatPyArrowWrites(t *testing.T) {
	for name, want := range readGolden(t).Files {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			f, err := Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			checked := 0
			for i, c := range f.Columns {
				if isOneOf(c.Name, want.Refused) {
					if _, _, err := f.ReadColumn(0, i); err == nil || !strings.Contains(err.Error(), c.Name) {
						t.Errorf("%s: %v", c.Name, err)
					}
					checked++
					continue
				}
				cells, ok := want.Columns[c.Name]
				if !ok {
					t.Errorf("column %s is not in the golden file", c.Name)
				}
				checkColumn(t, f, i, cells)
				checked++
			}
			if checked != len(want.Columns)+len(want.Refused) {
				t.Errorf("%d columns, want %d and %d refused", checked, len(want.Columns), len(want.Refused))
			}
		})
	}
}

func isOneOf(name string, names []string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

func checkColumn(t *testing.T, f *File, column int, want []any) {
	t.Helper()
	name, row := f.Columns[column].Name, 0
	for group := range f.Groups() {
		cells, null, err := f.ReadColumn(group, column)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range cells {
			if row >= len(want) || !sameCell(got, null != nil && null[i], want[row]) {
				t.Fatalf("%s, row %d: %q; want %v", name, row, got, want[row:])
			}
			row++
		}
	}
	if row != len(want) || int64(row) != f.Rows() {
		t.Errorf("%s: %d rows of %d, want %d", name, row, f.Rows(), len(want))
	}
}

func sameCell(got string, null bool, want any) bool {
	switch want := want.(type) {
	case nil:
		return null
	case float64:
		v, err := strconv.ParseFloat(got, 64)
		return !null && err == nil && v == want
	}
	return !null && got == want
}

func TestATypeThatCannotHoldWhatItDeclaresIsRefused(t *testing.T) {
	number := func(id int16, v int64) field { return field{id, node{num: v}} }
	union := func(id int16, detail ...field) field {
		return field{10, node{fields: []field{{id, node{fields: detail}}}}}
	}
	for name, fields := range map[string][]field{
		"half in four bytes":         {number(1, physicalFixed), number(2, 4), union(logicalFloat16)},
		"UUID in text":               {number(1, physicalBytes), union(logicalUUID)},
		"decimal as a float":         {number(1, physicalDouble), union(logicalDecimal, number(1, 2), number(2, 9))},
		"decimal of negative scale":  {number(1, physicalInt32), union(logicalDecimal, number(1, -2), number(2, 9))},
		"decimal of too large scale": {number(1, physicalInt32), number(6, convertedDecimal), number(7, 30)},
		"decimal of a page":          {number(1, physicalFixed), number(2, 1000), number(6, convertedDecimal)},
		"date in text":               {number(1, physicalBytes), number(6, convertedDate)},
		"unsigned float":             {number(1, physicalFloat), number(6, convertedUint8)},
		"time without a unit":        {number(1, physicalInt64), union(logicalTime)},
		"interval":                   {number(1, physicalFixed), number(2, 12), number(6, convertedInterval)},
		"BSON":                       {number(1, physicalBytes), number(6, convertedBSON)},
		"BSON as a logical type":     {number(1, physicalBytes), union(logicalBSON)},
		"a logical type to come":     {number(1, physicalBytes), union(18)},
	} {
		if c := leaf(&node{fields: fields}, name, ""); c.Kind != Unsupported || c.Why == "" {
			t.Errorf("%s is read as %+v", name, c)
		}
	}
}
