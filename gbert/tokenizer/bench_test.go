package tokenizer

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkSST2 encodes the training sentences of SST-2 on one processor and
// reports sentences per second.
func BenchmarkSST2(b *testing.B) {
	tok := realTokenizer(b, "all-MiniLM-L6-v2")
	text, err := os.ReadFile(filepath.Join(sharedData(b), "SST-2", "train.tsv"))
	if err != nil {
		b.Fatal(err)
	}
	var sentences []string
	for line := range bytes.Lines(text) {
		sentence, _, _ := bytes.Cut(line, []byte("\t"))
		sentences = append(sentences, string(sentence))
	}
	for b.Loop() {
		for _, sentence := range sentences {
			tok.Encode(sentence, "", 128)
		}
	}
	b.ReportMetric(float64(b.N*len(sentences))/b.Elapsed().Seconds(), "sentences/s")
}
