package experiment

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bertlab/figures"
	"bertlab/figures/report"
	"bertlab/internal/files"
	"bertlab/papers/experiment/words"
)

// NamedFigure is a figure, the name of its file without ending, and its caption for reports and notebooks. The caption says what
// there is to see; model, data and seeds stand in the figure itself.
type NamedFigure struct {
	Name    string
	Figure  *figures.Figure
	Caption string
	// Raster shows a PNG in reports, which is smaller where there are thousands of points.
	Raster bool
}

// Block shows the figure with its caption in a report.
func (f NamedFigure) Block() report.FigureBlock {
	return report.FigureBlock{Figure: f.Figure, Text: f.Caption, Raster: f.Raster}
}

// Drawing is a figure that may be drawn.
type Drawing struct {
	Name string
	// Omit is true where the protocol leaves out what the figure would show.
	Omit bool
	// Build may return nil: there is nothing to show.
	Build   func() (*figures.Figure, error)
	Caption string
	// Raster is that of the [NamedFigure].
	Raster bool
}

// Draw makes a paper's figures; their names begin with prefix.
func Draw(prefix string, drawings []Drawing) ([]NamedFigure, error) {
	var list []NamedFigure
	for _, d := range drawings {
		if d.Omit {
			continue
		}
		figure, err := d.Build()
		if err != nil {
			return nil, fmt.Errorf("figure %s%s: %w", prefix, d.Name, err)
		}
		if figure != nil {
			list = append(list, NamedFigure{Name: prefix + d.Name, Figure: figure, Caption: d.Caption, Raster: d.Raster})
		}
	}
	return list, nil
}

// NamedTable is a table with the name of its file without ending.
type NamedTable struct {
	Name  string
	Table *figures.Table
}

// NamedPage is a page of HTML that stands by itself, and the name of its file without ending.
type NamedPage struct{ Name, HTML string }

// Publication is what a paper leaves in a folder: NAME.json, its figures (PNG, SVG, PDF, CSV) and tables (HTML, MD, TEX, CSV) in
// the folder figures, and the report NAME.html. Figures, tables and report of the Korean edition end in .ko.png, .ko.tex, .ko.html.
type Publication struct {
	Name   string
	Result any // plain data with JSON tags
	// In is what is published in a language.
	In func(say *words.Printer) (*Published, error)
}

// Published is what a paper publishes in a language.
type Published struct {
	Figures []NamedFigure
	Tables  []NamedTable
	// Pages lie beside the figures, such as a surface to be turned by hand.
	Pages []NamedPage
	// Report is in that language.
	Report *report.Report
	// Rehearse tells the story as the notebook does, and says what is wrong with it; nil: there is no story.
	Rehearse func() error
}

// infix stands before the endings of a language's files.
func infix(say *words.Printer) string {
	if say == words.English {
		return ""
	}
	return "." + say.Tag()
}

// Write puts the publication into a folder and returns the paths: sorted, and the English report last. Files appear whole or not
// at all.
func (p Publication) Write(dir string) ([]string, error) {
	paths, err := p.write(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return paths, nil
}

func (p Publication) write(dir string) ([]string, error) {
	text, err := json.MarshalIndent(p.Result, "", " ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "figures"), 0o755); err != nil {
		return nil, err
	}
	paths := []string{filepath.Join(dir, p.Name+".json")}
	if err := files.Write(paths[0], append(text, '\n')); err != nil {
		return nil, err
	}
	for _, say := range words.Languages {
		published, err := p.In(say)
		if err != nil {
			return nil, err
		}
		written, err := published.write(dir, say)
		if err != nil {
			return nil, err
		}
		paths = append(paths, written...)
		path := filepath.Join(dir, p.Name+infix(say)+".html")
		if err := published.Report.Write(path); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	last := filepath.Join(dir, p.Name+infix(words.English)+".html")
	paths = slices.DeleteFunc(paths, func(path string) bool { return path == last })
	slices.Sort(paths)
	return append(paths, last), nil
}

// write puts figures, tables and pages into a folder.
func (p *Published) write(dir string, say *words.Printer) (paths []string, err error) {
	taken := map[string]bool{}
	save := func(name string, endings []string, to func(path string) error) error {
		for _, ending := range endings {
			path := filepath.Join(dir, "figures", name+infix(say)+ending)
			if taken[path] {
				return fmt.Errorf("two figures, tables or pages are called %s", name)
			}
			taken[path] = true
			if err := to(path); err != nil {
				return err
			}
			paths = append(paths, path)
		}
		return nil
	}
	for _, f := range p.Figures {
		if f.Caption == "" {
			return nil, fmt.Errorf("the figure %s has no caption", f.Name)
		}
		if err := save(f.Name, []string{".png", ".svg", ".pdf", ".csv"}, f.Figure.Save); err != nil {
			return nil, err
		}
	}
	for _, t := range p.Tables {
		if err := save(t.Name, []string{".html", ".md", ".tex", ".csv"}, t.Table.Save); err != nil {
			return nil, err
		}
	}
	for _, page := range p.Pages {
		write := func(path string) error { return files.Write(path, []byte(page.HTML)) }
		if err := save(page.Name, []string{".html"}, write); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// ProvenanceSection is the last section of a report: where the numbers come from, with the protocol.
func ProvenanceSection(p Provenance, config any, say *words.Printer) (report.Section, error) {
	protocol, err := json.Marshal(config)
	if err != nil {
		return report.Section{}, fmt.Errorf("experiment: %w", err)
	}
	block := report.Provenance{
		{Key: say.T("model"), Value: p.Model + ", " + p.ModelSource}, {Key: say.T("weights (SHA-256)"), Value: p.ModelSHA256},
		{Key: say.T("backend"), Value: strings.TrimSpace(p.Backend + " " + p.Plugin)}, {Key: say.T("machine"), Value: p.MachineIn(say)},
		{Key: say.T("seconds"), Value: fmt.Sprintf("%.0f", p.Seconds)},
	}
	if !p.Recorded.IsZero() {
		block = append(block, report.KeyValue{Key: say.T("recorded"), Value: p.Recorded.Format(time.DateOnly)})
	}
	for _, d := range p.Data {
		block = append(block, report.KeyValue{Key: say.Name(d.Use), Value: strings.Join(strings.Fields(say.F("%s %s %s, %d examples, SHA-256 %s", d.Task, d.Split, d.Selection, d.Examples, d.SHA256)), " ")})
	}
	block = append(block, report.KeyValue{Key: say.T("protocol"), Value: string(protocol)})
	for _, name := range []string{"go", "github.com/gomlx/gomlx", "github.com/gomlx/go-xla", "github.com/gomlx/compute"} {
		if version, ok := p.Versions[name]; ok {
			block = append(block, report.KeyValue{Key: name, Value: version})
		}
	}
	return report.Section{Title: say.T("Where the numbers come from"), Blocks: []report.Block{block}}, nil
}
