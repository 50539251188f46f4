package experiment

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
)

func TestTheIndexLeadsToEveryReportInItsLanguage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "results")
	claims := func(say *words.Printer) []Claim {
		if say == words.Korean {
			return []Claim{{Text: "없어도 된다.", Verdict: report.Holds}, {Text: "모두.", Verdict: report.DoesNotHold}}
		}
		return []Claim{{Text: "They can go.", Verdict: report.Holds}, {Text: "All.", Verdict: report.DoesNotHold}}
	}
	chapters := []Chapter{
		{Name: "heads", Title: "Heads", Outcome: &Outcome{
			Claims: claims(words.English), Tell: func(say *words.Printer) ([]Claim, *NamedFigure, error) {
				published, err := published(say)
				return claims(say), &published.Figures[0], err
			},
			Further: func(say *words.Printer) ([]report.Section, error) {
				return []report.Section{{Title: Text{"Side by side", "나란히"}.In(Language(say.Tag()))}}, nil
			},
		}},
		{Name: "layers", Title: "Layers", Outcome: &Outcome{Err: errors.New("the disk is full")}},
	}
	paths, err := WriteIndex(dir, chapters)
	if err != nil || len(paths) != 2 || paths[1] != filepath.Join(dir, "index.html") {
		t.Fatalf("%v, %v", paths, err)
	}
	for name, words := range map[string][]string{
		"index.html":    {"They can go.", `href="heads.html"`, "Side by side", "the disk is full", "What there is to see", "does not hold"},
		"index.ko.html": {"없어도 된다.", `href="heads.ko.html"`, "나란히", "끝나지 못했다", "보이는 것", "성립하지 않음", "차례"},
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
		if strings.Contains(string(text), `href="layers`) {
			t.Errorf("%s leads to a report that is not there", name)
		}
	}
}
