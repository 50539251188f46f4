package experiment

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/figures"
	"bertlab/figures/report"
)

func publication(t *testing.T) Publication {
	t.Helper()
	bars, err := figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{Title: "Two bars"}, Groups: []string{"a", "b"}, Series: []figures.BarSeries{{Name: "one", Values: []float64{1, 2}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	list := []NamedFigure{{Name: "bars", Figure: bars, Caption: Text{"What there is to see", "보이는 것"}}}
	return Publication{
		Name: "paper", Result: map[string]int{"answer": 42}, Figures: list,
		Tables: []NamedTable{{Name: "table", Table: &figures.Table{Columns: []figures.Column{{Name: "x"}}, Rows: [][]any{{1}}}}},
		Pages:  []NamedPage{{Name: "turn", HTML: "<p>to be turned</p>"}},
		Report: func(lang Language) (*report.Report, error) {
			provenance, err := ProvenanceSection(Provenance{Model: "tiny"}, map[string]int{"seed": 7}, lang)
			return &report.Report{Title: Text{"A paper", "논문 하나"}.In(lang), Sections: []report.Section{
				{Title: "s", Blocks: []report.Block{ClaimsBlock([]Claim{{Text: "It works.", Korean: "작동한다.", Verdict: report.Holds}}, lang), list[0].Block(lang)}}, provenance,
			}}, err
		},
	}
}

func TestAPublicationHasEveryFormatAndBothLanguages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	paths, err := publication(t).Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if last := paths[len(paths)-1]; last != filepath.Join(dir, "paper.html") || !slices.IsSorted(paths[:len(paths)-1]) {
		t.Errorf("the English report is not last, or the others are not sorted: %v", paths)
	}
	for _, name := range []string{
		"paper.json", "paper.ko.html", "figures/bars.png", "figures/bars.svg", "figures/bars.pdf", "figures/bars.csv",
		"figures/table.html", "figures/table.md", "figures/table.tex", "figures/table.csv",
		"figures/turn.html",
	} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 || !slices.Contains(paths, filepath.Join(dir, name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, words := range map[string][]string{
		"paper.html":    {`lang="en"`, "A paper", "Contents", "It works.", "holds", "Figure 1.", "What there is to see", "Where the numbers come from", `{&#34;seed&#34;:7}`},
		"paper.ko.html": {`lang="ko"`, "논문 하나", "차례", "작동한다.", "성립함", "그림 1.", "보이는 것", "수치의 출처", `{&#34;seed&#34;:7}`},
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(string(text), word) {
				t.Errorf("%s does not say %q", name, word)
			}
		}
	}
}

func TestAPublicationThatIsNotWholeIsRefused(t *testing.T) {
	for mentions, change := range map[string]func(*Publication){
		"none in Korean":           func(p *Publication) { p.Figures[0].Caption.Korean = "" },
		"no caption in English":    func(p *Publication) { p.Figures[0].Caption.English = "" },
		"are called bars":          func(p *Publication) { p.Figures = append(p.Figures, p.Figures[0]) },
		"are called table":         func(p *Publication) { p.Pages = []NamedPage{{Name: "table"}} },
		"paper: json: unsupported": func(p *Publication) { p.Result = func() {} },
		"paper: the clock is broken": func(p *Publication) {
			p.Report = func(Language) (*report.Report, error) { return nil, errors.New("the clock is broken") }
		},
	} {
		p := publication(t)
		change(&p)
		if _, err := p.Write(t.TempDir()); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}

func TestAFolderThatCannotBeMadeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := publication(t).Write(filepath.Join(file, "below")); err == nil || !strings.Contains(err.Error(), file) {
		t.Error(err)
	}
}
