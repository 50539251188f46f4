package tensor

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// CPOptions are those of [CP].
type CPOptions struct {
	// Tolerance is the fall of the relative error between two sweeps below which the iteration has converged; 0 means 1e-6.
	Tolerance float64
	// MaxSweeps is how often each factor is updated at most; 0 means 50, negative none.
	MaxSweeps int
	// SVD is how the first factors are computed.
	SVD SVDOptions
	// Progress is told the relative error after the start (sweep 0) and each sweep; it may be nil.
	Progress func(sweep int, relativeError float64)
}

// CPDecomposition approximates each matrix X_j of a stack by U·diag(σ_j)·Vᵀ: the canonical polyadic decomposition (CANDECOMP/PARAFAC).
type CPDecomposition struct {
	// Left is U [rows, rank], Right V [columns, rank], Diagonals the σ_j [matrices, rank].
	Left, Right, Diagonals *mat.Dense
	// Errors are the relative errors of the start and after each sweep, never rising.
	Errors []float64
	// Converged says that the error no longer fell by the tolerance.
	Converged bool
}

// Error is the last of Errors.
func (d *CPDecomposition) Error() float64 { return d.Errors[len(d.Errors)-1] }

// CP decomposes a stack x [matrices, rows, columns] by alternating least squares (Kolda and Bader 2009, section 3.4, figure 3.3).
// It begins with the leading left singular vectors of the unfoldings along rows and columns; the rank is from 1 to the shorter of
// these modes. Each of the three factors in turn becomes the best one given the others. The result is a local optimum.
func CP(ctx context.Context, x *Tensor, rank int, o CPOptions) (*CPDecomposition, error) {
	norm, err := x.finiteNorm()
	if err != nil {
		return nil, err
	}
	if len(x.shape) != 3 {
		return nil, fmt.Errorf("tensor: a tensor of shape %v, want a stack of matrices [matrices, rows, columns]", x.shape)
	}
	if limit := min(x.shape[1], x.shape[2]); rank < 1 || rank > limit {
		return nil, fmt.Errorf("tensor: rank %d of a stack %v, want 1…%d", rank, x.shape, limit)
	}
	if math.IsNaN(o.Tolerance) || o.Tolerance < 0 {
		return nil, fmt.Errorf("tensor: tolerance %g, want at least 0", o.Tolerance)
	}
	if o.Tolerance == 0 {
		o.Tolerance = defaultTolerance
	}
	if o.MaxSweeps == 0 {
		o.MaxSweeps = defaultMaxSweeps
	}
	start, err := HOSVD(ctx, x, []int{rank, rank}, Options{Modes: []int{1, 2}, SVD: o.SVD})
	if err != nil {
		return nil, err
	}
	d := &CPDecomposition{Left: start.Factors[0], Right: start.Factors[1]}
	if err := d.fitDiagonals(x, norm); err != nil {
		return nil, err
	}
	o.report(d)
	for range o.MaxSweeps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		next := &CPDecomposition{Left: d.Left, Right: d.Right, Diagonals: d.Diagonals, Errors: slices.Clone(d.Errors)}
		if next.Left, err = next.fitSide(x, next.Right, false); err != nil {
			return nil, err
		}
		if next.Right, err = next.fitSide(x, next.Left, true); err != nil {
			return nil, err
		}
		if err := next.fitDiagonals(x, norm); err != nil {
			return nil, err
		}
		fall := d.Error() - next.Error()
		if fall >= 0 {
			d = next
			o.report(d)
		}
		if fall < o.Tolerance {
			d.Converged = true
			break
		}
	}
	d.balance()
	return d, nil
}

func (o CPOptions) report(d *CPDecomposition) {
	if o.Progress != nil {
		o.Progress(len(d.Errors)-1, d.Error())
	}
}

// matrix is X_j as a view.
func (t *Tensor) matrix(j int) *mat.Dense {
	rows, cols := t.shape[1], t.shape[2]
	return mat.NewDense(rows, cols, t.data[j*rows*cols:(j+1)*rows*cols])
}

// fitSide is the best U given V and the diagonals, or with columns the best V given U: (Σ_j X_j·V·diag(σ_j))·(σᵀσ ∘ VᵀV)⁻¹.
func (d *CPDecomposition) fitSide(x *Tensor, other *mat.Dense, columns bool) (*mat.Dense, error) {
	rows, rank := other.Dims()
	var sum, scaled, product mat.Dense
	scaled.ReuseAs(rows, rank)
	for j := range x.shape[0] {
		sigma := d.Diagonals.RawRowView(j)
		for i := range rows {
			floats.MulTo(scaled.RawRowView(i), other.RawRowView(i), sigma)
		}
		var matrix mat.Matrix = x.matrix(j)
		if columns {
			matrix = matrix.T()
		}
		product.Mul(matrix, &scaled)
		if j == 0 {
			sum.CloneFrom(&product)
		} else {
			sum.Add(&sum, &product)
		}
	}
	return solveGram(gramOf(d.Diagonals, other), &sum)
}

// fitDiagonals gives each matrix its best diagonal, (UᵀU ∘ VᵀV)⁻¹·diag(Uᵀ·X_j·V), and measures the error.
func (d *CPDecomposition) fitDiagonals(x *Tensor, norm float64) error {
	rows, rank := d.Left.Dims()
	projections := mat.NewDense(x.shape[0], rank, nil) // diag(Uᵀ·X_j·V)
	var product mat.Dense
	for j := range x.shape[0] {
		product.Mul(x.matrix(j), d.Right)
		row := projections.RawRowView(j)
		for i := range rows {
			left, right := d.Left.RawRowView(i), product.RawRowView(i)
			for k := range row {
				row[k] += left[k] * right[k]
			}
		}
	}
	gram := gramOf(d.Left, d.Right)
	var err error
	if d.Diagonals, err = solveGram(gram, projections); err != nil {
		return err
	}
	// ‖X_j − U·diag(σ)·Vᵀ‖² = ‖X_j‖² − 2σᵀp + σᵀGσ, with p the projections and G the Gram matrix.
	rest := norm * norm
	for j := range x.shape[0] {
		sigma := mat.NewVecDense(rank, d.Diagonals.RawRowView(j))
		rest += mat.Inner(sigma, gram, sigma) - 2*floats.Dot(d.Diagonals.RawRowView(j), projections.RawRowView(j))
	}
	relative := 0.0
	if norm > 0 {
		relative = math.Sqrt(max(0, rest)) / norm
	}
	d.Errors = append(d.Errors, relative)
	return nil
}

// gramOf is AᵀA ∘ BᵀB.
func gramOf(a, b *mat.Dense) *mat.SymDense {
	_, rank := a.Dims()
	var left, right mat.SymDense
	left.SymOuterK(1, a.T())
	right.SymOuterK(1, b.T())
	gram := mat.NewSymDense(rank, nil)
	for i := range rank {
		for k := i; k < rank; k++ {
			gram.SetSym(i, k, left.At(i, k)*right.At(i, k))
		}
	}
	return gram
}

// solveGram is B·G⁻¹ for a symmetric G without negative eigenvalues, whose directions below 1e-12 of the largest are left out.
func solveGram(gram *mat.SymDense, b *mat.Dense) (*mat.Dense, error) {
	var result mat.Dense
	var cholesky mat.Cholesky
	if cholesky.Factorize(gram) && cholesky.Cond() < 1e12 {
		var transposed mat.Dense
		if err := cholesky.SolveTo(&transposed, b.T()); err != nil {
			return nil, fmt.Errorf("tensor: alternating least squares: %w", err)
		}
		return mat.DenseCopyOf(transposed.T()), nil
	}
	vectors, values, err := eigen(gram, gram.SymmetricDim())
	if err != nil {
		return nil, err
	}
	var rotated mat.Dense
	rotated.Mul(b, vectors)
	rows, rank := rotated.Dims()
	for i := range rows {
		row := rotated.RawRowView(i)
		for k := range rank {
			if values[k] > 1e-12*values[0] {
				row[k] /= values[k]
			} else {
				row[k] = 0
			}
		}
	}
	result.Mul(&rotated, vectors.T())
	return &result, nil
}

// balance gives the columns of the three factors the same norm, and orders them by what they stand for, the largest first.
func (d *CPDecomposition) balance() {
	_, rank := d.Left.Dims()
	factors := []*mat.Dense{d.Left, d.Right, d.Diagonals}
	sizes := make([]float64, rank)
	order := make([]int, rank)
	norms := make([][]float64, 3)
	for k := range rank {
		sizes[k], order[k] = 1, k
		for f, factor := range factors {
			norm := mat.Norm(factor.ColView(k), 2)
			norms[f] = append(norms[f], norm)
			sizes[k] *= norm
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case sizes[a] > sizes[b]:
			return -1
		case sizes[a] < sizes[b]:
			return 1
		}
		return 0
	})
	for f, factor := range factors {
		rows, _ := factor.Dims()
		sorted := mat.NewDense(rows, rank, nil)
		for k, from := range order {
			scale := 0.0
			if sizes[from] > 0 {
				scale = math.Cbrt(sizes[from]) / norms[f][from]
			}
			for i := range rows {
				sorted.Set(i, k, scale*factor.At(i, from))
			}
		}
		*factor = *sorted
	}
}
