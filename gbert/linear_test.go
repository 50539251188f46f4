package gbert

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestAffineInEveryOrder holds the order of factors that a device likes against sums in float64.
func TestAffineInEveryOrder(t *testing.T) {
	onBackends(t, func(t *testing.T, backend compute.Backend) {
		random := rand.New(rand.NewPCG(1, 2))
		for _, dims := range [][]int{{1, 5}, {2, 7}, {1, 16, 5}, {3, 8, 33}, {narrowRows, 3}, {narrowRows + 1, 3}} {
			for _, out := range []int{1, 2, 19} {
				for _, taps := range []Taps{{}, {Differentiated: true}} {
					t.Run(fmt.Sprint(dims, out, taps.Differentiated), func(t *testing.T) { checkAffine(t, backend, random, dims, out, taps) })
				}
			}
		}
	})
}

func checkAffine(t *testing.T, backend compute.Backend, random *rand.Rand, dims []int, out int, taps Taps) {
	draw := func(n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(random.NormFloat64())
		}
		return values
	}
	in := dims[len(dims)-1]
	rows := 1
	for _, d := range dims[:len(dims)-1] {
		rows *= d
	}
	x, w, b := draw(rows*in), draw(out*in), draw(out)
	got, err := ExecOnceN(backend, func(x, w, b *Node) []*Node {
		f := NewForward(nil, x.Graph(), nil, taps)
		return []*Node{f.affine(x, w, b), f.affine(x, w, nil)}
	}, tensors.FromFlatDataAndDimensions(x, dims...), tensors.FromFlatDataAndDimensions(w, out, in), b)
	if err != nil {
		t.Fatal(err)
	}
	if g, want := fmt.Sprint(got[0].Shape().Dimensions), fmt.Sprint(append(append([]int{}, dims[:len(dims)-1]...), out)); g != want {
		t.Fatalf("the result has the shape %s, expected %s", g, want)
	}
	biased, plain := tensors.MustCopyFlatData[float32](got[0]), tensors.MustCopyFlatData[float32](got[1])
	for r := range rows {
		for o := range out {
			sum := 0.0
			for i := range in {
				sum += float64(x[r*in+i]) * float64(w[o*in+i])
			}
			at := r*out + o
			if math.Abs(float64(plain[at])-sum) > 1e-5 || math.Abs(float64(biased[at])-sum-float64(b[o])) > 1e-5 {
				t.Fatalf("row %d, output %d: %v, with the bias %v; expected %v and %v", r, o, plain[at], biased[at], sum, sum+float64(b[o]))
			}
		}
	}
}
