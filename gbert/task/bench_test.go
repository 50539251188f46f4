package task

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkReadTSV reads 50,000 rows of the length of SST-2's.
func BenchmarkReadTSV(b *testing.B) {
	var s strings.Builder
	s.WriteString("sentence\tlabel\n")
	for i := range 50_000 {
		fmt.Fprintf(&s, "a sentence of about the usual length , number %d \t%d\n", i, i%2)
	}
	path := write(b, "train.tsv", s.String())
	task := mustLookup(b, "sst2")
	b.SetBytes(int64(s.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadFile(task, path, Columns{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPairedBootstrap draws 10,000 resamples of 872 examples, the size of SST-2's dev set.
func BenchmarkPairedBootstrap(b *testing.B) {
	x, y := make([]float64, 872), make([]float64, 872)
	for i := range x {
		x[i] = float64(i % 2)
	}
	for b.Loop() {
		if _, err := PairedBootstrap(x, y, Resampling{}); err != nil {
			b.Fatal(err)
		}
	}
}
