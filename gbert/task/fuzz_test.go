package task

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// fuzzRead reads content as a file of every shape of task: it must be an error, or examples that keep their promises.
func fuzzRead(t *testing.T, name string, content []byte) {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, taskName := range []string{"sst2", "cola", "stsb", "qqp", "mnli", "movies"} {
		task := mustLookup(t, taskName)
		for _, c := range []Columns{{}, {Unlabelled: true, SkipMalformed: true}} {
			d, err := ReadFile(task, path, c)
			if err != nil {
				if !strings.Contains(err.Error(), name) {
					t.Fatalf("%v does not name the file", err)
				}
				continue
			}
			if d.Len() == 0 || len(d.SHA256) != 64 {
				t.Fatalf("%+v", d)
			}
			for _, e := range d.Examples {
				if e.TextA == "" && !task.emptyTexts || e.TextA == "" && e.TextB == "" || !utf8.ValidString(e.TextA) || !utf8.ValidString(e.TextB) || task.Pair && !task.emptyTexts && e.TextB == "" || e.Label < -1 || e.Label >= max(1, len(task.Labels)) {
					t.Fatalf("%+v", e)
				}
			}
		}
	}
}

func FuzzTSV(f *testing.F) {
	for _, s := range []string{"sentence\tlabel\na\t1\n", "g\t1\t\tb\n", "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t7\t8\ta\tb\r\n",
		"a\tb\tc\td\t5\te\tf\tg\n", "1_1\t-0.9\tx", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\ta\tb\t1\nx\n", "\n\n\t\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) { fuzzRead(t, "fuzz.tsv", content) })
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"sentence,label\n\"a,\n\"\"b\"\"\",1\n\n", "premise,hypothesis,label\na,b,neutral\n", "sentence1,sentence2,score\na,b,2.5\r\n", "\"", "\n,\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) { fuzzRead(t, "fuzz.csv", content) })
}

func FuzzJSONL(f *testing.F) {
	for _, s := range []string{`{"sentence":"a","label":1}`, "{\"sentence1\":\"a\",\"sentence2\":\"\\u0000\",\"label\":2.5}\n{}", `{"sentence":null,"label":[{}]}`, "[]", "null"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) { fuzzRead(t, "fuzz.jsonl", content) })
}

func FuzzParquet(f *testing.F) {
	dir := f.TempDir()
	v := float32(2)
	for _, path := range []string{
		writeParquet(f, dir, "a.parquet", []glueSST2{{"good", 1, 0}, {"bad", 0, 1}}),
		writeParquet(f, dir, "b.parquet", []gluePair{{"a", "b", &v, 0}}),
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, content []byte) { fuzzRead(t, "fuzz.parquet", content) })
}
