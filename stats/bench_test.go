package stats

import "testing"

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
