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
	"bertlab/papers/experiment/words"
)

func publication(t *testing.T) Publication {
	t.Helper()
	claims, err := bilingual(func(say *words.Printer) ([]Claim, error) {
		return []Claim{{Text: map[*words.Printer]string{words.English: "It works.", words.Korean: "작동한다."}[say], Verdict: report.Holds}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if claims[0].Text != "It works." || claims[0].Korean != "작동한다." {
		t.Fatalf("%+v", claims)
	}
	return Publication{Name: "paper", Result: map[string]int{"answer": 42}, In: published}
}

func published(say *words.Printer) (*Published, error) {
	in := func(english, korean string) string {
		return map[*words.Printer]string{words.English: english, words.Korean: korean}[say]
	}
	bars, err := figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{Title: in("Two bars", "막대 둘")}, Groups: []string{"a", "b"}, Series: []figures.BarSeries{{Name: "one", Values: []float64{1, 2}}},
	})
	if err != nil {
		return nil, err
	}
	list := []NamedFigure{{Name: "bars", Figure: bars, Caption: in("What there is to see", "보이는 것")}}
	provenance, err := ProvenanceSection(Provenance{Model: "tiny"}, map[string]int{"seed": 7}, say)
	return &Published{
		Figures: list,
		Tables:  []NamedTable{{Name: "table", Table: &figures.Table{Columns: []figures.Column{{Name: in("column", "열")}}, Rows: [][]any{{1}}}}},
		Pages:   []NamedPage{{Name: "turn", HTML: "<p>to be turned</p>"}},
		Report: &report.Report{Title: in("A paper", "논문 하나"), Language: say.Tag(), Sections: []report.Section{
			{Title: "s", Blocks: []report.Block{ClaimsBlock([]Claim{{Text: in("It works.", "작동한다."), Verdict: report.Holds}}), list[0].Block()}}, provenance,
		}},
	}, err
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
		"figures/turn.html", "figures/bars.ko.png", "figures/bars.ko.svg", "figures/bars.ko.pdf", "figures/bars.ko.csv",
		"figures/table.ko.html", "figures/table.ko.md", "figures/table.ko.tex", "figures/table.ko.csv", "figures/turn.ko.html",
	} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 || !slices.Contains(paths, filepath.Join(dir, name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, words := range map[string][]string{
		"figures/table.csv": {"column"}, "figures/table.ko.csv": {"열"}, "figures/bars.svg": {"Two bars"}, "figures/bars.ko.svg": {"막대 둘"},
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
	for mentions, change := range map[string]func(*Published){
		"has no caption":   func(p *Published) { p.Figures[0].Caption = "" },
		"are called bars":  func(p *Published) { p.Figures = append(p.Figures, p.Figures[0]) },
		"are called table": func(p *Published) { p.Pages = []NamedPage{{Name: "table"}} },
	} {
		p := publication(t)
		for _, wrong := range words.Languages {
			p.In = func(say *words.Printer) (*Published, error) {
				published, err := published(say)
				if say == wrong {
					change(published)
				}
				return published, err
			}
			if _, err := p.Write(t.TempDir()); err == nil || !strings.Contains(err.Error(), mentions) {
				t.Errorf("%s in the edition %s: %v", mentions, wrong.Tag(), err)
			}
		}
	}
	for mentions, change := range map[string]func(*Publication){
		"paper: json: unsupported": func(p *Publication) { p.Result = func() {} },
		"paper: the clock is broken": func(p *Publication) {
			p.In = func(*words.Printer) (*Published, error) { return nil, errors.New("the clock is broken") }
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
