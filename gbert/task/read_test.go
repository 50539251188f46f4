package task

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func mustLookup(t testing.TB, name string) *Task {
	t.Helper()
	task, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryFormatIsReadByItsHeaderAlone(t *testing.T) {
	one := func(id, a string, label int) Example { return Example{ID: id, TextA: a, Label: label} }
	two := func(id, a, b string, label int) Example { return Example{ID: id, TextA: a, TextB: b, Label: label} }
	cases := []struct {
		name, task, file, content string
		columns                   Columns
		want                      []Example
	}{
		{"SST-2 keeps trailing spaces and quotes", "sst2", "dev.tsv", "sentence\tlabel\nit 's \"good . \t1\n\"bad\"\t0\n", Columns{},
			[]Example{one("0", "it 's \"good . ", 1), one("1", "\"bad\"", 0)}},
		{"Windows line ends, no end of the last line", "sst2", "x.txt", "sentence\tlabel\r\ngood\t1\r\nbad\t0", Columns{}, []Example{one("0", "good", 1), one("1", "bad", 0)}},
		{"CSV with quoted comma, quote and line end", "sst2", "x.csv", "label,sentence\n1,\"good, \"\"really\"\"\nso\"\n0,bad\n", Columns{},
			[]Example{one("0", "good, \"really\"\nso", 1), one("1", "bad", 0)}},
		{"CSV with bare quotes, as pandas reads them", "sst2", "x.csv", "sentence,label\na 5\" dog,1\nsay \"b\" c,0\n \"d\",1\n\"e\"f\",0\n\"\"\"g\"\"\",1\n", Columns{},
			[]Example{one("0", "a 5\" dog", 1), one("1", "say \"b\" c", 0), one("2", " \"d\"", 1), one("3", "ef\"", 0), one("4", "\"g\"", 1)}},
		{"CSV with byte-order mark, Windows line ends and no end of the last line", "sst2", "x.csv", "\uFEFFsentence,label\r\n\"a\r\nb\",1\r\nc,0", Columns{},
			[]Example{one("0", "a\nb", 1), one("1", "c", 0)}},
		{"a column as written goes before others of its name", "sst2", "x.csv", "Sentence,sentence,label\na,b,1\n", Columns{}, []Example{one("0", "b", 1)}},
		{"CSV with quoted header and nameless columns", "sst2", "x.csv", "\"sentence\",\"label\",,\na,1,,\n", Columns{}, []Example{one("0", "a", 1)}},
		{"JSONL with byte-order mark and Windows line ends", "sst2", "x.jsonl", "\uFEFF{\"sentence\":\"good\",\"label\":1}\r\n{\"sentence\":\"bad\",\"label\":0}", Columns{},
			[]Example{one("0", "good", 1), one("1", "bad", 0)}},
		{"QQP has empty questions", "qqp", "train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\ta\t\t0\n2\t3\t4\t\td\t0\n", Columns{},
			[]Example{two("1", "a", "", 0), two("2", "", "d", 0)}},
		{"QQP with null for an empty question", "qqp", "train.jsonl", `{"question1":"a","question2":null,"label":1}`, Columns{}, []Example{two("0", "a", "", 1)}},
		{"NLI without agreement", "mnli", "x.jsonl", `{"sentence1":"a","sentence2":"b","gold_label":"-"}` + "\n" + `{"sentence1":"a","sentence2":"b","gold_label":""}` + "\n" + `{"sentence1":"a","sentence2":"b","gold_label":null}` + "\n" + `{"sentence1":"a","sentence2":"b","gold_label":-1}`, Columns{},
			[]Example{two("0", "a", "b", -1), two("1", "a", "b", -1), two("2", "a", "b", -1), two("3", "a", "b", -1)}},
		{"JSONL", "sst2", "x.jsonl", `{"sentence":"good","label":1,"more":[1]}` + "\n" + `{"label":"negative","sentence":"bad é"}` + "\n", Columns{},
			[]Example{one("0", "good", 1), one("1", "bad é", 0)}},
		{"JSONL whatever its name", "sst2", "x.data", `{"text":"good","label":true}` + "\n", Columns{}, []Example{one("0", "good", 1)}},
		{"a tab in the header makes TSV of a .csv", "sst2", "x.csv", "sentence\tlabel\na, b\t1\n", Columns{}, []Example{one("0", "a, b", 1)}},
		{"CoLA without header", "cola", "train.tsv", "gj04\t1\t\tOne more.\ngj04\t0\t*\tThey drank the pub.\n", Columns{},
			[]Example{one("0", "One more.", 1), one("1", "They drank the pub.", 0)}},
		{"CoLA test with header", "cola", "test.tsv", "index\tsentence\n5\tBill whistled.\n", Columns{Unlabelled: true}, []Example{one("5", "Bill whistled.", -1)}},
		{"MRPC with byte-order mark", "mrpc", "train.tsv", "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tHe said \"a\tHe \"said b\n", Columns{},
			[]Example{two("0", "He said \"a", "He \"said b", 1)}},
		{"RTE with numbers", "rte", "dev.tsv", "sentence1\tsentence2\tlabel\tidx\na\tb\t1\t0\n", Columns{}, []Example{two("0", "a", "b", 1)}},
		{"official RTE with words", "rte", "dev.tsv", "index\tsentence1\tsentence2\tlabel\n3\ta\tb\tnot_entailment\n4\tc\td\tentailment\n", Columns{},
			[]Example{two("3", "a", "b", 1), two("4", "c", "d", 0)}},
		{"STS-B without header, with more columns", "stsb", "sts-dev.tsv", "g\tf\ty\t1\t5.000\tA \"man\tA man\ng\tf\ty\t2\t0.5\tx\ty\tlicence\tmore\n", Columns{},
			[]Example{{ID: "0", TextA: "A \"man", TextB: "A man", Value: 5}, {ID: "1", TextA: "x", TextB: "y", Value: 0.5}}},
		{"official STS-B", "stsb", "train.tsv", "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n0\tg\tf\ty\t1\tn\tn\ta\tb\t3.8\n", Columns{},
			[]Example{{ID: "0", TextA: "a", TextB: "b", Value: 3.8}}},
		{"official MNLI takes the sentences and the gold label", "mnli", "dev_matched.tsv",
			"index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n0\t1\t2\tg\tp\tp\tp\tp\ta\tb\tneutral\tcontradiction\n", Columns{},
			[]Example{two("0", "a", "b", 2)}},
		{"MNLI with premise and hypothesis", "mnli", "dev.tsv", "index\tpremise\thypothesis\tgold_label\tnumber\n7\ta\tb\tneutral\t100\n8\tc\td\t-\t3\n", Columns{},
			[]Example{two("7", "a", "b", 1), two("8", "c", "d", -1)}},
		{"MNLI without header", "mnli-mm", "x.tsv", "entailment\ta\tb\n", Columns{}, []Example{two("0", "a", "b", 0)}},
		{"official QNLI", "qnli", "dev.tsv", "index\tquestion\tsentence\tlabel\n0\tq?\ts.\tentailment\n", Columns{}, []Example{two("0", "q?", "s.", 0)}},
		{"official QQP leaves its broken rows out", "qqp", "train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\ta\tb\t1\nbroken\trow\n2\t3\t4\tc\td\t0\n", Columns{},
			[]Example{two("1", "a", "b", 1), two("2", "c", "d", 0)}},
		{"named columns, whatever the case", "sst2", "x.csv", "Review,Stars,Key\nfine,positive,k1\n", Columns{Text: "review", Label: "stars", ID: "key"}, []Example{one("k1", "fine", 1)}},
		{"custom labels by name and number", "custom", "x.tsv", "text\tlabel\na\tred\nb\t2\nc\t1.0\n", Columns{Labels: []string{"red", "green", "blue"}},
			[]Example{one("0", "a", 0), one("1", "b", 2), one("2", "c", 1)}},
		{"labels that are numbers mean themselves", "custom", "x.tsv", "text\tlabel\na\t1\nb\t5\n", Columns{Labels: []string{"5", "1"}}, []Example{one("0", "a", 1), one("1", "b", 0)}},
		{"custom pairs", "custom", "x.tsv", "l\tr\tlabel\na\tb\t1\n", Columns{Labels: []string{"no", "yes"}, Text: "l", Pair: "r"}, []Example{two("0", "a", "b", 1)}},
		{"ratings leave the neutral out", "movies", "movieReviewSnippets_GroundTruth.txt", "1\t2.5\tFine.\r\n2\t-0.49\tSo so.\r\n3\t-0.5\tBad.", Columns{},
			[]Example{{ID: "1", TextA: "Fine.", Label: 1, Value: 2.5}, {ID: "3", TextA: "Bad.", Label: 0, Value: -0.5}}},
		{"a labelled file for a rated task", "movies", "x.tsv", "sentence\tlabel\nFine.\t1\n", Columns{}, []Example{one("0", "Fine.", 1)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.file, c.content)
			d, err := ReadFile(mustLookup(t, c.task), path, c.columns)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(d.Examples, c.want) {
				t.Errorf("got %+v\nwant %+v", d.Examples, c.want)
			}
			sum := sha256.Sum256([]byte(c.content))
			if d.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("hash %s is not that of the file", d.SHA256)
			}
		})
	}
}

func TestMalformedFilesAreReportedWithPlaceAndExpectation(t *testing.T) {
	cases := []struct {
		name, task, file, content string
		columns                   Columns
		want                      []string
	}{
		{"label out of range", "sst2", "x.tsv", "sentence\tlabel\na\t1\nb\t7\n", Columns{}, []string{"x.tsv: line 3", `label "7" is not among 0 (negative), 1 (positive)`}},
		{"stray tab", "sst2", "x.tsv", "sentence\tlabel\na\tb\t1\n", Columns{}, []string{"line 2: expected 2 columns, found 3"}},
		{"too few columns", "rte", "x.tsv", "sentence1\tsentence2\tlabel\na\tb\n", Columns{}, []string{"line 2: expected 3 columns, found 2"}},
		{"several rows at once", "sst2", "x.tsv", "sentence\tlabel\na\t3\nb\t1\nc\t4\n", Columns{}, []string{"line 2", "line 4"}},
		{"empty", "sst2", "x.tsv", "", Columns{}, []string{"is empty"}},
		{"blank lines alone", "sst2", "x.tsv", "\n\n \n", Columns{}, []string{"nothing but blank lines"}},
		{"header alone", "sst2", "x.tsv", "sentence\tlabel\n\n", Columns{}, []string{"has a header and no rows; 1 left out: blank lines"}},
		{"binary", "sst2", "x.tsv", "sen\x00\x01\x02", Columns{}, []string{"binary"}},
		{"binary later", "sst2", "x.tsv", "sentence\tlabel\na\t1\n" + strings.Repeat("b\t1\n", 3000) + "c\x00\t1\n", Columns{}, []string{"line 3003 has a NUL byte"}},
		{"gzip", "sst2", "x.tsv", "\x1f\x8b\x08abc", Columns{}, []string{"unpack it first"}},
		{"UTF-16", "sst2", "x.tsv", "\xff\xfes\x00", Columns{}, []string{"UTF-16"}},
		{"not UTF-8", "sst2", "x.tsv", "sentence\tlabel\ncaf\xe9\t1\n", Columns{}, []string{"line 2", "byte 4 (0xe9) is not UTF-8"}},
		{"not UTF-8 in CSV", "sst2", "x.csv", "sentence,label\ncaf\xe9,1\n", Columns{}, []string{"line 2", "is not UTF-8"}},
		{"not UTF-8 in JSONL", "sst2", "x.jsonl", "{\"sentence\":\"caf\xe9\",\"label\":1}\n{}\n", Columns{}, []string{"line 1", "is not UTF-8"}},
		{"endless line", "sst2", "x.tsv", "sentence\tlabel\n" + strings.Repeat("a", MaxLine+1), Columns{}, []string{"line 2 is longer than 1048576 bytes"}},
		{"open quote", "sst2", "x.csv", "sentence,label\n\"a,1\n" + strings.Repeat("b,1\n", MaxLine), Columns{}, []string{"a record is longer than 1048576 bytes"}},
		{"a quote that is never closed", "sst2", "x.csv", "sentence,label\na,1\n\"b,1\n", Columns{}, []string{"line 3: a quote is not closed"}},
		{"UTF-16 without byte-order mark", "sst2", "x.tsv", "s\x00e\x00n\x00t\x00e\x00n\x00c\x00e\x00\t\x00l\x00", Columns{}, []string{"UTF-16"}},
		{"two columns of a name in TSV", "sst2", "x.tsv", "sentence\tlabel\tlabel\na\t1\t0\n", Columns{}, []string{`columns 2 and 3 are both called "label"`}},
		{"two columns of a name in CSV", "sst2", "x.csv", "sentence,label,sentence\na,1,b\n", Columns{}, []string{`columns 1 and 3 are both called "sentence"`}},
		{"two other columns of a name", "sst2", "x.csv", "sentence,note,label,note\na,x,1,y\n", Columns{}, []string{`columns 2 and 4 are both called "note"`}},
		{"two columns that differ by case alone", "sst2", "x.csv", "Sentence,SENTENCE,label\na,b,1\n", Columns{}, []string{"expected a header with sentence", `"Sentence", "SENTENCE"`}},
		{"a key twice", "sst2", "x.jsonl", `{"sentence":"a","label":1}` + "\n" + `{"sentence":"a","label":1,"label":0}`, Columns{}, []string{`line 2: has the key "label" twice`}},
		{"a key twice in the first object, once escaped", "sst2", "x.jsonl", `{"sentence":"a","label":1,"l\u0061bel":0}`, Columns{}, []string{`line 1 has the key "label" twice`}},
		{"an empty question is no matter of other tasks", "mrpc", "x.tsv", "sentence1\tsentence2\tlabel\na\t\t1\n", Columns{}, []string{"second text: is empty"}},
		{"wrong columns", "sst2", "x.tsv", "review\tstars\na\t1\n", Columns{}, []string{"expected a header with sentence, or text", `"review", "stars"`}},
		{"no header for a layout", "cola", "x.tsv", "gj04\t9\t\tOne.\n", Columns{}, []string{"rows without a header of source, label, star, sentence"}},
		{"named column that is not there", "sst2", "x.tsv", "a\tb\nc\t1\n", Columns{Text: "t"}, []string{`no column "t"`, `"a", "b"`}},
		{"no label column", "sst2", "x.tsv", "sentence\tx\na\t1\n", Columns{}, []string{"no label column", "Columns.Unlabelled"}},
		{"empty label", "sst2", "x.tsv", "sentence\tlabel\na\t\n", Columns{}, []string{"line 2: has no label"}},
		{"empty text", "sst2", "x.tsv", "sentence\tlabel\n \t1\n", Columns{}, []string{"line 2: text: is empty"}},
		{"score out of range", "stsb", "x.tsv", "sentence1\tsentence2\tscore\na\tb\t5.1\n", Columns{}, []string{"5.1 is not from 0 to 5"}},
		{"score is no number", "stsb", "x.tsv", "sentence1\tsentence2\tscore\na\tb\tNaN\n", Columns{}, []string{`"NaN" is not a number`}},
		{"JSON array", "sst2", "x.json", `[{"sentence":"a","label":1}]`, Columns{}, []string{"one object a line"}},
		{"broken JSON", "sst2", "x.jsonl", `{"sentence":"a","label":1}` + "\n{\"sentence\":\n", Columns{}, []string{"line 2: is not one JSON object"}},
		{"missing key", "sst2", "x.jsonl", `{"sentence":"a","label":1}` + "\n" + `{"label":1}`, Columns{}, []string{"line 2: text: is not there"}},
		{"number for a text", "sst2", "x.jsonl", `{"sentence":5,"label":1}`, Columns{}, []string{"line 1: text: is a number"}},
		{"list for a label", "sst2", "x.jsonl", `{"sentence":"a","label":[1]}`, Columns{}, []string{"the label is a list"}},
		{"false Parquet", "sst2", "x.parquet", "hello", Columns{}, []string{"is not a Parquet file"}},
		{"cut Parquet", "sst2", "x.parquet", "PAR1hello world", Columns{}, []string{"cut off"}},
		{"custom without labels", "custom", "x.tsv", "text\tlabel\na\t1\n", Columns{}, []string{"Columns.Labels"}},
		{"own labels for a known task", "sst2", "x.tsv", "text\tlabel\na\t1\n", Columns{Labels: []string{"a", "b"}}, []string{"choose the task custom"}},
		{"own labels for a regression", "stsb", "x.tsv", "sentence1\tsentence2\tscore\na\tb\t1\n", Columns{Labels: []string{"x", "y"}}, []string{"stsb is a task of the kind regression, which has no classes: leave out Columns.Labels (x, y)"}},
		{"one column of two", "stsb", "x.tsv", "sentence1\tsentence2\tscore\na\tb\t1\n", Columns{Pair: "sentence2"}, []string{"name both columns, Columns.Text and Columns.Pair"}},
		{"rating out of range", "movies", "x.txt", "1\t2\ta\n2\t44\tb\n", Columns{}, []string{"line 2", "44 is not from -4 to 4"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadFile(mustLookup(t, c.task), write(t, c.file, c.content), c.columns)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range append(c.want, c.file) {
				if !strings.Contains(err.Error(), w) && !(w == c.file && strings.HasPrefix(c.name, "custom") || w == c.file && strings.HasPrefix(c.name, "own")) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
		})
	}
}

func TestFolderOrMissingFileIsAnError(t *testing.T) {
	sst2 := mustLookup(t, "sst2")
	if _, err := ReadFile(sst2, t.TempDir(), Columns{}); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("folder: %v", err)
	}
	if _, err := ReadFile(sst2, filepath.Join(t.TempDir(), "none.tsv"), Columns{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := ReadFile(nil, "x", Columns{}); err == nil {
		t.Error("no task: no error")
	}
}

func TestNothingIsLeftOutSilently(t *testing.T) {
	cases := []struct {
		name, task, file, content string
		columns                   Columns
		want                      []LeftOut
	}{
		{"blank lines of TSV", "sst2", "x.tsv", "sentence\tlabel\n\na\t1\n\n \n", Columns{}, []LeftOut{{"blank lines", 3, []int{2, 4, 5}}}},
		{"blank lines of CSV", "sst2", "x.csv", "sentence,label\n\n\"a\nb\",1\n\n\n", Columns{}, []LeftOut{{"blank lines", 3, []int{2, 5, 6}}}},
		{"nothing left out of CSV", "sst2", "x.csv", "sentence,label\n\"a\n\nb\",1\nc,0", Columns{}, nil},
		{"neutral ratings", "tweets", "x.txt", "1\t3\ta\n2\t0.4\tb\n", Columns{}, []LeftOut{{"neutral, rating between -0.5 and 0.5", 1, []int{2}}}},
		{"malformed rows on request", "sst2", "x.tsv", "sentence\tlabel\na\t1\nb\nc\t9\n", Columns{SkipMalformed: true}, []LeftOut{{"malformed", 2, []int{3, 4}}}},
		{"broken rows of QQP", "qqp", "x.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\ta\tb\t1\nc\n", Columns{},
			[]LeftOut{{"fewer than 6 columns, as a few rows of the official file have", 1, []int{3}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := ReadFile(mustLookup(t, c.task), write(t, c.file, c.content), c.columns)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(d.LeftOut, c.want) {
				t.Errorf("left out %+v, want %+v", d.LeftOut, c.want)
			}
		})
	}
}

func TestUnlabelledRowsAreKeptAndCounted(t *testing.T) {
	d, err := ReadFile(mustLookup(t, "mnli"), write(t, "x.tsv", "premise\thypothesis\tgold_label\na\tb\t-\nc\td\tneutral\n"), Columns{})
	if err != nil || d.Len() != 2 || d.Unlabelled() != 1 {
		t.Fatalf("%v, %v", d, err)
	}
	l := d.Labelled()
	if l.Len() != 1 || l.Examples[0].TextA != "c" || len(l.LeftOut) != 1 || l.LeftOut[0].Rows != 1 {
		t.Errorf("labelled: %v %+v", l, l.LeftOut)
	}
}
