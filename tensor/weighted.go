package tensor

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Weighted is a factorisation W ≈ U·V for the inputs that W meets.
type Weighted struct {
	// U [out, rank] and V [rank, in]; column i of U and row i of V have the same norm.
	U, V *mat.Dense
	// Ridge is what was added to the diagonal of the second moment.
	Ridge float64
	// OutputError is ‖X(W − U·V)ᵀ‖ / ‖X·Wᵀ‖, the relative error of the outputs, with the ridge; 0 where both are zero.
	OutputError float64
	// RelativeError is ‖W − U·V‖ / ‖W‖, at least that of the truncated SVD.
	RelativeError float64
	// Method is how the singular vectors of the weighted matrix were computed.
	Method Method
}

// WeightedSVD is the factorisation of a map y = x·Wᵀ, W [out, in], that minimises ‖X(W − U·V)ᵀ‖ over all of a rank from 1 to
// min(out, in), for inputs X [n, in] given by their second moment C = XᵀX/n [in, in], without the mean taken out. Plain SVD is
// the case C = identity: it guards directions that no input takes.
//
// With C = S·Sᵀ (S = Q·√Λ from the eigenvectors of C) the norm is √n·‖(W − U·V)·S‖, whose minimum is the truncated SVD
// A·Σ·Bᵀ of W·S. U·V = A·Σ·Bᵀ·S⁻¹ is A·Aᵀ·W: no inverse is computed, so C may be singular, as with fewer inputs than features.
// For a matrix with fewer outputs than inputs A comes from the eigenvectors of W·C·Wᵀ [out, out], unless the exact method is asked
// for: C itself is not decomposed. An indefinite C is then noticed only where W meets it.
//
// Ridge is a part of the mean diagonal entry of C that is added to its diagonal, at least 0: it keeps some weight on directions
// that few inputs take, which a small sample of inputs underrates. 0 trusts the sample.
func WeightedSVD(w mat.Matrix, c mat.Symmetric, rank int, ridge float64, o SVDOptions) (*Weighted, error) {
	t, err := asTensor(w)
	if err != nil {
		return nil, err
	}
	out, in := t.shape[0], t.shape[1]
	if limit := min(out, in); rank < 1 || rank > limit {
		return nil, fmt.Errorf("tensor: rank %d of a matrix [%d, %d], want 1…%d", rank, out, in, limit)
	}
	if o, err = o.filled(); err != nil {
		return nil, err
	}
	result := &Weighted{V: new(mat.Dense)}
	moment, err := ridged(c, in, ridge, result)
	if err != nil {
		return nil, err
	}
	dense := mat.NewDense(out, in, t.data)
	if out < in && (o.Method == Auto || o.Method == Gram) {
		err = result.fromOutputs(dense, moment, rank)
	} else {
		err = result.fromInputs(dense, moment, rank, o)
	}
	if err != nil {
		return nil, err
	}
	result.V.Mul(result.U.T(), dense)
	var product mat.Dense
	product.Mul(result.U, result.V)
	if result.RelativeError, err = RelativeError(t, &Tensor{t.shape, product.RawMatrix().Data}); err != nil {
		return nil, err
	}
	result.balance()
	return result, nil
}

// fromOutputs takes U from the eigenvectors of W·C·Wᵀ.
func (w *Weighted) fromOutputs(dense *mat.Dense, moment *mat.SymDense, rank int) error {
	out, _ := dense.Dims()
	var half, product mat.Dense
	half.Mul(dense, moment)
	product.Mul(&half, dense.T())
	outputs := mat.NewSymDense(out, nil)
	for i := range out {
		for j := i; j < out; j++ {
			outputs.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
		}
	}
	vectors, values, err := eigen(outputs, rank)
	if err != nil {
		return err
	}
	if err := noneBelowZero(outputs, values[0]); err != nil {
		return err
	}
	svd := &SVD{U: vectors}
	svd.orient()
	w.U, w.Method = svd.U, Gram
	if total := floats.Sum(values); total > 0 {
		w.OutputError = math.Sqrt(floats.Sum(values[rank:]) / total)
	}
	return nil
}

// fromInputs takes U from the singular vectors of W·S.
func (w *Weighted) fromInputs(dense *mat.Dense, moment *mat.SymDense, rank int, o SVDOptions) error {
	out, in := dense.Dims()
	s, err := whitening(moment)
	if err != nil {
		return err
	}
	var whitened mat.Dense
	whitened.Mul(dense, s)
	svd, err := unfolding{data: whitened.RawMatrix().Data, outer: 1, dim: out, inner: in}.svd(rank, o, false)
	if err != nil {
		return err
	}
	w.U, w.OutputError, w.Method = svd.U, svd.RelativeError(), svd.Method
	return nil
}

// noneBelowZero reports a matrix that is no second moment: one with an eigenvalue clearly below 0, beside the largest absolute one.
func noneBelowZero(a *mat.SymDense, largest float64) error {
	n := a.SymmetricDim()
	shifted := mat.NewSymDense(n, nil)
	shifted.CopySym(a)
	for i := range n {
		shifted.SetSym(i, i, shifted.At(i, i)+1e-6*largest)
	}
	var cholesky mat.Cholesky
	if largest == 0 || cholesky.Factorize(shifted) { // rounding alone is below 0
		return nil
	}
	var e mat.EigenSym
	if !e.Factorize(a, false) {
		return fmt.Errorf("tensor: the eigendecomposition of a matrix [%d, %d] does not converge", n, n)
	}
	values := e.Values(nil)
	return fmt.Errorf("tensor: the second moment has the eigenvalue %g beside %g, want none below 0", values[0], values[n-1])
}

// ridged is C + ridge.
func ridged(c mat.Symmetric, in int, ridge float64, result *Weighted) (*mat.SymDense, error) {
	if c == nil || c.SymmetricDim() != in {
		return nil, fmt.Errorf("tensor: the second moment of the inputs must be [%d, %d], as wide as the map's input", in, in)
	}
	if !(ridge >= 0) || math.IsInf(ridge, 0) {
		return nil, fmt.Errorf("tensor: ridge %g, want a finite number of at least 0", ridge)
	}
	moment := mat.NewSymDense(in, nil)
	moment.CopySym(c)
	var trace float64
	for i := range in {
		for j := i; j < in; j++ {
			if value := moment.At(i, j); math.IsNaN(value) || math.IsInf(value, 0) {
				return nil, fmt.Errorf("tensor: entry [%d, %d] of the second moment is %g, want finite numbers", i, j, value)
			}
		}
		trace += moment.At(i, i)
	}
	result.Ridge = ridge * trace / float64(in)
	for i := range in {
		moment.SetSym(i, i, moment.At(i, i)+result.Ridge)
	}
	return moment, nil
}

// whitening is S [in, in] with S·Sᵀ = C.
func whitening(moment *mat.SymDense) (*mat.Dense, error) {
	in := moment.SymmetricDim()
	vectors, values, err := eigen(moment, in)
	if err != nil {
		return nil, err
	}
	if err := noneBelowZero(moment, values[0]); err != nil {
		return nil, err
	}
	for j, value := range values {
		raw := vectors.RawMatrix()
		blas64.Scal(math.Sqrt(value), blas64.Vector{N: in, Inc: raw.Stride, Data: raw.Data[j:]})
	}
	return vectors, nil
}

// balance gives column i of U, of norm 1, and row i of V the same norm.
func (w *Weighted) balance() {
	raw := w.U.RawMatrix()
	for i := range raw.Cols {
		row := w.V.RawRowView(i)
		root := math.Sqrt(floats.Norm(row, 2))
		if root == 0 {
			continue
		}
		floats.Scale(1/root, row)
		blas64.Scal(root, blas64.Vector{N: raw.Rows, Inc: raw.Stride, Data: raw.Data[i:]})
	}
}
