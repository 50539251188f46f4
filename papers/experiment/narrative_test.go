package experiment

import (
	"strings"
	"testing"
	"testing/fstest"

	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
)

func TestANarrativeGoesThroughAListAndShowsStringsAsTheyAre(t *testing.T) {
	text := "## All\n{{range .tasks}}\n## {{.name}}\n\nRead from {{.path}}, {{.examples}} examples.\n\n{{figure (print \"scores-\" .name)}}\n{{end}}"
	n := &Narrative{
		order:   []string{"scores-movies", "scores-mnli-mm"},
		numbers: map[string]any{"tasks": []map[string]any{{"name": "movies", "path": "a_b_c*", "examples": 3}, {"name": "mnli-mm", "path": "<b>", "examples": 4}}},
		figures: map[string]report.Block{"scores-movies": report.Paragraph("one"), "scores-mnli-mm": report.Paragraph("two")},
	}
	sections, err := n.sections(fstest.MapFS{"narrative.en.md": {Data: []byte(text)}}, words.English)
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

// numbered is an edition that has numbers alone.
type numbered struct {
	Edition
	numbers map[string]any
}

func (n numbered) Numbers() map[string]any { return n.numbers }

// tale is an experiment that consists of its narrative.
func tale(text string, numbers map[string]any) *Experiment[struct{}, struct{}] {
	return &Experiment[struct{}, struct{}]{
		Narrative: fstest.MapFS{"narrative.en.md": {Data: []byte(text)}},
		Tell:      func(*struct{}, Voice) Edition { return numbered{numbers: numbers} },
	}
}

func TestAParagraphIsToldByItsName(t *testing.T) {
	e := tale("## All\n\n{{block \"who\" .}}It is {{.model}}.{{if .more}} {{.more}}{{end}}{{end}}\n\n{{figure \"x\" \"Draw x.\"}}\n", map[string]any{"model": "a*b", "more": ""})
	if said, err := e.Paragraph(nil, "who", words.English); err != nil || said != `It is a\*b.` {
		t.Errorf("%q, %v", said, err)
	}
	for name, wrong := range map[string]*Experiment[struct{}, struct{}]{
		`"who"`: tale("## All\n", nil), "missing": tale("## All\n{{block \"who\" .}}{{.missing}}{{end}}", map[string]any{}), "figure": tale("## All\n{{block \"who\" .}}{{figure \"x\"}}{{end}}", nil),
	} {
		if _, err := wrong.Paragraph(nil, "who", words.English); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// told is a result with a protocol.
type told struct {
	Measured[struct{ Seeds []int }]
}

func TestANarrativeKnowsTheQuickProtocol(t *testing.T) {
	type protocol = struct{ Seeds []int }
	e := &Experiment[protocol, told]{
		Quick:     func() protocol { return protocol{[]int{1}} },
		Narrative: fstest.MapFS{"narrative.en.md": {Data: []byte("## All\n\n{{block \"how\" .}}{{if .quick}}Quick.{{else}}Full.{{end}}{{end}}\n")}},
		Tell:      func(*told, Voice) Edition { return numbered{} },
	}
	for want, seeds := range map[string][]int{"Quick.": {1}, "Full.": {1, 2}} {
		result := &told{}
		result.Config.Seeds = seeds
		if said, err := e.Paragraph(result, "how", words.English); err != nil || said != want {
			t.Errorf("seeds %v: %q, %v", seeds, said, err)
		}
	}
}

func TestReportAndNotebookHaveTextsOfTheirOwn(t *testing.T) {
	files := fstest.MapFS{"narrative.en.md": {Data: []byte("## All\n{{if report}}\nRead.\n{{else}}\nRun.\n\n{{cell \"Turn\" \"Turn it.\"}}\n{{end}}\n{{table \"t-*\" \"List.\"}}\n")}}
	for _, c := range []struct {
		notebook bool
		says     string
	}{{false, "Read."}, {true, "Run."}} {
		n := &Narrative{tables: map[string]report.Block{"t-b": report.Paragraph("b"), "t-a": report.Paragraph("a"), "t-c": nil}, order: []string{"t-b", "t-a", "t-c"}, notebook: c.notebook}
		sections, err := n.sections(files, words.English)
		if err != nil || len(sections) != 1 || len(sections[0].Blocks) != 3 {
			t.Fatalf("%+v, %v", sections, err)
		}
		blocks := sections[0].Blocks
		if said := string(blocks[0].(report.Markdown)); strings.TrimSpace(said) != c.says || blocks[1] != report.Paragraph("b") || blocks[2] != report.Paragraph("a") {
			t.Errorf("%+v", blocks)
		}
	}
}
