// Package site writes notebooks, with the outputs that they hold, as a site of pages that need no server, no script from elsewhere and no
// network: a page a notebook, in the style of the reports, light and dark, and an index in each language.
package site

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"bertlab/figures/report"
	"bertlab/internal/files"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// maxNotebook bounds what is read of a notebook.
const maxNotebook = 64 << 20

// text is a string in a notebook's file, which may be written as a list of lines.
type text string

// UnmarshalJSON reads a string or a list of strings.
func (t *text) UnmarshalJSON(raw []byte) error {
	var lines []string
	if err := json.Unmarshal(raw, &lines); err == nil {
		*t = text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(raw, (*string)(t))
}

// file is a notebook's file, as far as a page shows it.
type file struct {
	Cells []struct {
		Type    string `json:"cell_type"`
		Source  text   `json:"source"`
		Outputs []output
	} `json:"cells"`
	Format int `json:"nbformat"`
}

type output struct {
	Type string                     `json:"output_type"`
	Data map[string]json.RawMessage `json:"data"`
	Meta map[string]json.RawMessage `json:"metadata"`
	Text text                       `json:"text"` // of a stream
	Name string                     `json:"name"`
}

// page is a notebook that becomes a page.
type page struct {
	name   string // of the notebook in both languages, such as 02_heads
	say    *words.Printer
	report *report.Report
	intro  string // the first paragraph
}

// file is the name of the page's file.
func (p *page) file() string { return p.name + ending(p.say) }

func ending(say *words.Printer) string {
	if say == words.English {
		return ".html"
	}
	return "." + say.Tag() + ".html"
}

// indexName is the name of the indices, which no notebook may have.
const indexName = "index"

// Write writes all notebooks of a folder as pages into another folder, with index.html and its Korean edition, and returns the paths, that
// of the English index last. All notebooks are read before anything is written. Of the files that are there, only pages of a site are
// replaced.
func Write(notebooks, dir string) ([]string, error) {
	found, err := files.Match(notebooks, "*.ipynb")
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("site: %s holds no notebooks", notebooks)
	}
	editions := map[*words.Printer][]*page{}
	for _, path := range found {
		p, err := read(path)
		if err != nil {
			return nil, err
		}
		if p.name == indexName {
			return nil, fmt.Errorf("site: the page of %s would be %s, which is the index of all pages: rename the notebook", path, p.file())
		}
		editions[p.say] = append(editions[p.say], p)
	}
	var paths []string
	var reports []*report.Report
	for _, say := range []*words.Printer{words.Korean, words.English} {
		pages := editions[say]
		if len(pages) == 0 {
			continue
		}
		for i, p := range pages {
			p.link(pages, i, editions)
			paths, reports = append(paths, filepath.Join(dir, p.file())), append(reports, p.report)
		}
		paths, reports = append(paths, filepath.Join(dir, indexName+ending(say))), append(reports, index(pages, say, editions))
	}
	for i, r := range reports {
		r.Generator = generator
		if err := spare(paths[i], r.Mark()); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	for i, r := range reports {
		if err := r.Write(paths[i]); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// generator marks the pages of a site.
const generator = "bertlab lab --site"

// spare refuses to replace a file that is no page of a site.
func spare(path, mark string) error {
	file, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("site: %w", err)
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, maxHead))
	if err == nil && !strings.Contains(string(head), mark) {
		err = fmt.Errorf("%s is no page that lab --site wrote, and would be replaced: remove it, or name another folder", path)
	}
	if err != nil {
		return fmt.Errorf("site: %w", err)
	}
	return nil
}

// maxHead bounds how far into a page its mark is looked for.
const maxHead = 1 << 10

// toNotebook are links to another notebook of the folder, or a part of it; in angle brackets its name may have blanks.
var toNotebook = []*regexp.Regexp{
	regexp.MustCompile(`(\]\()(?:\./)?([^\s<>/:#?]+?)\.ipynb([)#\s])`),
	regexp.MustCompile(`(\]\(<)(?:\./)?([^\n<>/:#?]+?)\.ipynb([>#])`),
}

// relinked is a text whose links to notebooks lead to their pages.
func relinked(text string) string {
	for _, link := range toNotebook {
		text = link.ReplaceAllString(text, "${1}${2}.html${3}")
	}
	return text
}

// read makes a page of a notebook's file.
func read(path string) (*page, error) {
	raw, err := files.Read(path, maxNotebook)
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("site: %s is no notebook: %w", path, err)
	}
	if f.Format != 4 {
		return nil, fmt.Errorf("site: %s has the notebook format %d; 4 was expected", path, f.Format)
	}
	base := filepath.Base(path)
	p := &page{say: words.English, name: strings.TrimSuffix(base, filepath.Ext(base))}
	if name, korean := strings.CutSuffix(base, experiment.KoreanNotebook); korean {
		p.say, p.name = words.Korean, name
	}
	p.report = &report.Report{Title: p.name, Language: p.say.Tag()}
	section := report.Section{}
	turn := func(title string) {
		if len(section.Blocks) > 0 {
			section.Title = cmp.Or(section.Title, p.say.T("The question"))
			p.report.Sections = append(p.report.Sections, section)
		}
		section = report.Section{Title: title}
	}
	for _, cell := range f.Cells {
		switch cell.Type {
		case "markdown":
			for title, body := range parts(string(cell.Source)) {
				switch {
				case strings.HasPrefix(title, "## "):
					turn(strings.TrimPrefix(title, "## "))
				case strings.HasPrefix(title, "# "):
					p.report.Title = strings.TrimPrefix(title, "# ")
				}
				body = relinked(body)
				if body != "" {
					p.intro = cmp.Or(p.intro, firstParagraph(body))
					section.Blocks = append(section.Blocks, report.Equations(body))
				}
			}
		case "code":
			section.Blocks = append(section.Blocks, report.Folded{Summary: summary(string(cell.Source), p.say), Code: string(cell.Source)})
			blocks, err := shown(cell.Outputs)
			if err != nil {
				return nil, fmt.Errorf("site: %s: %w", path, err)
			}
			section.Blocks = append(section.Blocks, blocks...)
		}
	}
	turn("")
	if len(p.report.Sections) == 0 {
		return nil, fmt.Errorf("site: %s is empty", path)
	}
	return p, nil
}

// parts goes through a Markdown cell by its headings of the first two levels, each with what stands below it.
func parts(source string) func(yield func(title, body string) bool) {
	return func(yield func(title, body string) bool) {
		title := ""
		var body []string
		fenced := false
		for line := range strings.Lines(source) {
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, "```") {
				fenced = !fenced
			}
			if !fenced && (strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "## ")) {
				if (title != "" || len(body) > 0) && !yield(title, strings.TrimSpace(strings.Join(body, "\n"))) {
					return
				}
				title, body = line, nil
				continue
			}
			body = append(body, line)
		}
		yield(title, strings.TrimSpace(strings.Join(body, "\n")))
	}
}

// firstParagraph is a text up to its first empty line.
func firstParagraph(text string) string {
	first, _, _ := strings.Cut(text, "\n\n")
	return first
}

// summary is the comment with which a cell begins.
func summary(source string, say *words.Printer) string {
	line, _, _ := strings.Cut(source, "\n")
	if comment, ok := strings.CutPrefix(line, "// "); ok {
		return comment
	}
	return say.T("The code")
}

// shown are the blocks of a cell's outputs.
func shown(outputs []output) ([]report.Block, error) {
	var blocks []report.Block
	for _, o := range outputs {
		if o.Type == "error" {
			return nil, errors.New("a cell failed: execute the notebook again")
		}
		block, err := o.richest()
		if err != nil {
			return nil, err
		}
		if block != nil {
			blocks = append(blocks, block)
		}
	}
	return blocks, nil
}

// richest is the output in the richest form that a page has; nil: there is nothing to show, as of what goes to standard error.
func (o *output) richest() (report.Block, error) {
	for _, kind := range []string{"text/html", "image/png", "text/markdown", "text/plain"} {
		value, err := o.as(kind)
		if err != nil {
			return nil, err
		}
		if value == "" {
			continue
		}
		switch kind {
		case "text/html":
			return report.HTML(value), nil
		case "image/png":
			return o.picture(value)
		case "text/markdown":
			return report.Equations(value), nil
		default:
			return report.Code(value), nil
		}
	}
	if o.Text == "" || o.Name == "stderr" {
		return nil, nil
	}
	return report.Code(o.Text), nil
}

// as is what the output holds of a kind; "": nothing.
func (o *output) as(kind string) (string, error) {
	var t text
	if raw, ok := o.Data[kind]; ok {
		if err := json.Unmarshal(raw, &t); err != nil {
			return "", err
		}
	}
	return string(t), nil
}

// picture is a PNG, whose plain text is for readers who cannot see it.
func (o *output) picture(encoded string) (report.Block, error) {
	png, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return nil, err
	}
	var size struct{ Width int }
	_ = json.Unmarshal(o.Meta["image/png"], &size) // without one the picture has its own
	alt, err := o.as("text/plain")
	return report.Picture{PNG: png, Width: size.Width, Alt: alt}, err
}

// link puts links to the index, to the pages before and after, and to the other language above the page.
func (p *page) link(pages []*page, i int, editions map[*words.Printer][]*page) {
	say := p.say
	links := []report.Link{{Text: say.T("All notebooks"), Target: indexName + ending(say)}}
	if i > 0 {
		links = append(links, report.Link{Text: "← " + pages[i-1].report.Title, Target: pages[i-1].file()})
	}
	if i+1 < len(pages) {
		links = append(links, report.Link{Text: pages[i+1].report.Title + " →", Target: pages[i+1].file()})
	}
	for _, other := range words.Languages {
		for _, q := range editions[other] {
			if other != say && q.name == p.name {
				links = append(links, report.Link{Text: other.T("English"), Target: q.file()})
			}
		}
	}
	p.report.Links = links
}

// index leads to the pages of a language.
func index(pages []*page, say *words.Printer, editions map[*words.Printer][]*page) *report.Report {
	r := &report.Report{Title: say.T("bertlab: a laboratory for compressing BERT"), Subtitle: say.T("Each notebook repeats a paper's experiments, from data to figures."), Language: say.Tag()}
	for _, other := range words.Languages {
		if other != say && len(editions[other]) > 0 {
			r.Links = append(r.Links, report.Link{Text: other.T("English"), Target: indexName + ending(other)})
		}
	}
	for _, p := range pages {
		r.Sections = append(r.Sections, report.Section{Title: p.report.Title, Blocks: []report.Block{
			report.Equations(p.intro), report.Link{Text: say.T("Open the notebook"), Target: p.file()},
		}})
	}
	return r
}
