package main

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"bertlab/internal/files"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// page is a text with places for tables, each between two comments that name it.
type page struct{ path, text string }

func readPage(path string) (*page, error) {
	text, err := files.Read(path, 1<<20)
	return &page{path, string(text)}, err
}

// renew puts a table into its place. Lines of forms that the new table does not have stay.
func (p *page) renew(name, table string) error {
	first, last := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
	before, rest, ok := strings.Cut(p.text, first)
	old, after, closed := strings.Cut(rest, last)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the table %q: %s and %s were expected", p.path, name, strings.TrimSpace(first), last)
	}
	p.text = before + first + merged(old, table) + last + after
	return nil
}

// merged is a table with the lines of forms of an old one that it lacks, in the order of forms.
func merged(old, table string) string {
	lines, fresh := map[string]string{}, map[string]string{}
	for text, into := range map[string]map[string]string{old: lines, table: fresh} {
		for line := range strings.Lines(text) {
			if cells := strings.Split(line, " | "); len(cells) > 1 {
				into[strings.TrimPrefix(cells[0], "| ")] = line
			}
		}
	}
	if fresh[forms[0].name] == "" && lines[forms[0].name] == "" {
		return table // not one of forms
	}
	var all strings.Builder
	for line := range strings.Lines(table) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !slices.ContainsFunc(forms, func(f form) bool { return f.name == name }) {
			all.WriteString(line)
		}
	}
	for _, f := range forms {
		all.WriteString(cmp.Or(fresh[f.name], lines[f.name]))
	}
	return all.String()
}

func (p *page) write() error { return os.WriteFile(p.path, []byte(p.text), 0o644) }

// tables are those of the forms that were measured, by their places' names.
func (b *bench) tables(rows []row) map[string]string {
	var shown, versions []string
	for _, name := range runtimes {
		if c := rows[0].cells[name]; c != nil {
			shown, versions = append(shown, name), append(versions, name+" "+c.version)
		}
	}
	made := map[string]string{}
	if b.part != timePart {
		made["logits"], made["accuracy"], made["memory"] = logitsTable(rows), accuracyTable(rows, shown), memoryTable(rows, shown)
		made["conditions"] = fmt.Sprintf("%s; %d examples of SST-2's dev set; %s.\n", strings.Join(versions, ", "), b.dev.Len(), experiment.Machine())
	}
	if b.part != logitsPart {
		made["time"] = timeTable(rows, shown)
	}
	return made
}

// newTable begins a table; all columns but the first are numbers.
func newTable(columns ...string) *strings.Builder {
	var t strings.Builder
	fmt.Fprintf(&t, "| %s |\n|---%s|\n", strings.Join(columns, " | "), strings.Repeat("|--:", len(columns)-1))
	return &t
}

func addRow(t *strings.Builder, cells ...string) {
	fmt.Fprintf(t, "| %s |\n", strings.Join(cells, " | "))
}

// byItself is from which difference on, beside that of the whole model in the same column, a runtime is said to round what enters a map.
const byItself = 10

// logitsTable has the largest differences. † marks weights in eight bits whose inputs a runtime rounds by itself.
func logitsTable(rows []row) string {
	columns := []struct {
		title, runtime, settings string
	}{{onnxRT, onnxRT, ""}, {"its defaults", defaults, ""}, {openVINO, openVINO, ""}, {"f32 alone", openVINO, "f32"}, {"its defaults", openVINO, "defaults"}, {web, web, ""}}
	titles := []string{"form", "XLA, from the whole"}
	for _, column := range columns {
		titles = append(titles, column.title)
	}
	t := newTable(titles...)
	for _, r := range rows {
		line := []string{r.name, "–"}
		if !math.IsNaN(r.fromWhole) {
			line[1] = fmt.Sprintf("%.1e", r.fromWhole)
		}
		for _, column := range columns {
			got, ok := r.difference(column.runtime, column.settings)
			if !ok {
				line = append(line, "–")
				continue
			}
			text := fmt.Sprintf("%.1e", got)
			if whole, _ := rows[0].difference(column.runtime, column.settings); r.weightsOnly && got > byItself*whole {
				text += " †"
			}
			line = append(line, text)
		}
		addRow(t, line...)
	}
	return t.String()
}

// difference is the largest of a logit in a runtime with some settings.
func (r *row) difference(runtime, settings string) (apart float64, ok bool) {
	c := r.cells[runtime]
	if c == nil {
		return 0, false
	}
	if settings != "" {
		apart, ok = c.others[settings]
		return apart, ok
	}
	return c.apart, true
}

func accuracyTable(rows []row, shown []string) string {
	t := newTable(append([]string{"form"}, shown...)...)
	for _, r := range rows {
		line := []string{r.name}
		for _, name := range shown {
			line = append(line, fmt.Sprintf("%.3f", r.cells[name].accuracy))
		}
		addRow(t, line...)
	}
	return t.String()
}

func timeTable(rows []row, shown []string) string {
	columns := []string{"form", "XLA, ms"}
	for _, name := range shown[1:] {
		columns = append(columns, name+" ÷ XLA")
	}
	t := newTable(columns...)
	for _, r := range rows {
		line := []string{r.name, fmt.Sprintf("%.1f", 1000*stats.Median(r.cells[xla].seconds))}
		for _, name := range shown[1:] {
			q := r.ratio(r.cells[name])
			line = append(line, fmt.Sprintf("%.2f (%.2f–%.2f)", q.Value, q.Low, q.High))
		}
		addRow(t, line...)
	}
	return t.String()
}

func memoryTable(rows []row, shown []string) string {
	t := newTable(append([]string{"form", "model.safetensors", "model.onnx"}, shown...)...)
	for _, r := range rows {
		line := []string{r.name, mega(r.weights), mega(r.graph)}
		for _, name := range shown {
			line = append(line, mega(r.cells[name].memory))
		}
		addRow(t, line...)
	}
	return t.String()
}

// mega are millions of bytes.
func mega(n int64) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", float64(n)/1e6)
}
