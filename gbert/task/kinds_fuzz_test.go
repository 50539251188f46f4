package task

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// fuzzKind reads content as a file of a task: it must be an error that names the file, or examples that keep their promises.
func fuzzKind(t *testing.T, name, file string, content []byte) {
	for _, c := range []Columns{{}, {Labels: []string{"O", "B-A", "c"}, Unlabelled: true, SkipMalformed: true}} {
		task := mustLookup(t, name)
		if task.Kind == Spans {
			c.Labels = nil
		}
		d, err := readKind(t, task, file, string(content), c)
		if err != nil {
			if !strings.Contains(err.Error(), file) {
				t.Fatalf("%v does not name the file", err)
			}
			continue
		}
		for _, e := range d.Examples {
			checkDetail(t, d.Task, e)
		}
	}
}

func checkDetail(t *testing.T, task *Task, e Example) {
	bad := e.Detail == nil || e.Label < -1 || e.Label > 0 || !utf8.ValidString(e.TextA) || !utf8.ValidString(e.TextB)
	if !bad && e.Label == 0 {
		bad = task.Kind == Tagging && len(e.Detail.Words) != len(e.Detail.Tags) || !slices.IsSorted(e.Detail.Classes) || task.Name == "squad" && len(e.Detail.Answers) == 0
		for _, k := range slices.Concat(e.Detail.Classes, e.Detail.Tags) {
			bad = bad || k < 0 || k >= len(task.Labels)
		}
		for _, a := range e.Detail.Answers {
			bad = bad || a.Text == "" || !strings.HasPrefix(e.TextB[a.Start:], a.Text)
		}
	}
	if bad {
		t.Fatalf("%+v %+v", e, e.Detail)
	}
}

func FuzzSQuAD(f *testing.F) {
	f.Add([]byte(squadFile))
	f.Add([]byte(`{"data": [{"paragraphs": [{"context": "a b", "qas": [{"id": 1, "question": "q", "answers": [{"text": "b", "answer_start": 2}]}]}]}], "version": "1.1"}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		fuzzKind(t, "squad", "fuzz.json", content)
		fuzzKind(t, "squad2", "fuzz.json", content)
	})
}

func FuzzQuestionLines(f *testing.F) {
	f.Add([]byte(`{"id": "a", "context": "x y", "question": "q", "answers": {"text": ["y"], "answer_start": [2]}}`))
	f.Add([]byte(`{"context": "x y", "question": "q", "answers": [{"text": "y", "answer_start": 2}]}`))
	f.Fuzz(func(t *testing.T, content []byte) { fuzzKind(t, "squad2", "fuzz.jsonl", content) })
}

func FuzzCoNLL(f *testing.F) {
	f.Add([]byte(conllFile))
	f.Add([]byte("a\tO\nb\tB-A\n\t\nc\tI-A"))
	f.Fuzz(func(t *testing.T, content []byte) { fuzzKind(t, "ner", "fuzz.conll", content) })
}

func FuzzTagLines(f *testing.F) {
	f.Add([]byte(`{"tokens": ["a", "b"], "ner_tags": ["O", "B-A"]}`))
	f.Add([]byte(`{"tokens": ["a"], "tags": [1]}`))
	f.Fuzz(func(t *testing.T, content []byte) { fuzzKind(t, "ner", "fuzz.jsonl", content) })
}

func FuzzLabelSets(f *testing.F) {
	for _, s := range []string{`{"text": "a", "labels": ["c", "O"]}`, `{"text": "a", "labels": [0, 2]}`, `{"text": "a", "labels": [0, 1, 1]}`, `{"text": "a", "label": "c,O"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		fuzzKind(t, "multilabel", "fuzz.jsonl", content)
		fuzzKind(t, "multilabel", "fuzz.tsv", content)
	})
}

func FuzzParquetLists(f *testing.F) {
	dir := f.TempDir()
	type row struct {
		Tokens []string `parquet:"tokens,list"`
		Tags   []int64  `parquet:"ner_tags,list"`
	}
	question := hubQuestion{ID: "a", Context: "x y", Question: "q"}
	question.Answers.Text, question.Answers.Start = []string{"y"}, []int32{2}
	for _, path := range []string{
		writeParquet(f, dir, "a.parquet", []row{{[]string{"a", "b"}, []int64{0, 1}}, {[]string{"c"}, []int64{2}}}),
		writeParquet(f, dir, "b.parquet", []hubQuestion{question}),
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		fuzzKind(t, "ner", "fuzz.parquet", content)
		fuzzKind(t, "squad2", "fuzz.parquet", content)
	})
}
