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
