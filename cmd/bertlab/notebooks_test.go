package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"bertlab/papers/experiment"
)

// notebook is what two editions of a notebook have in common.
type notebook struct {
	Cells []struct {
		Type    string   `json:"cell_type"`
		Source  []string `json:"source"`
		Outputs []struct {
			Data map[string]any `json:"data"`
		} `json:"outputs"`
	} `json:"cells"`
}

func readNotebook(t *testing.T, path string) notebook {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n notebook
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return n
}

func hangul(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
}

var numericCell = regexp.MustCompile(`text-align:right">[^<]*</td>`)

// numbers are the cells of an HTML table that hold numbers.
func numbers(html any) string {
	var text strings.Builder
	lines, _ := html.([]any)
	for _, line := range lines {
		for _, cell := range numericCell.FindAllString(fmt.Sprint(line), -1) {
			text.WriteString(cell)
		}
	}
	return text.String()
}

func TestAKoreanNotebookIsMadeOfTheSameCellsAndTheSameNumbers(t *testing.T) {
	paths, err := filepath.Glob("../../notebooks/*" + experiment.KoreanNotebook)
	if err != nil || len(paths) < 2 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		korean, english := readNotebook(t, path), readNotebook(t, strings.TrimSuffix(path, experiment.KoreanNotebook)+".ipynb")
		if len(korean.Cells) != len(english.Cells) {
			t.Errorf("%s has %d cells, the English one %d", path, len(korean.Cells), len(english.Cells))
			continue
		}
		for i, k := range korean.Cells {
			e := english.Cells[i]
			if k.Type != e.Type || k.Type == "code" && !reflect.DeepEqual(k.Source, e.Source) {
				t.Errorf("%s: cell %d is not that of the English one", path, i)
			}
			if k.Type == "markdown" && (!hangul(strings.Join(k.Source, "")) || hangul(strings.Join(e.Source, ""))) {
				t.Errorf("%s: the text of cell %d is not in its language", path, i)
			}
			if len(k.Outputs) != len(e.Outputs) {
				t.Errorf("%s: cell %d has %d outputs, in English %d", path, i, len(k.Outputs), len(e.Outputs))
				continue
			}
			for j, output := range k.Outputs {
				if !reflect.DeepEqual(output.Data["image/png"], e.Outputs[j].Data["image/png"]) {
					t.Errorf("%s: picture %d of cell %d is another one", path, j, i)
				}
				if numbers(output.Data["text/html"]) != numbers(e.Outputs[j].Data["text/html"]) {
					t.Errorf("%s: table %d of cell %d has other numbers", path, j, i)
				}
			}
		}
	}
}
