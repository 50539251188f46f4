package figures

import (
	"strings"
	"testing"
)

func TestAFigureAndATableSayTheirOwnWordsInTheirLanguage(t *testing.T) {
	for language, want := range map[string][]string{
		"": {"least-squares fit", "point", "group"}, "fr": {"least-squares fit"}, "ko": {"최소제곱 직선", "점", "그룹"}, "ko-KR": {"최소제곱 직선"},
	} {
		f, err := Scatter(ScatterOptions{Frame: Frame{Title: "T", Language: language}, X: []float64{1, 2, 3}, Y: []float64{1, 3, 2}, Groups: []string{"a", "b", "a"}, Lines: FitLine})
		if err != nil {
			t.Fatal(err)
		}
		svg, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range want {
			if !strings.Contains(string(svg)+f.Data().CSV(), word) {
				t.Errorf("%q: no %s", language, word)
			}
		}
	}
	table := &Table{Columns: []Column{{Name: "a"}, {Name: "b"}}, Rows: [][]any{{true, false}}, Language: "ko"}
	for _, text := range []string{table.Text(), table.HTML(), table.Markdown(), table.LaTeX()} {
		if !strings.Contains(text, "예") || !strings.Contains(text, "아니요") || strings.Contains(text, "yes") {
			t.Error(text)
		}
	}
	if csv := table.CSV(); !strings.Contains(csv, "true,false") {
		t.Errorf("a program reads %s", csv)
	}
}

// Every phrase that a figure asks for is there in the other languages.
func TestEveryPhraseIsSaid(t *testing.T) {
	for english, said := range phrases["ko"] {
		if said == "" || said == english {
			t.Errorf("%q is %q", english, said)
		}
	}
}
