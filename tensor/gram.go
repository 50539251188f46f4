package tensor

import (
	"runtime"
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// gramParts is into how many sums the Gram matrix is split. It is fixed, so that the result does not depend on the machine's cores.
const gramParts = 8

// gram is X_(n)·X_(n)ᵀ [dim, dim], summed up over the blocks where they lie: the unfolding is never copied.
func (u unfolding) gram() *mat.SymDense {
	length := u.outer // what is split: blocks, or the columns of the only one
	if u.outer == 1 {
		length = u.inner
	}
	parts := min(gramParts, length)
	sums := make([]*mat.SymDense, parts)
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for part := range parts {
		slots <- struct{}{}
		group.Go(func() {
			sums[part] = u.gramOf(part*length/parts, (part+1)*length/parts)
			<-slots
		})
	}
	group.Wait()
	for _, sum := range sums[1:] {
		sums[0].AddSym(sums[0], sum)
	}
	return sums[0]
}

// gramOf is the part of the Gram matrix of the blocks, or of the columns of the only block, from…to−1.
func (u unfolding) gramOf(from, to int) *mat.SymDense {
	sum := mat.NewSymDense(u.dim, nil)
	switch {
	case u.outer == 1:
		columns := blas64.General{Rows: u.dim, Cols: to - from, Stride: u.inner, Data: u.data[from:]}
		blas64.Syrk(blas.NoTrans, 1, columns, 1, sum.RawSymmetric())
	case u.rowsAreColumns():
		blas64.Syrk(blas.Trans, 1, rows(general(u.outer, u.dim, u.data), from, to-from), 1, sum.RawSymmetric())
	default:
		for o := from; o < to; o++ {
			blas64.Syrk(blas.NoTrans, 1, u.block(o), 1, sum.RawSymmetric())
		}
	}
	return sum
}
