package task

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// readKind reads content as a file of a name.
func readKind(t testing.TB, task *Task, name, content string, c Columns) (*Dataset, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadFile(task, path, c)
}

const squadFile = `{"version": "v2.0", "data": [{"title": "data", "paragraphs": [{"context": "Zoë 😀 saw the red cat.", "qas": [
 {"id": "q1", "question": "Who saw it?", "answers": [{"text": "Zoë", "answer_start": 0}, {"text": "Zoë 😀", "answer_start": 0}]},
 {"id": 2, "question": "What did she see?", "answers": [{"answer_start": 10, "text": "the red cat"}], "is_impossible": false},
 {"id": "q3", "question": "Why?", "answers": [], "plausible_answers": [{"text": "cat", "answer_start": 18}], "is_impossible": true}]}]}]}`

func TestSQuADFilesAreReadWithTheirAnswersPlaces(t *testing.T) {
	open := mustLookup(t, "squad2")
	want := []Example{
		{ID: "q1", TextA: "Who saw it?", Detail: &Detail{Answers: []Answer{{"Zoë", 0}, {"Zoë 😀", 0}}}},
		{ID: "2", TextA: "What did she see?", Detail: &Detail{Answers: []Answer{{"the red cat", 14}}}},
		{ID: "q3", TextA: "Why?", Detail: &Detail{}},
	}
	context := "Zoë 😀 saw the red cat."
	lines := fmt.Sprintf(`{"id": "q1", "context": %[1]q, "question": "Who saw it?", "answers": {"text": ["Zoë", "Zoë 😀"], "answer_start": [0, 0]}}
{"id": 2, "context": %[1]q, "question": "What did she see?", "answers": [{"text": "the red cat", "answer_start": 10}]}
{"id": "q3", "context": %[1]q, "question": "Why?", "answers": {"text": [], "answer_start": []}}`, context)
	for name, content := range map[string]string{"x.json": squadFile, "x.txt": squadFile, "x.jsonl": lines, "no-name": lines} {
		d, err := readKind(t, open, name, content, Columns{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range want {
			want[i].TextB = context
			if !reflect.DeepEqual(d.Examples[i], want[i]) {
				t.Errorf("%s: got %+v %+v", name, d.Examples[i], d.Examples[i].Detail)
			}
		}
		if d.Len() != len(want) {
			t.Errorf("%s: %d examples", name, d.Len())
		}
	}
	if _, err := readKind(t, mustLookup(t, "squad"), "x.json", squadFile, Columns{}); err == nil || !strings.Contains(err.Error(), "question 3") || !strings.Contains(err.Error(), "squad2") {
		t.Errorf("no answer in squad: %v", err)
	}
}

type hubQuestion struct {
	ID       string `parquet:"id"`
	Context  string `parquet:"context"`
	Question string `parquet:"question"`
	Answers  struct {
		Text  []string `parquet:"text,list"`
		Start []int32  `parquet:"answer_start,list"`
	} `parquet:"answers"`
}

func TestTheHubsParquetOfQuestionsIsRead(t *testing.T) {
	rows := []hubQuestion{{ID: "a", Context: "é red cat", Question: "Which?"}, {ID: "b", Context: "x", Question: "Why?"}}
	rows[0].Answers.Text, rows[0].Answers.Start = []string{"red", "red cat"}, []int32{2, 2}
	d, err := ReadFile(mustLookup(t, "squad2"), writeParquet(t, t.TempDir(), "x.parquet", rows), Columns{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(d.Examples[0].Detail.Answers, []Answer{{"red", 3}, {"red cat", 3}}) || d.Examples[1].Detail.Answers != nil || d.Examples[1].Label != 0 {
		t.Errorf("%+v %+v", d.Examples[0].Detail, d.Examples[1])
	}
}

func TestBrokenSQuADFilesAreRefusedByPlace(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(squadFile, old, new, 1) }
	for want, content := range map[string]string{
		"question 2: answer 1, \"the red cat\", does not stand at character 9": change(`"answer_start": 10`, `"answer_start": 9`),
		"question 1: answer 1, \"Zoë\", begins at \"-1\"":                      change(`"answer_start": 0`, `"answer_start": -1`),
		"question 1: answer 2, \"Zoë 😀\", does not stand at character 900":     change(`"Zoë 😀", "answer_start": 0`, `"Zoë 😀", "answer_start": 900`),
		"question 3: paragraph 1 of article 1: the question":                   change(`"question": "Why?",`, ``),
		"ends within the document, at byte":                                    squadFile[:len(squadFile)-3],
		"the document is followed by":                                          squadFile + "{}",
		"begins with [":                                                        "[" + squadFile + "]",
		"data is {":                                                            `{"data": {}}`,
	} {
		_, err := readKind(t, mustLookup(t, "squad2"), "x.json", content, Columns{})
		if err == nil || !strings.Contains(err.Error(), "x.json: ") || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "JSON document") {
			t.Errorf("%s: %v", want, err)
		}
	}
	d, err := readKind(t, mustLookup(t, "squad"), "x.json", squadFile, Columns{SkipMalformed: true})
	if err != nil || d.Len() != 2 || d.LeftOut[0].Rows != 1 {
		t.Errorf("skipped: %v, %v", d, err)
	}
}

const conllFile = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n\t\nPeter NNP I-NP B-PER\r\n \nThe DT x O\n"

func TestCoNLLFilesAreReadAsTexts(t *testing.T) {
	d, err := readKind(t, mustLookup(t, "ner"), "train.conll", conllFile, Columns{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Task.Labels, []string{"B-ORG", "B-PER", "O"}) || d.Task.Metrics[0] != F1 {
		t.Errorf("labels %v, metrics %v", d.Task.Labels, d.Task.Metrics)
	}
	want := []Example{
		{ID: "0", TextA: "EU rejects", Detail: &Detail{Words: []string{"EU", "rejects"}, Tags: []int{0, 2}}},
		{ID: "1", TextA: "Peter", Detail: &Detail{Words: []string{"Peter"}, Tags: []int{1}}},
		{ID: "2", TextA: "The", Detail: &Detail{Words: []string{"The"}, Tags: []int{2}}},
	}
	if !reflect.DeepEqual(d.Examples, want) || len(d.LeftOut) != 0 {
		t.Errorf("%v: %+v", d, d.Examples)
	}
	named, err := readKind(t, mustLookup(t, "ner"), "dev.conll", conllFile, Columns{Labels: []string{"O", "B-PER", "B-ORG", "I-ORG"}})
	if err != nil || !slices.Equal(named.Examples[0].Detail.Tags, []int{2, 0}) {
		t.Errorf("%v, %v", named, err)
	}
	words, err := readKind(t, mustLookup(t, "ner"), "test.txt", "EU\nrejects\n\nPeter\n", Columns{Labels: []string{"O"}, Unlabelled: true})
	if err != nil || words.Len() != 2 || words.Unlabelled() != 2 {
		t.Errorf("%v, %v", words, err)
	}
	pos, err := readKind(t, mustLookup(t, "ner"), "pos.conll", "EU\tNOUN\nruns\tVERB\n", Columns{})
	if err != nil || !slices.Equal(pos.Task.Metrics, []string{Accuracy}) {
		t.Errorf("tags of no entities: %v, %v", pos, err)
	}
}

func TestCommentsOfCoNLLFilesAreNoWords(t *testing.T) {
	cat := []Example{
		{ID: "0", TextA: "The cat", Detail: &Detail{Words: []string{"The", "cat"}, Tags: []int{1, 0}}},
		{ID: "1", TextA: "#", Detail: &Detail{Words: []string{"#"}, Tags: []int{1}}},
	}
	for name, content := range map[string]string{
		"tabs":          "# newdoc\n# sent_id = 1\n# text = The cat\nThe\tO\n# a remark on what follows\ncat\tB-X\n\n# sent_id = 2\n# text =\n#\tO\n",
		"blanks":        "# global.columns = A B\n# newdoc id = a\n# sent_id = 1\n# text = The cat\nThe x O\ncat y B-X\n\n# sent_id = 2\n# x O\n",
		"ids":           "# id 5f\tdomain=en\nThe\tO\ncat\tB-X\n# id 60\tdomain=en\n#\tO\n",
		"blanks, ids":   "# id 5f domain=en\n# note = no\nThe O\ncat B-X\n# id 60 domain=en\n# O\n",
		"a comment end": "The\tO\ncat\tB-X\n\n#\tO\n\n# text = at the end\n",
	} {
		d, err := readKind(t, mustLookup(t, "ner"), "train.conll", content, Columns{})
		if err != nil || !reflect.DeepEqual(d.Examples, cat) {
			t.Errorf("%s: %v, %+v", name, err, d)
		}
	}
	d, err := readKind(t, mustLookup(t, "ner"), "x.conll", "# O\n5 B-X\n", Columns{})
	if err != nil || d.Len() != 1 || d.Examples[0].TextA != "# 5" {
		t.Errorf("a sign that is a word: %v, %+v", err, d)
	}
	words, err := readKind(t, mustLookup(t, "ner"), "test.txt", "# text = EU\nEU\n\n# text = #\n#\n", Columns{Labels: []string{"O"}, Unlabelled: true})
	if err != nil || words.Len() != 2 || words.Examples[0].TextA != "EU" || words.Examples[1].TextA != "#" {
		t.Errorf("without tags: %v, %+v", err, words)
	}
	_, err = readKind(t, mustLookup(t, "ner"), "x.conll", "# text = a\n# a remark\n", Columns{Labels: []string{"O"}})
	if err == nil {
		t.Error("a file of comments was read")
	}
}

func TestBrokenCoNLLFilesAreRefusedByLine(t *testing.T) {
	for want, content := range map[string]string{
		"line 3: a word and its tag":         "a\tO\n\nb\n",
		"line 2: has no word, or no tag":     "a\tO\n\tO\n",
		"is not among 0 (O), 1 (B-X)":        "a\tO\nb\tB-Y\n",
		"line 2: byte 1 (0xff) is not UTF-8": "a\tO\n\xff\tO\n",
		"has no label column, expected":      "a\nb\n",
		"has no rows":                        "\n\n",
		"has no rows: a header":              "-DOCSTART- O\n",
		"a NUL byte: is this a text file?":   "a\tO\n" + strings.Repeat("b\tO\n", 5000) + "\x00\tO\n",
		"longer than 1048576 bytes":          strings.Repeat("x", MaxLine+10),
	} {
		_, err := readKind(t, mustLookup(t, "ner"), "x.conll", content, Columns{Labels: []string{"O", "B-X"}})
		if err == nil || !strings.Contains(err.Error(), "x.conll: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	d, err := readKind(t, mustLookup(t, "ner"), "x.conll", "a\tO\nb\n\nc\tO\n", Columns{SkipMalformed: true})
	if err != nil || d.Len() != 1 || d.Examples[0].TextA != "c" || d.LeftOut[0].Lines[0] != 2 {
		t.Errorf("skipped: %v, %v", d, err)
	}
}

func TestListsOfWordsAndTagsAreRead(t *testing.T) {
	type row struct {
		Tokens []string `parquet:"tokens,list"`
		Tags   []int64  `parquet:"ner_tags,list"`
	}
	named := Columns{Labels: []string{"O", "B-A"}}
	d, err := ReadFile(mustLookup(t, "ner"), writeParquet(t, t.TempDir(), "x.parquet", []row{{[]string{"a", "b"}, []int64{1, 0}}, {[]string{"c"}, []int64{0}}}), named)
	if err != nil || d.Len() != 2 || !slices.Equal(d.Examples[0].Detail.Tags, []int{1, 0}) {
		t.Errorf("%v, %v", d, err)
	}
	for _, content := range []string{`{"tokens": ["a", "b"], "ner_tags": [1, 0]}`, `{"words": ["a", "b"], "tags": ["B-A", "O"]}`} {
		d, err := readKind(t, mustLookup(t, "ner"), "x.jsonl", content, named)
		if err != nil || !slices.Equal(d.Examples[0].Detail.Tags, []int{1, 0}) {
			t.Errorf("%s: %v, %v", content, d, err)
		}
	}
	for want, content := range map[string]string{
		"2 words and 1 tags": `{"tokens": ["a", "b"], "tags": ["O"]}`, "word 2 is not a text": `{"tokens": ["a", 1], "tags": ["O", "O"]}`,
		"there are none": `{"tokens": [], "tags": []}`, "a list of texts": `{"tokens": "a b", "tags": ["O", "O"]}`, "word 1: label \"5\"": `{"tokens": ["a"], "tags": [5]}`,
	} {
		if _, err := readKind(t, mustLookup(t, "ner"), "x.jsonl", content, named); err == nil || !strings.Contains(err.Error(), "line 1: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := readKind(t, mustLookup(t, "ner"), "x.jsonl", `{"tokens": ["a"], "tags": [0]}`, Columns{}); err == nil || !strings.Contains(err.Error(), "name the labels") {
		t.Errorf("numbers without names: %v", err)
	}
}

func TestSetsOfLabelsAreReadHoweverTheyAreWritten(t *testing.T) {
	named := Columns{Labels: []string{"joy", "anger", "fear"}}
	want := [][]int{{0, 2}, nil, {1}}
	for name, content := range map[string]string{
		"names.jsonl":   "{\"text\": \"a\", \"labels\": [\"fear\", \"joy\"]}\n{\"text\": \"b\", \"labels\": []}\n{\"text\": \"c\", \"labels\": [\"anger\"]}",
		"numbers.jsonl": "{\"text\": \"a\", \"labels\": [2, 0]}\n{\"text\": \"b\", \"labels\": []}\n{\"text\": \"c\", \"labels\": [1]}",
		"vector.jsonl":  "{\"text\": \"a\", \"labels\": [1, 0, 1]}\n{\"text\": \"b\", \"labels\": [0, 0, 0]}\n{\"text\": \"c\", \"labels\": [0.0, 1.0, 0.0]}",
		"columns.csv":   "id,comment_text,joy,anger,fear\n7,a,1,0,1\n8,b,0,0,0\n9,c,0,1,0\n",
		"columns.tsv":   "text\tfear\tjoy\tanger\na\t1\t1\t0\nb\t0\t0\t0\nc\t0\t0\t1\n",
	} {
		d, err := readKind(t, mustLookup(t, "multilabel"), name, content, named)
		if err != nil || d.Len() != 3 {
			t.Errorf("%s: %v, %v", name, d, err)
			continue
		}
		for i, e := range d.Examples {
			if !slices.Equal(e.Detail.Classes, want[i]) || e.Label != 0 {
				t.Errorf("%s, %d: %+v", name, i, e.Detail)
			}
		}
	}
	d, err := readKind(t, mustLookup(t, "multilabel"), "x.tsv", "text\tlabels\na\tfear,joy\nb\tanger\n", Columns{})
	if err != nil || !slices.Equal(d.Task.Labels, []string{"anger", "fear", "joy"}) || !slices.Equal(d.Examples[0].Detail.Classes, []int{1, 2}) {
		t.Errorf("names of the file: %v, %v", d, err)
	}
	for want, content := range map[string]string{
		"may be class numbers or a 0 or 1": `{"text": "a", "labels": [0, 1]}`, "is not among": `{"text": "a", "labels": ["hope"]}`,
		"neither a list of names": `{"text": "a", "labels": {"x": 1}}`, "has no label:": `{"text": "a", "labels": null}`,
	} {
		if _, err := readKind(t, mustLookup(t, "multilabel"), "x.jsonl", content, Columns{Labels: []string{"a", "b"}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := readKind(t, mustLookup(t, "multilabel"), "x.csv", "text,a,b\nx,1,2\n", Columns{Labels: []string{"a", "b"}}); err == nil || !strings.Contains(err.Error(), `label "b": "2" is neither 0 nor 1`) {
		t.Errorf("2 in a column: %v", err)
	}
}

func TestClassNamesOfSeveralFilesHaveOneNumbering(t *testing.T) {
	dir := t.TempDir()
	type row struct {
		Tokens []string `parquet:"tokens,list"`
		Tags   []string `parquet:"ner_tags,list"`
	}
	writeParquet(t, dir, "train-00000-of-00002.parquet", []row{{[]string{"a"}, []string{"O"}}})
	writeParquet(t, dir, "train-00001-of-00002.parquet", []row{{[]string{"b", "c"}, []string{"B-A", "O"}}})
	d, err := Load(t.Context(), nil, mustLookup(t, "ner"), "train", dir, Columns{})
	if err != nil || !slices.Equal(d.Task.Labels, []string{"B-A", "O"}) || !slices.Equal(d.Examples[0].Detail.Tags, []int{1}) || !slices.Equal(d.Examples[1].Detail.Tags, []int{0, 1}) {
		t.Errorf("%v, %v", d, err)
	}
}

func TestClassesOfDetailsFollowAModelsOrder(t *testing.T) {
	d, err := readKind(t, mustLookup(t, "ner"), "train.conll", conllFile, Columns{})
	if err != nil {
		t.Fatal(err)
	}
	matched, err := d.InOrder([]string{"o", "b-per", "b-org"})
	if err != nil || !slices.Equal(matched.Examples[0].Detail.Tags, []int{2, 0}) || !slices.Equal(d.Examples[0].Detail.Tags, []int{0, 2}) {
		t.Errorf("%v, %v", matched, err)
	}
	sets, err := readKind(t, mustLookup(t, "multilabel"), "x.tsv", "text\tlabels\na\tfear,joy\nb\tanger\n", Columns{})
	if err != nil {
		t.Fatal(err)
	}
	if matched, err = sets.InOrder([]string{"joy", "anger", "fear"}); err != nil || !slices.Equal(matched.Examples[0].Detail.Classes, []int{0, 2}) {
		t.Errorf("%v, %v", matched, err)
	}
}

func TestKindsHaveNamesThatAreReadBack(t *testing.T) {
	for _, name := range Kinds() {
		var k Kind
		if err := k.UnmarshalText([]byte(name)); err != nil || k.String() != name {
			t.Errorf("%s: %v, %v", name, k, err)
		}
		own, err := Own(k)
		if err != nil || own.Kind != k {
			t.Errorf("%s: %+v, %v", name, own, err)
		}
	}
	var k Kind
	if err := k.UnmarshalText([]byte("poetry")); err == nil {
		t.Error("poetry is a kind")
	}
}

func TestRealQuestionsAndTagsAreRead(t *testing.T) {
	data := shared(t)
	d, err := ReadFile(mustLookup(t, "squad"), filepath.Join(data, "XQuAD-en/xquad.en.json"), Columns{})
	if err != nil || d.Len() != 1190 || d.Examples[0].Detail.Answers[0].Text != "308" {
		t.Errorf("XQuAD: %v, %v", d, err)
	}
	for file, texts := range map[string]int{"train.conll": 3394, "dev.conll": 1009} {
		d, err := ReadFile(mustLookup(t, "ner"), filepath.Join(data, "WNUT-17", file), Columns{})
		if err != nil || d.Len() != texts || len(d.Task.Labels) != 13 {
			t.Errorf("WNUT %s: %v, %v", file, d, err)
		}
	}
}
