package figures

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Align is where a column's cells stand.
type Align int

const (
	// Auto is Right for columns of numbers and Left for others.
	Auto Align = iota
	// Left aligns the beginnings.
	Left
	// Right aligns the ends.
	Right
	// Center aligns the middles.
	Center
)

// Column describes one column of a [Table].
type Column struct {
	Name string
	// Unit is written after the name in brackets; "": none.
	Unit  string
	Align Align
	// Format of its numbers, a fmt verb for a float64 such as "%.3f", or "%d" for whole ones; "": up to six significant digits.
	// Thousands are set apart by commas.
	Format string
}

func (c Column) head() string {
	if c.Unit == "" {
		return c.Name
	}
	return c.Name + " (" + c.Unit + ")"
}

// Table is a list of rows under named columns. A cell is a number, a string, a bool (yes, no), nil (empty), or anything with a
// String method, such as a [Styled] one. NaN is written "–": there is no such number. A row may be shorter than the columns.
type Table struct {
	// Name is that of its file without ending, which LaTeX's label has; "": what Save writes to, or the title.
	Name           string
	Title, Caption string
	Columns        []Column
	Rows           [][]any
	// Language of the words for true and false, by its tag; "": English.
	Language string
}

// number returns the value of v if v is any kind of number.
func number(v any) (float64, bool) {
	if _, ok := v.(fmt.Stringer); ok || v == nil {
		return 0, false
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return float64(r.Int()), true
	case r.CanUint():
		return float64(r.Uint()), true
	case r.CanFloat():
		return r.Float(), true
	}
	return 0, false
}

// cell writes the value at (row, column) for people.
func (t *Table) cell(i, j int) string {
	if j >= len(t.Rows[i]) || t.Rows[i][j] == nil {
		return ""
	}
	v := t.Rows[i][j]
	if b, ok := v.(bool); ok {
		return phrase(t.Language, map[bool]string{true: "yes", false: "no"}[b])
	}
	f, ok := number(v)
	if !ok {
		return clean(fmt.Sprint(v))
	}
	switch format := t.Columns[j].Format; {
	case math.IsNaN(f):
		return "–"
	case math.IsInf(f, 0):
		return map[bool]string{true: "∞", false: "−∞"}[f > 0]
	case format == "" && !reflect.ValueOf(v).CanFloat():
		return minus(Group(fmt.Sprint(v)))
	case format == "":
		return minus(plain(f))
	case strings.HasSuffix(strings.TrimRight(format, " %×"), "d"):
		return minus(Group(fmt.Sprintf(format, int64(math.Round(f)))))
	default:
		return minus(Group(fmt.Sprintf(format, f)))
	}
}

// align resolves Auto.
func (t *Table) align(j int) Align {
	if a := t.Columns[j].Align; a != Auto {
		return a
	}
	any := false
	for _, r := range t.Rows {
		if j >= len(r) || r[j] == nil {
			continue
		}
		if _, ok := number(r[j]); !ok {
			return Left
		}
		any = true
	}
	if any {
		return Right
	}
	return Left
}

// Check returns an error if a row has more cells than there are columns.
func (t *Table) Check() error {
	for i, r := range t.Rows {
		if len(r) > len(t.Columns) {
			return fmt.Errorf("figures: table %q: row %d has %d cells for %d columns", t.Title, i, len(r), len(t.Columns))
		}
	}
	return nil
}

// Save writes the table in the format that the extension names: .html, .md, .tex, .csv or .txt. The file appears whole or not
// at all.
func (t *Table) Save(path string) error {
	if err := t.Check(); err != nil {
		return err
	}
	var s string
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".html":
		s = t.HTML()
	case ".md":
		s = t.Markdown()
	case ".tex":
		named := *t
		named.Name = cmp.Or(t.Name, strings.TrimSuffix(filepath.Base(path), ext))
		s = named.LaTeX()
	case ".csv":
		s = t.CSV()
	case ".txt":
		s = t.Text()
	default:
		return fmt.Errorf("figures: %s: extension %q is none of .html, .md, .tex, .csv, .txt", path, ext)
	}
	return writeFile(path, []byte(s))
}

// CSV returns the table for programs: names with units in the first record, numbers in ten significant digits (whole ones in all), NaN
// as "NaN", true and false; a minus is "-". Title and caption are left out.
func (t *Table) CSV() string {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	record := make([]string, len(t.Columns))
	for j, c := range t.Columns {
		record[j] = hyphens(c.head())
	}
	write := func() {
		if len(record) > 0 {
			w.Write(record) // a bytes.Buffer takes everything
		}
	}
	write()
	for _, r := range t.Rows {
		for j := range record {
			record[j] = ""
			if j >= len(r) || r[j] == nil {
				continue
			}
			if f, ok := number(r[j]); ok && reflect.ValueOf(r[j]).CanFloat() {
				record[j] = precise(f)
			} else {
				record[j] = hyphens(fmt.Sprint(r[j]))
			}
		}
		write()
	}
	w.Flush()
	return out.String()
}

// precise writes a number in ten significant digits or, if it is whole, in all of them.
func precise(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if math.Abs(v) > 1e300 { // rounded, it could be infinite
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 10, 64)
}

// hyphens writes minus signs as programs read them.
func hyphens(s string) string { return strings.ReplaceAll(s, "−", "-") }

// Text returns the table for a terminal. Korean, Chinese and Japanese characters count as two places, combining marks as none.
func (t *Table) Text() string {
	widths := make([]int, len(t.Columns))
	for j, c := range t.Columns {
		widths[j] = places(clean(c.head()))
		for i := range t.Rows {
			widths[j] = max(widths[j], places(t.cell(i, j)))
		}
	}
	var out strings.Builder
	if t.Title != "" {
		out.WriteString(clean(t.Title) + "\n\n")
	}
	line := func(cell func(j int) string) {
		var b strings.Builder
		for j := range t.Columns {
			if j > 0 {
				b.WriteString("  ")
			}
			s := cell(j)
			room := widths[j] - places(s)
			before := map[Align]int{Left: 0, Right: room, Center: room / 2}[t.align(j)]
			b.WriteString(strings.Repeat(" ", before) + s + strings.Repeat(" ", room-before))
		}
		out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	}
	line(func(j int) string { return clean(t.Columns[j].head()) })
	line(func(j int) string { return strings.Repeat("─", widths[j]) })
	for i := range t.Rows {
		line(func(j int) string { return t.cell(i, j) })
	}
	if t.Caption != "" {
		out.WriteString("\n" + clean(t.Caption) + "\n")
	}
	return out.String()
}

// places is the number of columns that s takes on a terminal.
func places(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(r).Kind() == width.EastAsianWide || width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
