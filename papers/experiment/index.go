package experiment

import (
	"fmt"
	"os"
	"path/filepath"

	"bertlab/figures"
	"bertlab/figures/report"
)

// Chapter is an experiment's place in the report on all of them.
type Chapter struct {
	// Name is that of its publication: its own reports are NAME.html and NAME.ko.html in the same folder.
	Name  string
	Title string
	// Claims are the paper's, with verdicts.
	Claims []Claim
	// Figures are shown above the claims.
	Figures []NamedFigure
	// Err is why the experiment did not end; nil: it did.
	Err error
}

// WriteIndex writes the report on all experiments, index.html and index.ko.html, into the folder that holds their own reports.
// further are sections that follow them. It returns the paths, the English one last.
func WriteIndex(dir string, chapters []Chapter, further func(lang Language) []report.Section) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var paths []string
	for _, edition := range []struct {
		lang   Language
		ending string
	}{{Korean, ".ko.html"}, {English, ".html"}} {
		in := func(english, korean string) string { return Text{english, korean}.In(edition.lang) }
		page := &report.Report{
			Title:    in("bertlab: what can be taken out of BERT", "bertlab: BERT에서 무엇을 덜어 낼 수 있는가"),
			Subtitle: in("All experiments, their claims with verdicts, and their models side by side", "모든 실험과 주장에 대한 판정, 그리고 모델 비교"),
			Language: string(edition.lang),
		}
		page.Sections = append(page.Sections, report.Section{Title: in("At a glance", "한눈에 보기"), Blocks: []report.Block{
			report.Paragraph(in("Each claim has a rule that was fixed before the numbers were seen. A claim that does not hold here is a finding about this model and this task, not about the paper's.",
				"모든 주장에는 수치를 보기 전에 정해 둔 판정 규칙이 있다. 여기서 성립하지 않는 주장은 이 모델과 이 과제에 대한 발견이지, 논문에 대한 반박이 아니다.")),
			report.TableBlock{Table: verdictTable(chapters, edition.lang)},
		}})
		for _, c := range chapters {
			page.Sections = append(page.Sections, c.section(edition.lang, edition.ending))
		}
		if further != nil {
			page.Sections = append(page.Sections, further(edition.lang)...)
		}
		path := filepath.Join(dir, "index"+edition.ending)
		if err := page.Write(path); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// verdictTable counts verdicts, a line an experiment.
func verdictTable(chapters []Chapter, lang Language) *figures.Table {
	in := func(english, korean string) string { return Text{english, korean}.In(lang) }
	t := &figures.Table{Title: in("Claims by verdict", "판정별 주장의 수"), Columns: []figures.Column{{Name: in("experiment", "실험")}}}
	verdicts := []report.Verdict{report.Holds, report.DoesNotHold, report.CannotTell}
	for _, v := range verdicts {
		t.Columns = append(t.Columns, figures.Column{Name: v.Words(string(lang))})
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

func (c Chapter) section(lang Language, ending string) report.Section {
	section := report.Section{Title: c.Title}
	if c.Err != nil {
		section.Blocks = append(section.Blocks, report.Paragraph(Text{"It did not end: ", "끝나지 못했다: "}.In(lang)+c.Err.Error()))
		return section
	}
	for _, f := range c.Figures {
		section.Blocks = append(section.Blocks, f.Block(lang))
	}
	return report.Section{Title: c.Title, Blocks: append(section.Blocks,
		ClaimsBlock(c.Claims, lang), report.Link{Text: Text{"The whole report", "전체 보고서"}.In(lang), Target: c.Name + ending})}
}
