package experiment

import (
	"bertlab/figures/report"
	"strings"
	"testing"
	"testing/fstest"
)

func TestANarrativeGoesThroughAListAndShowsStringsAsTheyAre(t *testing.T) {
	text := "## All\n{{range .tasks}}\n## {{.name}}\n\nRead from {{.path}}, {{.examples}} examples.\n\n{{figure (print \"scores-\" .name)}}\n{{end}}"
	n := &Narrative{
		numbers: map[string]any{"tasks": []map[string]any{{"name": "movies", "path": "a_b_c*", "examples": 3}, {"name": "mnli-mm", "path": "<b>", "examples": 4}}},
		figures: map[string]report.Block{"scores-movies": report.Paragraph("one"), "scores-mnli-mm": report.Paragraph("two")},
	}
	sections, err := n.sections(fstest.MapFS{"narrative.en.md": {Data: []byte(text)}}, English)
	if err != nil || len(sections) != 3 {
		t.Fatalf("%d sections, %v", len(sections), err)
	}
	for i, want := range []struct {
		title, says string
		figure      report.Block
	}{{"movies", `a\_b\_c\*, 3 examples`, report.Paragraph("one")}, {"mnli-mm", `\<b>, 4 examples`, report.Paragraph("two")}} {
		s := sections[1+i]
		if said, ok := s.Blocks[0].(report.Markdown); s.Title != want.title || !ok || !strings.Contains(string(said), want.says) || len(s.Blocks) != 2 || s.Blocks[1] != want.figure {
			t.Errorf("section %d: %+v", i, s)
		}
	}
	if n.numbers["tasks"].([]map[string]any)[0]["path"] != "a_b_c*" {
		t.Error("the numbers themselves were changed")
	}
}
