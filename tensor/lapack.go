package tensor

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/gonum"
	"gonum.org/v1/gonum/mat"
)

// routines are LAPACK's, in Go.
var routines gonum.Implementation

// rotated is over how many columns the rotations of the QR iteration go at once: enough for long loops, few enough to stay in a cache.
// It is fixed, so that the result does not depend on the machine's cores.
const rotated = 256

// thinSVD is A [m, n] = U·Σ·Vᵀ with k = min(m, n) values, descending, and as many leading vectors of each side that is asked for as keep
// says, from 1 to k: U [m, keep] and V [n, keep]. It takes the steps of LAPACK's gesvd, and about a third of the time of [mat.SVD]: see
// [bidiagonal.rotate].
func thinSVD(a mat.Matrix, keep int, left, right bool) (u, v *mat.Dense, values []float64, err error) {
	m, n := a.Dims()
	if m > n {
		v, u, values, err = thinSVD(a.T(), keep, right, left)
		return u, v, values, err
	}
	if m == n {
		return squareSVD(mat.DenseCopyOf(a), keep, left, right)
	}
	wide := mat.DenseCopyOf(a) // A = L·Q: what is left to do is square
	raw := wide.RawMatrix()
	tau := make([]float64, m)
	withWorkspace(func(work []float64, size int) { routines.Dgelqf(m, n, raw.Data, raw.Stride, tau, work, size) })
	lower := mat.NewDense(m, m, nil)
	for i := range m {
		copy(lower.RawRowView(i)[:i+1], wide.RawRowView(i))
	}
	u, inner, values, err := squareSVD(lower, keep, left, right)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("tensor: the singular value decomposition of a matrix [%d, %d] does not converge", m, n)
	}
	if right { // Vᵀ is that of L, times Q
		rows := mat.NewDense(keep, n, nil)
		rows.Slice(0, keep, 0, m).(*mat.Dense).Copy(inner.T())
		out := rows.RawMatrix()
		withWorkspace(func(work []float64, size int) {
			routines.Dormlq(blas.Right, blas.NoTrans, keep, n, m, raw.Data, raw.Stride, tau, out.Data, out.Stride, work, size)
		})
		v = mat.DenseCopyOf(rows.T())
	}
	return u, v, values, nil
}

// apart is how much smaller than the largest a singular value may be for its left vector to be A·v/σ, orthonormal to the others to about
// 1e-13; below, left vectors are rotated like right ones.
const apart = 1e-3

// squareSVD is that of a square matrix, for one side or both.
func squareSVD(a *mat.Dense, keep int, left, right bool) (u, v *mat.Dense, values []float64, err error) {
	n, _ := a.Dims()
	reduced := mat.DenseCopyOf(a)
	raw := reduced.RawMatrix()
	b := bidiagonal{make([]float64, n), make([]float64, max(1, n-1))}
	tauQ, tauP := make([]float64, n), make([]float64, n)
	withWorkspace(func(work []float64, size int) {
		routines.Dgebrd(n, n, raw.Data, raw.Stride, b.diagonal, b.above, tauQ, tauP, work, size)
	})
	basis := func(kind lapack.GenOrtho, tau []float64) *mat.Dense {
		q := mat.DenseCopyOf(reduced)
		raw := q.RawMatrix()
		withWorkspace(func(work []float64, size int) { routines.Dorgbr(kind, n, n, n, raw.Data, raw.Stride, tau, work, size) })
		return q
	}
	ok := true
	if right {
		v, values, ok = b.rotate(basis(lapack.GeneratePT, tauP), keep, false)
	}
	switch {
	case !ok || !left:
	case right && values[keep-1] > apart*values[0]:
		u = mat.NewDense(n, keep, nil)
		u.Mul(a, v)
		for i := range n {
			row := u.RawRowView(i)
			for k := range row {
				row[k] /= values[k]
			}
		}
	default:
		u, values, ok = b.rotate(basis(lapack.GenerateQ, tauQ).T(), keep, true)
	}
	if !ok {
		return nil, nil, nil, fmt.Errorf("tensor: the singular value decomposition of a matrix [%d, %d] does not converge", n, n)
	}
	return u, v, values, nil
}

// bidiagonal is an upper bidiagonal matrix [n, n].
type bidiagonal struct{ diagonal, above []float64 }

// rotate is the QR iteration of LAPACK's bdsqr: it turns the rows [n, n], a basis of the left or the right side, into singular vectors, of
// which it gives the leading ones in columns, and has all values. Most of the time of [mat.SVD] goes into these rotations, which there go
// over the columns of a matrix that lies in rows. Here they go over rows, in blocks of columns that have no part in each other and are
// rotated at once: each repeats the iteration on the bidiagonal, which is little work, and every repeat is the same to the last bit.
func (b bidiagonal) rotate(rows mat.Matrix, keep int, left bool) (vectors *mat.Dense, values []float64, ok bool) {
	n := len(b.diagonal)
	vectors = mat.NewDense(n, keep, nil)
	var failed atomic.Bool
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for from := 0; from < n; from += rotated {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			width := min(rotated, n-from)
			block := mat.NewDense(n, width, nil)
			for i := range n {
				for j := range width {
					block.Set(i, j, rows.At(i, from+j))
				}
			}
			data := block.RawMatrix().Data
			d, e, work := slices.Clone(b.diagonal), slices.Clone(b.above), make([]float64, max(1, 4*(n-1)))
			converged := false
			if left {
				converged = routines.Dbdsqr(blas.Upper, n, 0, 0, width, d, e, nil, 1, nil, 1, data, width, work)
			} else {
				converged = routines.Dbdsqr(blas.Upper, n, width, 0, 0, d, e, data, width, nil, 1, nil, 1, work)
			}
			if !converged {
				failed.Store(true)
				return
			}
			for j := range width {
				for k := range keep {
					vectors.Set(from+j, k, block.At(k, j))
				}
			}
			if from == 0 {
				values = d
			}
		})
	}
	group.Wait()
	return vectors, values, !failed.Load()
}

// withWorkspace calls a routine twice: to ask for the size of its workspace, and with it.
func withWorkspace(routine func(work []float64, size int)) {
	size := make([]float64, 1)
	routine(size, -1)
	work := make([]float64, int(size[0]))
	routine(work, len(work))
}
