package tensor

import (
	"cmp"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// unfolding is a tensor seen along one mode, without a copy: outer blocks, each a matrix [dim, inner] in row-major order. As a
// matrix it is X_(n) [dim, outer·inner] with the blocks side by side.
type unfolding struct {
	data              []float64
	outer, dim, inner int
}

func (t *Tensor) along(mode int) unfolding {
	u := unfolding{data: t.data, outer: 1, dim: t.shape[mode], inner: 1}
	for _, length := range t.shape[:mode] {
		u.outer *= length
	}
	for _, length := range t.shape[mode+1:] {
		u.inner *= length
	}
	return u
}

// cols is the number of columns of the unfolding.
func (u unfolding) cols() int { return u.outer * u.inner }

// block is the o-th block, [dim, inner].
func (u unfolding) block(o int) blas64.General {
	return general(u.dim, u.inner, u.data[o*u.dim*u.inner:][:u.dim*u.inner])
}

// rowsAreColumns says that the data are [outer, dim]: the unfolding's transpose as it lies in memory.
func (u unfolding) rowsAreColumns() bool { return u.inner == 1 }

// matrix is the unfolding as a matrix [dim, cols]: the data themselves where they lie like that, else a copy.
func (u unfolding) matrix() *mat.Dense {
	if u.outer == 1 {
		return mat.NewDense(u.dim, u.inner, u.data)
	}
	m := mat.NewDense(u.dim, u.cols(), nil)
	for o := range u.outer {
		for i := range u.dim {
			copy(m.RawRowView(i)[o*u.inner:], u.data[(o*u.dim+i)*u.inner:][:u.inner])
		}
	}
	return m
}

// times is X_(n)·B [dim, l] for B [cols, l].
func (u unfolding) times(b *mat.Dense) *mat.Dense {
	raw := b.RawMatrix()
	product := mat.NewDense(u.dim, raw.Cols, nil)
	if u.rowsAreColumns() {
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, general(u.outer, u.dim, u.data), raw, 0, product.RawMatrix())
		return product
	}
	for o := range u.outer {
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, u.block(o), rows(raw, o*u.inner, u.inner), 1, product.RawMatrix())
	}
	return product
}

// transposedTimes is X_(n)ᵀ·B [cols, l] for B [dim, l].
func (u unfolding) transposedTimes(b *mat.Dense) *mat.Dense {
	raw := b.RawMatrix()
	product := mat.NewDense(u.cols(), raw.Cols, nil)
	if u.rowsAreColumns() {
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, general(u.outer, u.dim, u.data), raw, 0, product.RawMatrix())
		return product
	}
	for o := range u.outer {
		blas64.Gemm(blas.Trans, blas.NoTrans, 1, u.block(o), raw, 0, rows(product.RawMatrix(), o*u.inner, u.inner))
	}
	return product
}

func general(rows, cols int, data []float64) blas64.General {
	return blas64.General{Rows: rows, Cols: cols, Stride: cols, Data: data}
}

func rows(m blas64.General, from, count int) blas64.General {
	return blas64.General{Rows: count, Cols: m.Cols, Stride: m.Stride, Data: m.Data[from*m.Stride:][:count*m.Stride]}
}

// Unfold is the mode-n unfolding X_(n) [I_n, ∏ other modes], a copy. Columns are in row-major order of the other modes, as in
// TensorLy (see the package's details for Kolda and Bader's order).
func (t *Tensor) Unfold(mode int) (*mat.Dense, error) {
	if err := t.checkMode(mode); err != nil {
		return nil, err
	}
	return mat.DenseCopyOf(t.along(mode).matrix()), nil
}

// Fold is the inverse of [Tensor.Unfold]: the tensor of a shape whose mode-n unfolding is m.
func Fold(m mat.Matrix, mode int, shape ...int) (*Tensor, error) {
	size, err := sizeOf(shape)
	if err != nil {
		return nil, err
	}
	t := &Tensor{shape: slices.Clone(shape)}
	if err := t.checkMode(mode); err != nil {
		return nil, err
	}
	if err := checkMatrix("unfolding", m); err != nil {
		return nil, err
	}
	if r, c := m.Dims(); r != shape[mode] || c != size/shape[mode] {
		return nil, fmt.Errorf("tensor: the mode-%d unfolding of the shape %v is [%d, %d], not [%d, %d]", mode, shape, shape[mode], size/shape[mode], r, c)
	}
	t.data = make([]float64, size)
	u := t.along(mode)
	for o := range u.outer {
		for i := range u.dim {
			for j := range u.inner {
				u.data[(o*u.dim+i)*u.inner+j] = m.At(i, o*u.inner+j)
			}
		}
	}
	return t, nil
}

// ModeProduct is X ×_n M: each mode-n fibre of X multiplied by M [J, I_n]; mode n becomes J long (Kolda and Bader 2009, section 2.5).
func (t *Tensor) ModeProduct(m mat.Matrix, mode int) (*Tensor, error) {
	return t.MultiModeProduct([]mat.Matrix{m}, []int{mode})
}

// MultiModeProduct is X ×_a M_a ×_b M_b … over distinct modes, in the order that costs the fewest multiplications: the
// result does not depend on the order.
func (t *Tensor) MultiModeProduct(matrices []mat.Matrix, modes []int) (*Tensor, error) {
	if len(matrices) != len(modes) {
		return nil, fmt.Errorf("tensor: %d matrices for %d modes", len(matrices), len(modes))
	}
	if err := t.checkModes(modes); err != nil {
		return nil, err
	}
	products := make([]modeProduct, len(modes))
	for i, mode := range modes {
		if err := checkMatrix("matrix of a mode product", matrices[i]); err != nil {
			return nil, err
		}
		if r, c := matrices[i].Dims(); c != t.shape[mode] {
			return nil, fmt.Errorf("tensor: a matrix [%d, %d] for mode %d, which is %d long: want [J, %d]", r, c, mode, t.shape[mode], t.shape[mode])
		}
		products[i] = modeProduct{matrices[i], mode}
	}
	if len(products) == 0 {
		return &Tensor{t.Shape(), slices.Clone(t.data)}, nil
	}
	return t.multiply(products), nil
}

type modeProduct struct {
	matrix mat.Matrix // [J, I_n]
	mode   int
}

// gain is 1/J − 1/I. Of two products a and b, a goes first exactly when its gain is the larger: with a first they cost
// s·(J_a + J_b·J_a/I_a) multiplications for a tensor of s entries, and J_a + J_b·J_a/I_a < J_b + J_a·J_b/I_b after division
// by J_a·J_b is 1/J_b − 1/I_b < 1/J_a − 1/I_a.
func (p modeProduct) gain() float64 {
	j, i := p.matrix.Dims()
	return 1/float64(j) - 1/float64(i)
}

// multiply applies products that are known to fit; without any it is the tensor itself.
func (t *Tensor) multiply(products []modeProduct) *Tensor {
	slices.SortStableFunc(products, func(a, b modeProduct) int { return cmp.Compare(b.gain(), a.gain()) })
	for _, p := range products {
		t = t.along(p.mode).multiplied(p.matrix, t.shape, p.mode)
	}
	return t
}

func (u unfolding) multiplied(m mat.Matrix, shape []int, mode int) *Tensor {
	shape = slices.Clone(shape)
	shape[mode], _ = m.Dims()
	product := zeros(shape)
	to := product.along(mode)
	if u.rowsAreColumns() { // all fibres at once: [outer, I]·Mᵀ
		transposed := mat.DenseCopyOf(m.T()).RawMatrix()
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, general(u.outer, u.dim, u.data), transposed, 0, general(to.outer, to.dim, to.data))
		return product
	}
	raw := mat.DenseCopyOf(m).RawMatrix()
	for o := range u.outer {
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, raw, u.block(o), 0, to.block(o))
	}
	return product
}

func (t *Tensor) checkMode(mode int) error {
	if mode < 0 || mode >= len(t.shape) {
		return fmt.Errorf("tensor: mode %d of a tensor of shape %v: its modes are 0…%d", mode, t.shape, len(t.shape)-1)
	}
	return nil
}

func (t *Tensor) checkModes(modes []int) error {
	for i, mode := range modes {
		if err := t.checkMode(mode); err != nil {
			return err
		}
		if slices.Contains(modes[:i], mode) {
			return fmt.Errorf("tensor: mode %d is named twice in %v", mode, modes)
		}
	}
	return nil
}

func checkMatrix(what string, m mat.Matrix) error {
	if m == nil {
		return fmt.Errorf("tensor: the %s is nil", what)
	}
	if r, c := m.Dims(); r == 0 || c == 0 {
		return fmt.Errorf("tensor: the %s is empty, [%d, %d]", what, r, c)
	}
	return nil
}
