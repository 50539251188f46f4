package tensor

import (
	"context"
	"math/rand/v2"
	"testing"
)

// The bank of bert-base: 144 slices of 768 × 768, ranks 72-384.
func bertBaseBank(b *testing.B) (*Tensor, []int) {
	source := rand.New(rand.NewPCG(1, 0))
	slices := make([][]float32, 144)
	for i := range slices {
		slices[i] = make([]float32, 768*768)
		for j := range slices[i] {
			slices[i][j] = float32(source.NormFloat64())
		}
	}
	x, err := Stack(slices, 768, 768)
	if err != nil {
		b.Fatal(err)
	}
	return x, []int{72, 384, 384}
}

func BenchmarkHOSVDOfABank(b *testing.B) {
	x, ranks := bertBaseBank(b)
	for b.Loop() {
		if _, err := HOSVD(context.Background(), x, ranks, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSTHOSVDOfABank(b *testing.B) {
	x, ranks := bertBaseBank(b)
	for b.Loop() {
		if _, err := STHOSVD(context.Background(), x, ranks, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHOOISweepOfABank(b *testing.B) {
	x, ranks := bertBaseBank(b)
	for b.Loop() {
		if _, err := HOOI(context.Background(), x, ranks, HOOIOptions{MaxSweeps: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
