package experiment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
)

// Narrative is an experiment's story, as a text of Markdown with the actions of text/template. The report is made from it, and so is the
// notebook (internal/notebooks). A line "## Title" begins a section. On lines of their own stand
//
//	{{figure "pruning"}}   the figure of that name, with its caption; "scores-*": all whose names fit
//	{{table "one-head"}}   the table of that name, or all whose names fit
//	{{claims}}             the claims with their verdicts
//	{{cell "Turn"}}        what a notebook alone shows: the function of that name in internal/notebooks/cells; nothing in a report
//
// The last word of each may be a comment, {{figure "pruning" "Draw the pruning curves."}}, which begins its cell in the notebook; without
// one it stands in the cell before it.
//
// {{.name}} within a sentence is a number by its name, or a string that is shown as it is; {{range .tasks}} goes through a list of
// tables of such numbers. A paragraph with numbers has a name, {{block "stability" .}}…{{end}}, by which the notebook shows it with the
// numbers of its own run; in it, {{if .quick}}…{{end}} is said of a result of the quick protocol. {{if report}}…{{end}} and
// {{if notebook}}…{{end}} hold what only one of them says. A figure or table that the protocol leaves out takes no place: has "pruning"
// tells whether it is there. {{drop}} on a line of its own takes its whole section out.
type Narrative struct {
	numbers map[string]any
	figures map[string]report.Block
	tables  map[string]report.Block
	claims  report.Block
	order   []string // the names of figures and tables
	// notebook tells the story as a notebook does, not as a report.
	notebook bool

	blocks []report.Block // those that were asked for, in order
}

// NarrativeFile is the name of a narrative in a language.
func NarrativeFile(lang Language) string { return "narrative." + string(lang) + ".md" }

// placed is how a block stands in the text until it is cut there.
var placed = regexp.MustCompile(`(?m)^\x00(\d+|drop)\x00[ \t]*$`)

// plainMarkdown makes Markdown of a plain text, in which nothing is markup.
var plainMarkdown = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, "&", `\&`, "~", `\~`, "|", `\|`, "\x00", "")

// plain makes Markdown of all strings in a narrative's numbers, lists of them and tables of them; numbers are written for people.
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
	return words.People(number)
}

// parse reads a narrative for a notebook or for a report; funcs stand for its figures, tables and claims.
func parse(files fs.FS, say *words.Printer, notebook bool, funcs template.FuncMap) (*template.Template, error) {
	name := NarrativeFile(Language(say.Tag()))
	source, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	common := template.FuncMap{
		"report": func() bool { return !notebook }, "notebook": func() bool { return notebook },
		"cell": func(code string, comment ...string) string { return "" }, "drop": func() string { return "\x00drop\x00" },
	}
	text, err := template.New(name).Option("missingkey=error").Funcs(common).Funcs(funcs).Parse(string(source))
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	return text, nil
}

// sections are the narrative's sections.
func (n *Narrative) sections(files fs.FS, say *words.Printer) ([]report.Section, error) {
	text, err := parse(files, say, n.notebook, template.FuncMap{
		"figure": n.find("figure", n.figures), "table": n.find("table", n.tables),
		"claims": func(comment ...string) string { return n.place(n.claims) },
		"has":    func(name string) bool { return n.figures[name] != nil || n.tables[name] != nil },
	})
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	if err := text.Execute(&out, plain(n.numbers)); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	return n.cut(out.String(), text.Name())
}

// place puts a block into the text.
func (n *Narrative) place(block report.Block) string {
	n.blocks = append(n.blocks, block)
	return fmt.Sprintf("\x00%d\x00", len(n.blocks)-1)
}

// find gives the function that places known blocks by name or by a pattern of path.Match.
func (n *Narrative) find(kind string, known map[string]report.Block) func(name string, comment ...string) (string, error) {
	return func(pattern string, comment ...string) (string, error) {
		var placed []string
		found := false
		for _, name := range n.order {
			block, ok := known[name]
			if fits, err := path.Match(pattern, name); err != nil || !ok || !fits {
				continue
			}
			if found = true; block != nil {
				placed = append(placed, n.place(block))
			}
		}
		if !found {
			return "", fmt.Errorf("no %s is called %q", kind, pattern)
		}
		return strings.Join(placed, "\n\n"), nil
	}
}

// Paragraph is one of the narrative by its name, with the numbers of a result.
func (e *Experiment[C, R]) Paragraph(result *R, name string, say *words.Printer) (string, error) {
	refuse := func(...string) (string, error) {
		return "", errors.New("a paragraph with a name holds text and numbers alone")
	}
	text, err := parse(e.Narrative, say, true, template.FuncMap{"figure": refuse, "table": refuse, "claims": refuse, "has": refuse})
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := text.ExecuteTemplate(&out, name, plain(e.numbers(result, e.In(result, say)))); err != nil {
		return "", fmt.Errorf("experiment: %w", err)
	}
	return strings.TrimSpace(out.String()), nil
}

// numbers are what a narrative names of a result: those of its edition, and "quick".
func (e *Experiment[C, R]) numbers(result *R, edition Edition) map[string]any {
	numbers := map[string]any{"quick": e.isQuick(result)}
	maps.Copy(numbers, edition.Numbers())
	if explained, ok := edition.(Explained); ok {
		maps.Copy(numbers, explained.Why())
	}
	return numbers
}

// isQuick tells whether a result is one of the quick protocol as it stands.
func (e *Experiment[C, R]) isQuick(result *R) bool {
	measured, ok := any(result).(interface{ head() head })
	if !ok || e.Quick == nil {
		return false
	}
	quick, err := json.Marshal(e.Quick())
	own, other := json.Marshal(measured.head().config)
	return errors.Join(err, other) == nil && bytes.Equal(quick, own)
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
func (e *Experiment[C, R]) Publication(result *R) Publication {
	return Publication{Name: e.Name, Result: result, In: func(say *words.Printer) (*Published, error) { return e.publish(result, say) }}
}

// publish makes a result's publication in a language.
func (e *Experiment[C, R]) publish(result *R, say *words.Printer) (*Published, error) {
	edition, prefix := e.In(result, say), e.Name+"-"
	claims, err := edition.Claims()
	if err != nil {
		return nil, err
	}
	drawings := edition.Figures()
	drawn, err := Draw(prefix, drawings)
	if err != nil {
		return nil, err
	}
	tables, err := edition.Tables()
	if err != nil {
		return nil, err
	}
	tables = append(tables, NamedTable{"claims", ClaimTable(claims, say)})
	p := &Published{Figures: drawn}
	for _, t := range tables {
		if t.Table != nil {
			t.Table.Language = say.Tag()
			p.Tables = append(p.Tables, NamedTable{prefix + t.Name, t.Table})
		}
	}
	if paged, ok := edition.(Paged); ok {
		pages, err := paged.Pages()
		if err != nil {
			return nil, err
		}
		for _, page := range pages {
			p.Pages = append(p.Pages, NamedPage{prefix + page.Name, page.HTML})
		}
	}
	narrative := func(notebook bool) *Narrative {
		n := &Narrative{
			numbers: e.numbers(result, edition), figures: map[string]report.Block{}, tables: map[string]report.Block{}, claims: ClaimsBlock(claims), notebook: notebook,
		}
		for _, d := range drawings {
			n.figures[d.Name], n.order = nil, append(n.order, d.Name)
		}
		for _, f := range drawn {
			n.figures[strings.TrimPrefix(f.Name, prefix)] = f.Block()
		}
		for _, t := range tables {
			n.order = append(n.order, t.Name)
			if n.tables[t.Name] = nil; t.Table != nil {
				n.tables[t.Name] = report.TableBlock{Table: t.Table}
			}
		}
		return n
	}
	p.Rehearse = func() error {
		_, err := narrative(true).sections(e.Narrative, say)
		return err
	}
	sections, err := narrative(false).sections(e.Narrative, say)
	if err != nil {
		return nil, err
	}
	h := headOf(result)
	provenance, err := ProvenanceSection(*h.provenance, h.config, say)
	p.Report = &report.Report{Title: e.Heading.In(say), Subtitle: edition.Subtitle(), Language: say.Tag(), Sections: append(sections, provenance)}
	return p, err
}
