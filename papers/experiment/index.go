package experiment

import (
	"fmt"
	"os"
	"path/filepath"

	"bertlab/figures"
	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
)

// Chapter is an experiment's place in the report on all of them.
type Chapter struct {
	// Name is that of its publication: its own reports are NAME.html and NAME.ko.html in the same folder.
	Name  string
	Title string
	// Outcome is what came of it.
	*Outcome
}

// WriteIndex writes the report on all experiments, index.html and index.ko.html, into the folder that holds their own reports. It returns
// the paths, the English one last.
func WriteIndex(dir string, chapters []Chapter) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var paths []string
	for _, say := range []*words.Printer{words.Korean, words.English} {
		page := &report.Report{
			Title:    say.T("bertlab: what can be taken out of BERT"),
			Subtitle: say.T("All experiments, their claims with verdicts, and their models side by side"),
			Language: say.Tag(),
		}
		page.Sections = append(page.Sections, report.Section{Title: say.T("At a glance"), Blocks: []report.Block{
			report.Paragraph(say.T("Each claim has a rule that was fixed before the numbers were seen. A claim that does not hold here is a finding about this model and this task, not about the paper's.")),
			report.TableBlock{Table: verdictTable(chapters, say)},
		}})
		for _, c := range chapters {
			section, err := c.section(say)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			page.Sections = append(page.Sections, section)
		}
		for _, c := range chapters {
			if c.Further == nil {
				continue
			}
			sections, err := c.Further(say)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			page.Sections = append(page.Sections, sections...)
		}
		path := filepath.Join(dir, "index"+infix(say)+".html")
		if err := page.Write(path); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// verdictTable counts verdicts, a line an experiment.
func verdictTable(chapters []Chapter, say *words.Printer) *figures.Table {
	t := &figures.Table{Title: say.T("Claims by verdict"), Columns: []figures.Column{{Name: say.T("experiment")}}}
	verdicts := report.Verdicts
	for _, v := range verdicts {
		t.Columns = append(t.Columns, figures.Column{Name: v.Words(say.Tag())})
	}
	for _, c := range chapters {
		row := []any{c.Name}
		for _, v := range verdicts {
			count := 0
			for _, claim := range c.Claims {
				if claim.Verdict == v {
					count++
				}
			}
			row = append(row, count)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (c Chapter) section(say *words.Printer) (report.Section, error) {
	section := report.Section{Title: c.Title}
	if c.Err != nil {
		section.Blocks = []report.Block{report.Paragraph(say.F("It did not end: %v", c.Err))}
		return section, nil
	}
	claims, figure, err := c.Tell(say)
	if err != nil {
		return section, err
	}
	if figure != nil {
		section.Blocks = append(section.Blocks, figure.Block())
	}
	section.Blocks = append(section.Blocks, ClaimsBlock(claims), report.Link{Text: say.T("The whole report"), Target: c.Name + infix(say) + ".html"})
	return section, nil
}
