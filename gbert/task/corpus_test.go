package task

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTextsOfACorpusAreItsLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "corpus.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one two\r\n\n  three\t\n" + strings.Repeat("x\n", corpusChunk) + "last")
	var texts []string
	calls := 0
	read := func() error {
		return ReadCorpus(path, func(some []string) error { calls, texts = calls+1, append(texts, some...); return nil })
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	if len(texts) != corpusChunk+3 || texts[0] != "one two" || texts[1] != "three" || texts[len(texts)-1] != "last" || calls != 2 {
		t.Errorf("%d texts in %d parts: %.40q", len(texts), calls, texts)
	}
	for content, want := range map[string]string{"a\n\xff\n": "line 2 is not UTF-8", "a\x00b": "line 1 is not UTF-8", "a\n" + strings.Repeat("b", MaxLine+1): "after line 1"} {
		write(content)
		if err := read(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", content, err, want)
		}
	}
	for name, corpus := range map[string]bool{"wiki.txt": true, "valid.tokens": true, "dev.TSV": false, "a.parquet": false} {
		if IsCorpus(name) != corpus {
			t.Errorf("%s: a corpus: %v", name, !corpus)
		}
	}
}
