package experiment

import (
	"bertlab/figures/report"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

// Narrative is what an experiment's report says, as a text of Markdown with the actions of text/template. A line "## Title" begins a
// section. On lines of their own stand
//
//	{{figure "pruning"}}   the figure of that name, with its caption
//	{{table "one-head"}}   the table of that name
//	{{claims}}             the claims with their verdicts
//
// and {{.name}} within a sentence is a number by its name, or a string that is shown as it is; {{range .tasks}} goes through a list of
// tables of such numbers. A figure or table that the protocol leaves out takes no place: has
// "pruning" tells whether it is there. {{drop}} on a line of its own takes its whole section out.
type Narrative struct {
	numbers map[string]any
	figures map[string]report.Block
	tables  map[string]report.Block
	claims  report.Block

	blocks []report.Block // those that were asked for, in order
}

// narrativeFile is the name of a narrative in a language.
func narrativeFile(lang Language) string { return "narrative." + string(lang) + ".md" }

// placed is how a block stands in the text until it is cut there.
var placed = regexp.MustCompile(`(?m)^\x00(\d+|drop)\x00[ \t]*$`)

// plainMarkdown makes Markdown of a plain text, in which nothing is markup.
var plainMarkdown = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, "&", `\&`, "~", `\~`, "|", `\|`, "\x00", "")

// plain makes Markdown of all strings in a narrative's numbers, lists of them and tables of them.
func plain(number any) any {
	switch number := number.(type) {
	case string:
		return plainMarkdown.Replace(number)
	case map[string]any:
		named := make(map[string]any, len(number))
		for name, value := range number {
			named[name] = plain(value)
		}
		return named
	case []map[string]any:
		list := make([]map[string]any, len(number))
		for i := range number {
			list[i] = plain(number[i]).(map[string]any)
		}
		return list
	}
	return number
}

// sections are the narrative's sections.
func (n *Narrative) sections(files fs.FS, lang Language) ([]report.Section, error) {
	name := narrativeFile(lang)
	source, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	place := func(block report.Block) string {
		n.blocks = append(n.blocks, block)
		return fmt.Sprintf("\x00%d\x00", len(n.blocks)-1)
	}
	find := func(kind string, known map[string]report.Block) func(string) (string, error) {
		return func(name string) (string, error) {
			block, ok := known[name]
			if !ok {
				return "", fmt.Errorf("no %s is called %q", kind, name)
			}
			if block == nil {
				return "", nil
			}
			return place(block), nil
		}
	}
	text, err := template.New(name).Option("missingkey=error").Funcs(template.FuncMap{
		"figure": find("figure", n.figures), "table": find("table", n.tables),
		"claims": func() string { return place(n.claims) },
		"has":    func(name string) bool { return n.figures[name] != nil || n.tables[name] != nil },
		"drop":   func() string { return "\x00drop\x00" },
	}).Parse(string(source))
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var out strings.Builder
	if err := text.Execute(&out, plain(n.numbers)); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	return n.cut(out.String(), name)
}

// cut makes sections of a text in which blocks are placed.
func (n *Narrative) cut(text, name string) ([]report.Section, error) {
	var sections []report.Section
	for i, part := range strings.Split("\n"+text, "\n## ") {
		if i == 0 {
			if strings.TrimSpace(part) != "" {
				return nil, fmt.Errorf("experiment: %s: a line \"## Title\" was expected before %q", name, strings.TrimSpace(part))
			}
			continue
		}
		title, body, _ := strings.Cut(part, "\n")
		section, dropped := report.Section{Title: strings.TrimSpace(title)}, false
		from := 0
		say := func(text string) {
			if strings.TrimSpace(text) != "" {
				section.Blocks = append(section.Blocks, report.Markdown(text))
			}
		}
		for _, at := range placed.FindAllStringSubmatchIndex(body, -1) {
			say(body[from:at[0]])
			from = at[1]
			if body[at[2]:at[3]] == "drop" {
				dropped = true
				continue
			}
			number, err := strconv.Atoi(body[at[2]:at[3]])
			if err != nil {
				return nil, fmt.Errorf("experiment: %s: %w", name, err)
			}
			section.Blocks = append(section.Blocks, n.blocks[number])
		}
		if say(body[from:]); strings.Contains(body, "\x00") && strings.Count(body, "\x00") != 2*len(placed.FindAllString(body, -1)) {
			return nil, fmt.Errorf("experiment: %s: in the section %q a figure, table or list of claims does not stand on a line of its own", name, section.Title)
		}
		if !dropped {
			sections = append(sections, section)
		}
	}
	return sections, nil
}

// Publication is what a result leaves in a folder.
func (e *Experiment[C, R]) Publication(result *R) (Publication, error) {
	drawings, prefix := e.Figures(result), e.Name+"-"
	drawn, err := Draw(prefix, drawings)
	if err != nil {
		return Publication{}, err
	}
	tables, err := e.Tables(result)
	if err != nil {
		return Publication{}, err
	}
	p := Publication{Name: e.Name, Result: result, Figures: drawn}
	for _, t := range tables {
		if t.Table != nil {
			p.Tables = append(p.Tables, NamedTable{prefix + t.Name, t.Table})
		}
	}
	if e.Pages != nil {
		pages, err := e.Pages(result)
		if err != nil {
			return Publication{}, err
		}
		for _, page := range pages {
			p.Pages = append(p.Pages, NamedPage{prefix + page.Name, page.HTML})
		}
	}
	p.Report = func(lang Language) (*report.Report, error) {
		h := headOf(result)
		n := &Narrative{numbers: e.Numbers(result), figures: map[string]report.Block{}, tables: map[string]report.Block{}, claims: ClaimsBlock(*h.claims, lang)}
		for _, d := range drawings {
			n.figures[d.Name] = nil
		}
		for _, f := range drawn {
			n.figures[strings.TrimPrefix(f.Name, prefix)] = f.Block(lang)
		}
		for _, t := range tables {
			if n.tables[t.Name] = nil; t.Table != nil {
				n.tables[t.Name] = report.TableBlock{Table: t.Table}
			}
		}
		sections, err := n.sections(e.Narrative, lang)
		if err != nil {
			return nil, err
		}
		provenance, err := ProvenanceSection(*h.provenance, h.config, lang)
		return &report.Report{Title: e.Heading.In(lang), Subtitle: e.Subtitle(result), Sections: append(sections, provenance)}, err
	}
	return p, nil
}
