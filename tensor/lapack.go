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
// says, at most k: U [m, keep] and V [n, keep]. It takes the steps of LAPACK's gesvd, and the time of about half of [mat.SVD]; see [squareSVD].
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

// squareSVD is that of a square matrix, which it overwrites, for one side or both. Most of the time of [mat.SVD] goes into the rotations of the QR iteration
// (LAPACK's bdsqr), which it applies to U column by column, through the whole matrix in memory. Here they go over the rows of Uᵀ and Vᵀ,
// in blocks of columns that have no part in each other and are rotated at once: each block repeats the iteration on the bidiagonal,
// which is little work, and every repeat is the same to the last bit.
func squareSVD(a *mat.Dense, keep int, left, right bool) (u, v *mat.Dense, values []float64, err error) {
	raw := a.RawMatrix()
	n := raw.Rows
	diagonal, above, tauQ, tauP := make([]float64, n), make([]float64, max(1, n-1)), make([]float64, n), make([]float64, n)
	withWorkspace(func(work []float64, size int) {
		routines.Dgebrd(n, n, raw.Data, raw.Stride, diagonal, above, tauQ, tauP, work, size)
	})
	generate := func(kind lapack.GenOrtho, tau []float64) *mat.Dense {
		basis := mat.DenseCopyOf(a)
		raw := basis.RawMatrix()
		withWorkspace(func(work []float64, size int) { routines.Dorgbr(kind, n, n, n, raw.Data, raw.Stride, tau, work, size) })
		return basis
	}
	var leftRows, rightRows mat.Matrix // [n, n], what is rotated
	if left {
		u = mat.NewDense(n, keep, nil)
		leftRows = generate(lapack.GenerateQ, tauQ).T()
	}
	if right {
		v = mat.NewDense(n, keep, nil)
		rightRows = generate(lapack.GeneratePT, tauP)
	}
	var failed atomic.Bool
	// iterate turns the bidiagonal into the values, and rotates the columns from…end−1 of the rows into the result's rows.
	iterate := func(rows mat.Matrix, to *mat.Dense, from, end int, isLeft bool) []float64 {
		d, e, work := slices.Clone(diagonal), slices.Clone(above), make([]float64, max(1, 4*(n-1)))
		width := end - from
		block := mat.NewDense(n, width, nil)
		for i := range n {
			for j := range width {
				block.Set(i, j, rows.At(i, from+j))
			}
		}
		data := block.RawMatrix().Data
		ok := false
		if isLeft {
			ok = routines.Dbdsqr(blas.Upper, n, 0, 0, width, d, e, nil, 1, nil, 1, data, width, work)
		} else {
			ok = routines.Dbdsqr(blas.Upper, n, width, 0, 0, d, e, data, width, nil, 1, nil, 1, work)
		}
		if !ok {
			failed.Store(true)
		}
		for i := range width {
			for j := range keep {
				to.Set(from+i, j, block.At(j, i))
			}
		}
		return d
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for from := 0; from < n; from += rotated {
		for _, isLeft := range []bool{true, false} {
			rows, to := rightRows, v
			if isLeft {
				rows, to = leftRows, u
			}
			if to == nil {
				continue
			}
			slots <- struct{}{}
			group.Go(func() {
				d := iterate(rows, to, from, min(from+rotated, n), isLeft)
				if from == 0 && (isLeft || !left) {
					values = d
				}
				<-slots
			})
		}
	}
	group.Wait()
	if failed.Load() {
		return nil, nil, nil, fmt.Errorf("tensor: the singular value decomposition of a matrix [%d, %d] does not converge", n, n)
	}
	return u, v, values, nil
}

// withWorkspace calls a routine twice: to ask for the size of its workspace, and with it.
func withWorkspace(routine func(work []float64, size int)) {
	size := make([]float64, 1)
	routine(size, -1)
	work := make([]float64, int(size[0]))
	routine(work, len(work))
}
