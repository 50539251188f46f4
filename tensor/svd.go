package tensor

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Method is how singular vectors were computed.
type Method string

const (
	// Auto lets the size decide; see [SVDOptions].
	Auto Method = ""
	// Exact is LAPACK's singular value decomposition.
	Exact Method = "exact"
	// Gram is the eigendecomposition of the Gram matrix of the shorter side. Singular values below about 1e-8 of the largest
	// are lost in it.
	Gram Method = "gram"
	// Randomised is the projection on the range of the matrix times Gaussian vectors, with power iterations (Halko, Martinsson
	// and Tropp 2011, algorithms 4.4 and 5.1).
	Randomised Method = "randomised"
)

// SVDOptions are how singular vectors are computed. The zero value is good.
type SVDOptions struct {
	// Method; [Auto] decides for a matrix [m, n] with k = min(m, n): Exact up to m·n·k = 2·10⁹; Randomised above if k > 2048
	// and rank + Oversampling ≤ k/4; Gram in between.
	Method Method
	// Oversampling is how many more Gaussian vectors than the rank the randomised method takes; 0 means 10.
	Oversampling int
	// PowerIterations of the randomised method; 0 means 2.
	PowerIterations int
	// Seed of the Gaussian vectors.
	Seed uint64
}

const (
	exactWork          = 2e9  // m·n·min(m, n): some seconds
	gramSide           = 2048 // an eigendecomposition of this size takes about 20 seconds
	defaultOversample  = 10
	defaultPowerSweeps = 2
)

// Check reports options that no decomposition takes.
func (o SVDOptions) Check() error {
	_, err := o.filled()
	return err
}

// filled are the options with their defaults.
func (o SVDOptions) filled() (SVDOptions, error) {
	if !slices.Contains([]Method{Auto, Exact, Gram, Randomised}, o.Method) {
		return o, fmt.Errorf("tensor: unknown method %q; the methods are %q, %q, %q and %q for a choice by size", o.Method, Exact, Gram, Randomised, Auto)
	}
	if o.Oversampling < 0 || o.PowerIterations < 0 {
		return o, fmt.Errorf("tensor: oversampling %d and %d power iterations, want at least 0", o.Oversampling, o.PowerIterations)
	}
	if o.Oversampling == 0 {
		o.Oversampling = defaultOversample
	}
	if o.PowerIterations == 0 {
		o.PowerIterations = defaultPowerSweeps
	}
	return o, nil
}

func (o SVDOptions) choose(m, n, rank int) Method {
	k := min(m, n)
	switch {
	case o.Method != Auto:
		return o.Method
	case float64(m)*float64(n)*float64(k) <= exactWork:
		return Exact
	case k > gramSide && rank+o.Oversampling <= k/4:
		return Randomised
	}
	return Gram
}

// SVD is a truncated singular value decomposition, A ≈ U·Σ·Vᵀ.
type SVD struct {
	// U [m, rank] are the left singular vectors in columns. The entry of largest absolute value of each is positive.
	U *mat.Dense
	// Values [rank] are the diagonal of Σ, descending.
	Values []float64
	// V [n, rank] are the right singular vectors in columns.
	V *mat.Dense
	// Method is the one used.
	Method Method
	// Norm is ‖A‖ and Residual ‖A − U·Σ·Vᵀ‖, both Frobenius: the tail of the singular values, √Σ_{i>rank} σ_i².
	Norm, Residual float64

	spectrum []float64 // all singular values, where the method has them
}

// TruncatedSVD is the best approximation of A [m, n] of a rank from 1 to min(m, n), in the Frobenius norm (Eckart and Young 1936).
func TruncatedSVD(a mat.Matrix, rank int, o SVDOptions) (*SVD, error) {
	t, err := asTensor(a)
	if err != nil {
		return nil, err
	}
	if limit := min(t.shape[0], t.shape[1]); rank < 1 || rank > limit {
		return nil, fmt.Errorf("tensor: rank %d of a matrix [%d, %d], want 1…%d", rank, t.shape[0], t.shape[1], limit)
	}
	if o, err = o.filled(); err != nil {
		return nil, err
	}
	return t.along(0).svd(rank, o, true)
}

// asTensor is a matrix as a tensor of two modes; a dense matrix without gaps is not copied.
func asTensor(a mat.Matrix) (*Tensor, error) {
	if err := checkMatrix("matrix", a); err != nil {
		return nil, err
	}
	dense, ok := a.(*mat.Dense)
	if !ok || dense.RawMatrix().Stride != dense.RawMatrix().Cols {
		dense = mat.DenseCopyOf(a)
	}
	raw := dense.RawMatrix()
	t := &Tensor{[]int{raw.Rows, raw.Cols}, raw.Data[:raw.Rows*raw.Cols]}
	_, err := t.finiteNorm()
	return t, err
}

// Reconstruct is U·Σ·Vᵀ [m, n].
func (s *SVD) Reconstruct() *mat.Dense {
	u, v := s.Factors()
	var product mat.Dense
	product.Mul(u, v)
	return &product
}

// Factors are U·√Σ [m, rank] and √Σ·Vᵀ [rank, n]: A ≈ their product, and both weigh the same.
func (s *SVD) Factors() (u, v *mat.Dense) {
	u, v = mat.DenseCopyOf(s.U), mat.DenseCopyOf(s.V.T())
	for i, value := range s.Values {
		root := math.Sqrt(value)
		blas64.Scal(root, blas64.Vector{N: u.RawMatrix().Rows, Inc: u.RawMatrix().Stride, Data: u.RawMatrix().Data[i:]})
		floats.Scale(root, v.RawRowView(i))
	}
	return u, v
}

// Truncated are the leading singular values and vectors, of a rank from 1 to the decomposition's own.
func (s *SVD) Truncated(rank int) (*SVD, error) {
	if rank < 1 || rank > len(s.Values) || s.V == nil {
		return nil, fmt.Errorf("tensor: rank %d of a decomposition with %d singular values, want 1…%d", rank, len(s.Values), len(s.Values))
	}
	m, _ := s.U.Dims()
	n, _ := s.V.Dims()
	return &SVD{
		U: mat.DenseCopyOf(s.U.Slice(0, m, 0, rank)), V: mat.DenseCopyOf(s.V.Slice(0, n, 0, rank)), Values: s.Values[:rank:rank],
		Method: s.Method, Norm: s.Norm, Residual: math.Hypot(s.Residual, floats.Norm(s.Values[rank:], 2)),
	}, nil
}

// RelativeError is Residual / Norm; 0 for a zero matrix.
func (s *SVD) RelativeError() float64 {
	if s.Norm == 0 {
		return 0
	}
	return s.Residual / s.Norm
}

// Spectrum is all min(I_n, ∏ other modes) singular values of the mode-n unfolding, descending, by the exact method or through the
// Gram matrix. A matrix is a tensor of two modes, either of which has its singular values.
func Spectrum(t *Tensor, mode int, o SVDOptions) ([]float64, error) {
	if _, err := t.finiteNorm(); err != nil {
		return nil, err
	}
	if err := t.checkMode(mode); err != nil {
		return nil, err
	}
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	u := t.along(mode)
	if o.Method == Randomised {
		return nil, fmt.Errorf("tensor: the randomised method has leading singular values only, want %q, %q or %q", Auto, Exact, Gram)
	}
	full := min(u.dim, u.cols())
	svd, err := u.svd(full, o, false)
	if err != nil {
		return nil, err
	}
	return svd.spectrum[:full], nil
}

// svd is the truncated decomposition of an unfolding; V is computed if it is wanted. A rank above the number of columns is
// filled up with orthonormal vectors, which is what a factor of that rank needs.
func (u unfolding) svd(rank int, o SVDOptions, wantV bool) (*SVD, error) {
	method := o.choose(u.dim, u.cols(), rank)
	if method == Randomised && rank+o.Oversampling > min(u.dim, u.cols()) {
		method = Gram // as many Gaussian vectors as the matrix is wide save nothing
	}
	if rank > u.cols() {
		method = Exact // the one that completes U; so few columns are no work
	}
	s := &SVD{Method: method, Norm: (&Tensor{data: u.data}).Norm()}
	var err error
	switch method {
	case Exact:
		err = s.exact(u, rank, wantV)
	case Gram:
		err = s.gram(u, rank, wantV)
	case Randomised:
		err = s.randomised(u, rank, o)
	}
	if err != nil {
		return nil, err
	}
	s.orient()
	return s, nil
}

func (s *SVD) exact(u unfolding, rank int, wantV bool) error {
	if rank > u.cols() {
		return s.completed(u, rank, wantV)
	}
	left, right, values, err := thinSVD(u.matrix(), rank, true, wantV)
	if err != nil {
		return fmt.Errorf("%w: try method %q", err, Gram)
	}
	s.U, s.V = left, right
	s.keep(values, rank)
	return nil
}

// completed is for a rank above the number of columns: U has all the columns of the square one.
func (s *SVD) completed(u unfolding, rank int, wantV bool) error {
	kind := mat.SVDFullU
	if wantV {
		kind |= mat.SVDThinV
	}
	var svd mat.SVD
	if !svd.Factorize(u.matrix(), kind) {
		return fmt.Errorf("tensor: the singular value decomposition of a matrix [%d, %d] does not converge", u.dim, u.cols())
	}
	var full mat.Dense
	svd.UTo(&full)
	s.U = mat.DenseCopyOf(full.Slice(0, u.dim, 0, rank))
	if wantV {
		s.V = new(mat.Dense)
		svd.VTo(s.V)
	}
	s.keep(svd.Values(nil), rank)
	return nil
}

// keep takes the leading ones of all singular values, and what the others leave.
func (s *SVD) keep(values []float64, rank int) {
	s.spectrum = values
	kept := min(rank, len(values))
	s.Values = slices.Clone(values[:kept])
	s.Residual = floats.Norm(values[kept:], 2)
}

// gram takes the leading eigenvectors of the shorter side's Gram matrix. They span the best subspace; the decomposition of
// the matrix projected on it (one long, one short side) gives vectors of the other side that are orthonormal to rounding.
func (s *SVD) gram(u unfolding, rank int, wantV bool) error {
	wide := u.dim <= u.cols()
	short := u
	if !wide { // XᵀX: the same data with the roles of rows and columns changed
		m := u.matrix().RawMatrix()
		u = unfolding{data: m.Data, outer: 1, dim: m.Rows, inner: m.Cols}
		short = unfolding{data: m.Data, outer: m.Rows, dim: m.Cols, inner: 1}
	}
	basis, values, err := eigen(short.gram(), rank)
	if err != nil {
		return err
	}
	for i, value := range values {
		values[i] = math.Sqrt(value)
	}
	s.keep(values, rank)
	switch {
	case wide && !wantV:
		s.U = basis
	case wide:
		return s.fromLeft(u, basis, rank)
	default:
		return s.fromRight(u, basis)
	}
	return nil
}

// fromRight decomposes X·Q for a basis Q [cols, rank] of the right side.
func (s *SVD) fromRight(u unfolding, q *mat.Dense) error {
	_, rank := q.Dims()
	left, z, values, err := thinSVD(u.times(q), rank, true, true)
	if err != nil {
		return err
	}
	s.U, s.V, s.Values = left, new(mat.Dense), values
	s.V.Mul(q, z)
	return nil
}

// fromLeft decomposes Qᵀ·X for a basis Q [dim, l ≥ rank] of the left side, and keeps rank of its singular vectors.
func (s *SVD) fromLeft(u unfolding, q *mat.Dense, rank int) error {
	v, z, values, err := thinSVD(u.transposedTimes(q), rank, true, true)
	if err != nil {
		return err
	}
	s.U, s.V, s.Values = new(mat.Dense), v, values[:rank]
	s.U.Mul(q, z)
	return nil
}

// eigen are the leading eigenvectors of a positive semidefinite matrix in columns, and all eigenvalues, descending: its singular vectors
// and values.
func eigen(a mat.Symmetric, keep int) (*mat.Dense, []float64, error) {
	n := a.SymmetricDim()
	vectors, _, values, err := squareSVD(mat.DenseCopyOf(a), keep, true, false)
	if err != nil {
		return nil, nil, fmt.Errorf("tensor: the eigendecomposition of a matrix [%d, %d] does not converge", n, n)
	}
	return vectors, values, nil
}

// orient makes the entry of largest absolute value of each left vector positive.
func (s *SVD) orient() {
	m, n := s.U.Dims()
	for j := range n {
		largest := 0.0
		for i := range m {
			if value := s.U.At(i, j); math.Abs(value) > math.Abs(largest) {
				largest = value
			}
		}
		if largest >= 0 {
			continue
		}
		for _, vectors := range []*mat.Dense{s.U, s.V} {
			if vectors == nil {
				continue
			}
			raw := vectors.RawMatrix()
			blas64.Scal(-1, blas64.Vector{N: raw.Rows, Inc: raw.Stride, Data: raw.Data[j:]})
		}
	}
}
