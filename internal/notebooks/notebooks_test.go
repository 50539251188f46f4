package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"bertlab/internal/notebooks/cells"
	"bertlab/papers/experiment"
)

const folder = "../../notebooks"

var languages = []experiment.Language{experiment.English, experiment.Korean}

func TestTheNotebooksAreWhatTheNarrativesMake(t *testing.T) {
	known := map[string]bool{}
	for _, n := range cells.All {
		for _, lang := range languages {
			path := filepath.Join(folder, edition(n.Name, lang))
			known[filepath.Base(path)] = true
			have, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
				continue
			}
			if want, err := renew(path, n, lang); err != nil {
				t.Errorf("%s: %v", path, err)
			} else if !bytes.Equal(have, want) {
				t.Errorf("%s is not what its narrative makes: go run ./internal/notebooks, then execute it", path)
			}
		}
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if !known[filepath.Base(path)] {
			t.Errorf("%s is made from no narrative", path)
		}
	}
}

func hangul(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
}

// shown is a cell of a notebook's file with what it shows.
type shown struct {
	Type    string   `json:"cell_type"`
	Count   *int     `json:"execution_count"`
	Source  []string `json:"source"`
	Outputs []struct {
		Type string         `json:"output_type"`
		Data map[string]any `json:"data"`
	} `json:"outputs"`
}

func open(t *testing.T, name string, lang experiment.Language) []shown {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, edition(name, lang)))
	if err != nil {
		t.Fatal(err)
	}
	var n struct {
		Cells []shown `json:"cells"`
	}
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	return n.Cells
}

func TestBothEditionsAreMadeOfTheSameCellsEachInItsLanguage(t *testing.T) {
	for _, n := range cells.All {
		english, korean := open(t, n.Name, experiment.English), open(t, n.Name, experiment.Korean)
		if len(english) != len(korean) {
			t.Errorf("%s has %d cells, in Korean %d", n.Name, len(english), len(korean))
			continue
		}
		for i := range english {
			e, k := strings.Join(english[i].Source, ""), strings.Join(korean[i].Source, "")
			if hangul(e) || !hangul(k) {
				t.Errorf("%s: the text of cell %d is not in its language:\n%s\n%s", n.Name, i, e, k)
			}
			if english[i].Type != korean[i].Type || english[i].Type == "code" && uncommented(e) != uncommented(k) {
				t.Errorf("%s: cell %d is not the same in both:\n%s\n%s", n.Name, i, e, k)
			}
		}
	}
}

var (
	numericCell = regexp.MustCompile(`text-align:right">[^<]*</td>`)
	number      = regexp.MustCompile(`[−+]?[0-9]+(?:[.,][0-9]+)*`)
)

// numbers are those of the cells of an HTML table that hold numbers. Those of a cell are sorted, since languages order them by their own
// grammar: 8 of 96 is "96개 중 8개".
func numbers(html any) string {
	list, _ := html.([]any)
	var all []string
	for _, cell := range numericCell.FindAllString(fmt.Sprint(list...), -1) {
		all = append(all, strings.Join(slices.Sorted(slices.Values(number.FindAllString(cell, -1))), " "))
	}
	return strings.Join(all, "; ")
}

// executed tells whether a cell of Go shows something.
func executed(list []shown) bool {
	return slices.ContainsFunc(list, func(c shown) bool { return len(c.Outputs) > 0 })
}

func TestANotebookIsExecutedAsAWhole(t *testing.T) {
	for _, n := range cells.All {
		for _, lang := range languages {
			list := open(t, n.Name, lang)
			for i, c := range list {
				if c.Type == "code" && executed(list) && (c.Count == nil || len(c.Outputs) == 0) {
					t.Errorf("%s: cell %d has no outputs: execute the notebook again", edition(n.Name, lang), i)
				}
			}
		}
	}
}

func TestBothEditionsShowTheSameNumbers(t *testing.T) {
	for _, n := range cells.All {
		english, korean := open(t, n.Name, experiment.English), open(t, n.Name, experiment.Korean)
		if !executed(english) || !executed(korean) {
			t.Logf("%s is not executed in both languages", n.Name)
			continue
		}
		for i := range min(len(english), len(korean)) {
			e, k := english[i].Outputs, korean[i].Outputs
			if len(e) != len(k) {
				t.Errorf("%s: cell %d has %d outputs, in Korean %d", n.Name, i, len(e), len(k))
				continue
			}
			for j := range e {
				if (e[j].Data["image/png"] == nil) != (k[j].Data["image/png"] == nil) {
					t.Errorf("%s: output %d of cell %d is a picture in one language alone", n.Name, j, i)
				}
				if numbers(e[j].Data["text/html"]) != numbers(k[j].Data["text/html"]) {
					t.Errorf("%s: table %d of cell %d has other numbers in Korean", n.Name, j, i)
				}
			}
		}
	}
}

func TestANotebookIsShortInSetUpAndSmall(t *testing.T) {
	for _, n := range cells.All {
		for _, lang := range languages {
			path := filepath.Join(folder, edition(n.Name, lang))
			if info, err := os.Stat(path); err != nil || info.Size() > 1_500_000 {
				t.Errorf("%s: %v, or more than 1.5 MB", path, err)
			}
			first := true
			for i, c := range open(t, n.Name, lang) {
				for _, output := range c.Outputs {
					if output.Type != "display_data" {
						t.Errorf("%s: cell %d shows a %s", path, i, output.Type)
					}
				}
				if c.Type == "code" && first {
					first = false
					if len(c.Source) > 12 {
						t.Errorf("%s: its set-up has %d lines", path, len(c.Source))
					}
				}
			}
		}
	}
}

// made are the cells of a narrative, with the code of a notebook of package cells.
func made(t *testing.T, text string) ([]cell, error) {
	t.Helper()
	return compose(cells.Notebook{Name: "05_landscape", Narrative: fstest.MapFS{"narrative.en.md": {Data: []byte(text)}}}, experiment.English)
}

func TestANarrativeBecomesCells(t *testing.T) {
	list, err := made(t, "## Title\n\nOne.\n{{if report}}\nA report.\n{{else}}\nTwo.\n{{end}}\n{{block \"setting\" .}}It is {{.model}}.{{end}}\n\n{{table \"protocol\"}}\n\n"+
		"## Next\n\n{{if has \"loss\"}}\n{{figure \"loss\" \"Draw it.\"}}\n\n{{table \"loss-*\"}}\n{{else}}\n{{drop}}\n{{end}}\n{{cell \"Turn\" \"Turn it.\"}}\n\n{{claims \"Judge.\"}}\n\nWell.\n\n{{block \"end\" .}}The end.{{end}}\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"# Title\n\nOne.\n\nTwo.",
		"// " + beginning.English + "\n%noautoget\nimport (\n\t\"bertlab/papers/hao2019\"\n\t\"bertlab/papers/notebook\"\n)\n\nvar landscape = notebook.Of(hao2019.Experiment)\n\n%%\n" +
			"landscape.Tell(\"setting\")\nlandscape.Show(\"protocol\")",
		"## Next",
		"// Draw it.\n%%\nlandscape.Show(\"loss\", \"loss-*\")",
		"// Turn it.\n%%\nlandscape.Turn(landscape.Result().TurningSurface())",
		"// Judge.\n%%\nlandscape.Claims()",
		"Well.",
		"// " + telling.English + "\n%%\nlandscape.Tell(\"end\")",
	}
	for i := range max(len(want), len(list)) {
		if i >= len(want) || i >= len(list) || list[i].source() != want[i] {
			t.Fatalf("cell %d of %d: %+v", i, len(list), list)
		}
	}
}

func TestWhatANotebookCannotShowIsRefused(t *testing.T) {
	for text, word := range map[string]string{
		"## T\nIt is {{.model}}.":                          "block",
		"## T\n{{range .tasks}}{{.name}}{{end}}":           "block",
		"## T\n{{figure (print \"a\" .name)}}":             "block",
		"## T\n{{if .leftOut}}Left out.{{end}}":            "block",
		"No title.\n\n{{claims \"Judge.\"}}":               "## Title",
		"## T\n\n{{table \"a\"}}\n\nT.\n\n{{table \"b\"}}": "no comment",
		"## T\n{{cell \"None\" \"Do it.\"}}":               "no function None",
		"## T\n{{figure \"a\" \"b\" \"c\"}}":               "arguments",
		"## T\n{{paragraph \"a\"}}":                        "unknown",
		"## T\n{{figure \"a\"":                             "unclosed",
	} {
		if _, err := made(t, text); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOutputsStayWithCellsThatAreWhatTheyWere(t *testing.T) {
	old, err := encode([]cell{{comment: "Draw.", code: []string{"a.Show(\"x\")"}}, {comment: "List.", code: []string{"a.Show(\"y\")"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := bytes.ReplaceAll(bytes.ReplaceAll(old, []byte(`"outputs": []`), []byte(`"outputs": [{"output_type": "display_data"}]`)), []byte(`"execution_count": null`), []byte(`"execution_count": 7`))
	renewed, err := encode([]cell{{comment: "List all.", code: []string{"a.Show(\"y\")"}}, {markdown: "New."}, {comment: "Draw.", code: []string{"a.Show(\"x\", \"z\")"}}}, run)
	if err != nil {
		t.Fatal(err)
	}
	known, err := decode(renewed)
	if err != nil {
		t.Fatal(err)
	}
	same, other := known["%%\na.Show(\"y\")"], known["%%\na.Show(\"x\", \"z\")"]
	if len(same) != 1 || string(same[0].Count) != "7" || !strings.Contains(string(same[0].Outputs), "display_data") {
		t.Errorf("%+v", same)
	}
	if len(other) != 1 || string(other[0].Count) != "null" || strings.Contains(string(other[0].Outputs), "display_data") {
		t.Errorf("%+v", other)
	}
	if _, err := decode([]byte("{")); err == nil {
		t.Error("a broken notebook is read")
	}
}

func TestANotebookIsForAClass(t *testing.T) {
	for _, n := range cells.All {
		for _, lang := range languages {
			list, name := open(t, n.Name, lang), edition(n.Name, lang)
			question, exercise := "**The question.** ", "// Exercise %d: "
			if lang == experiment.Korean {
				question, exercise = "**질문.** ", "// 연습 %d: "
			}
			if first := strings.Join(list[0].Source, ""); !strings.Contains(first, question) {
				t.Errorf("%s does not begin with its question:\n%s", name, first)
			}
			has := func(part string) bool {
				return slices.ContainsFunc(list, func(c shown) bool { return c.Type == "code" && strings.Contains(strings.Join(c.Source, ""), part) })
			}
			if paper := !slices.Contains([]string{"00_overview", "08_notes"}, n.Name); paper && !has(".Show(\"quoted\")") {
				t.Errorf("%s does not hold the paper's numbers against its own", name)
			}
			for i := range 3 {
				if comment := fmt.Sprintf(exercise, i+1); !has(comment) {
					t.Errorf("%s has no cell that begins with %q", name, comment)
				}
			}
		}
	}
}

func TestTheMapOfTheOverviewHasEveryNotebook(t *testing.T) {
	for _, lang := range languages {
		rows := ""
		for _, c := range open(t, "00_overview", lang) {
			for line := range strings.Lines(strings.Join(c.Source, "")) {
				if strings.HasPrefix(line, "| [") {
					rows += line
				}
			}
		}
		for _, n := range cells.All[1:] {
			if link := "](" + edition(n.Name, lang) + ")"; !strings.Contains(rows, link) {
				t.Errorf("the map of %s has no row for %s", edition("00_overview", lang), n.Name)
			}
		}
	}
}

func TestAnImportWithItsMajorVersionIsFoundByItsName(t *testing.T) {
	for full, name := range map[string]string{"math/rand/v2": "rand", "example.org/view": "view", "sort": "sort", "example.org/v": "v"} {
		if got := packageName(full); got != name {
			t.Errorf("%s is called %s", full, got)
		}
	}
}
