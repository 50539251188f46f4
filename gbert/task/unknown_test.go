package task

import (
	"reflect"
	"strings"
	"testing"
)

func TestRowsWhoseLabelsNobodyKnowsAreUnlabelled(t *testing.T) {
	sets := &Task{Name: "multilabel", Kind: MultiLabel, Labels: []string{"toxic", "insult"}, Metrics: multiLabelMetrics}
	for name, c := range map[string]struct {
		content string
		test    bool
		labels  []int // of the examples
	}{
		"minus one in all columns":   {"text,toxic,insult\na,1,0\nb,-1,-1\nc,-1.0,-1\nd,0,0\n", false, []int{0, -1, -1, 0}},
		"nothing in all, for a test": {"text,toxic,insult\na,1,0\nb,,\n", true, []int{0, -1}},
		"lines without the keys":     {`{"text": "a", "toxic": 1, "insult": 1}` + "\n" + `{"text": "b"}` + "\n" + `{"text": "c", "toxic": null, "insult": null}`, true, []int{0, -1, -1}},
	} {
		file := "x.csv"
		if strings.HasPrefix(c.content, "{") {
			file = "x.jsonl"
		}
		d, err := readKind(t, sets, file, c.content, Columns{Unlabelled: c.test})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var labels []int
		for _, e := range d.Examples {
			labels = append(labels, e.Label)
			if e.Label < 0 && e.Detail.Classes != nil {
				t.Errorf("%s: an unlabelled example has the classes %v", name, e.Detail.Classes)
			}
		}
		if !reflect.DeepEqual(labels, c.labels) {
			t.Errorf("%s: labels %v", name, labels)
		}
	}
	for want, content := range map[string]string{
		"line 3: has no label: give it one": "text,toxic,insult\na,1,0\nb,,\n",
		`"-1" is neither 0 nor 1`:           "text,toxic,insult\na,1,-1\n",
		`"" is neither 0 nor 1`:             "text,toxic,insult\na,1,\n",
		`"-2" is neither 0 nor 1`:           "text,toxic,insult\na,-2,-2\n",
	} {
		if _, err := readKind(t, sets, "x.csv", content, Columns{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestErrorsNameTheFieldsThatHelp(t *testing.T) {
	for want, c := range map[string]struct{ task, content string }{
		"with Columns.Label;":      {"sst2", "sentence,x\na,1\n"},
		"Columns.Unlabelled":       {"sst2", "sentence,label\na,\n"},
		"Columns.Text":             {"sst2", "a,b\nc,1\n"},
		"Columns.Labels":           {"custom", "text,label\na,1\n"},
		"of 0/1 columns":           {"multilabel", "text,a,b\nx,1,0\n"},
		"data without answers are": {"squad", `{"id": "1", "question": "a", "context": "b", "answers": {"text": [], "answer_start": []}}`},
	} {
		file := "x.csv"
		if strings.HasPrefix(c.content, "{") {
			file = "x.jsonl"
		}
		if _, err := readKind(t, mustLookup(t, c.task), file, c.content, Columns{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
