package tensor

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// matrices are U·diag(σ_j)·Vᵀ on top of each other.
func (d *CPDecomposition) matrices() *Tensor {
	n, rank := d.Diagonals.Dims()
	rows, _ := d.Left.Dims()
	cols, _ := d.Right.Dims()
	x := zeros([]int{n, rows, cols})
	for j := range n {
		var scaled, product mat.Dense
		scaled.Mul(d.Left, mat.NewDiagDense(rank, slices.Clone(d.Diagonals.RawRowView(j))))
		product.Mul(&scaled, d.Right.T())
		copy(x.data[j*rows*cols:], product.RawMatrix().Data)
	}
	return x
}

func TestCPSaysItsErrorAndNeverRises(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		shape := []int{rapid.IntRange(1, 6).Draw(r, "n"), rapid.IntRange(1, 6).Draw(r, "rows"), rapid.IntRange(1, 6).Draw(r, "cols")}
		rank := rapid.IntRange(1, min(shape[1], shape[2])).Draw(r, "rank")
		x := gaussian(rapid.Uint64Range(0, 50).Draw(r, "seed"), shape...)
		var told []float64
		d, err := CP(context.Background(), x, rank, CPOptions{Progress: func(_ int, e float64) { told = append(told, e) }})
		if err != nil {
			r.Fatal(err)
		}
		relative, err := RelativeError(x, d.matrices())
		if err != nil || math.Abs(relative-d.Error()) > 1e-6 || relative > 1+1e-9 {
			r.Fatalf("relative error %g, said to be %g, %v", relative, d.Error(), err)
		}
		for i := 1; i < len(d.Errors); i++ {
			if d.Errors[i] > d.Errors[i-1] {
				r.Fatalf("the error rises: %v", d.Errors)
			}
		}
		if !slices.Equal(told, d.Errors) {
			r.Fatalf("told %v, result %v", told, d.Errors)
		}
		for k := range rank {
			a, b, c := mat.Norm(d.Left.ColView(k), 2), mat.Norm(d.Right.ColView(k), 2), mat.Norm(d.Diagonals.ColView(k), 2)
			if math.Abs(a-b) > 1e-9*(1+a) || math.Abs(a-c) > 1e-9*(1+a) {
				r.Fatalf("component %d has the norms %g, %g, %g", k, a, b, c)
			}
		}
	})
}

// Stacks with more matrices than components have one decomposition (Kruskal 1977), which is found from the leading vectors.
func TestCPFindsTheComponentsOfAStackThatHasThem(t *testing.T) {
	want := &CPDecomposition{Left: gaussianMatrix(1, 9, 3), Right: gaussianMatrix(2, 8, 3), Diagonals: gaussianMatrix(3, 12, 3)}
	x := want.matrices()
	d := must(CP(context.Background(), x, 3, CPOptions{MaxSweeps: 500, Tolerance: 1e-12}))
	if relative := must(RelativeError(x, d.matrices())); relative > 1e-5 {
		t.Errorf("relative error %g after %d sweeps", relative, len(d.Errors)-1)
	}
}

func TestCPOfOneMatrixIsItsSVD(t *testing.T) {
	x := decaying(4, 1, 7, 9)
	d := must(CP(context.Background(), x, 3, CPOptions{}))
	best := must(TruncatedSVD(x.matrix(0), 3, SVDOptions{}))
	if math.Abs(d.Error()-best.RelativeError()) > 1e-6 {
		t.Errorf("relative error %g, the best is %g", d.Error(), best.RelativeError())
	}
}

func TestBadCallsOfCPAreRefused(t *testing.T) {
	x := gaussian(1, 3, 4, 5)
	for name, test := range map[string]struct {
		x    *Tensor
		rank int
		o    CPOptions
		want string
	}{
		"rank 0":             {x, 0, CPOptions{}, "rank 0 of a stack [3 4 5], want 1…4"},
		"rank above a side":  {x, 5, CPOptions{}, "want 1…4"},
		"no stack":           {gaussian(1, 3, 4), 1, CPOptions{}, "stack of matrices"},
		"negative tolerance": {x, 1, CPOptions{Tolerance: -1}, "tolerance -1"},
	} {
		_, err := CP(context.Background(), test.x, test.rank, test.o)
		t.Run(name, func(t *testing.T) { wantError(t, err, test.want) })
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := CP(stopped, x, 1, CPOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a decomposition that was stopped: %v", err)
	}
}
