package task

import (
	"reflect"
	"strings"
	"testing"
)

func TestListsThatAreWrittenAsTextsAreNoNames(t *testing.T) {
	sets := mustLookup(t, "multilabel")
	known := []string{"toxic", "insult", "threat"}
	for cell, want := range map[string][]int{
		`"[""toxic"", ""insult""]"`: {0, 1}, `"[""threat"",""toxic""]"`: {0, 2}, "[]": nil, "[0.0,1.0,1.0]": {1, 2}, `"[0, 2]"`: {0, 2}, `"[2]"`: {2}, `"toxic, threat"`: {0, 2},
	} {
		if strings.Contains(cell, ",1.0") {
			cell = `"` + cell + `"`
		}
		d, err := readKind(t, sets, "x.csv", "text,labels\na,"+cell+"\n", Columns{Labels: known})
		if err != nil || d.Examples[0].Label != 0 || len(d.Examples[0].Detail.Classes)+len(want) > 0 && !reflect.DeepEqual(d.Examples[0].Detail.Classes, want) {
			t.Errorf("%s: %+v, %v", cell, d, err)
		}
	}
	for _, labels := range [][]string{nil, known} {
		for _, cell := range []string{`"['toxic', 'insult']"`, "[0. 1. 1.]", "[0 1 1]", "['toxic']"} {
			if _, err := readKind(t, sets, "x.csv", "text,labels\na,"+cell+"\n", Columns{Labels: labels}); err == nil || !strings.Contains(err.Error(), "line 2: the labels are the text") {
				t.Errorf("%s: %v", cell, err)
			}
		}
	}
	d, err := readKind(t, sets, "x.csv", "text,labels\na,\"[\"\"b\"\", \"\"a\"\"]\"\nb,[NONE]\nc,a\n", Columns{})
	if err != nil || !reflect.DeepEqual(d.Task.Labels, []string{"[NONE]", "a", "b"}) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestTagsOfTablesAreNotReadAsCoNLL(t *testing.T) {
	for content, want := range map[string]string{
		"tokens,ner_tags\n\"['the']\",O\n":                       "is CSV",
		"Sentence #,Word,POS,Tag\nSentence: 1,Thousands,NNS,O\n": "is CSV",
	} {
		if _, err := readKind(t, mustLookup(t, "ner"), "x.csv", content, Columns{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
	for _, header := range []string{"Word\tTag", "token label", "tokens\tner_tags", "word\tpos\tchunk\tner"} {
		content := header + "\nthe" + strings.Repeat("\tX", strings.Count(header, "\t")) + " O\n"
		if _, err := readKind(t, mustLookup(t, "ner"), "x.tsv", "\n"+content, Columns{}); err == nil || !strings.Contains(err.Error(), "line 2 is a header") {
			t.Errorf("%q: %v", header, err)
		}
	}
	if d, err := readKind(t, mustLookup(t, "ner"), "x.tsv", "word\tO\nlabel\tB-X\n", Columns{}); err != nil || d.Len() != 1 {
		t.Errorf("words that are words: %v", err)
	}
}
