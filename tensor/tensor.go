package tensor

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
)

// Tensor is a dense array of float64 in row-major order: the index of the last mode runs fastest.
type Tensor struct {
	shape []int
	data  []float64
}

// New is the tensor of a shape over data in row-major order, which it keeps and does not copy.
// A mode must be at least 1 long, and data as long as the product of the shape.
func New(data []float64, shape ...int) (*Tensor, error) {
	size, err := sizeOf(shape)
	if err != nil {
		return nil, err
	}
	if len(data) != size {
		return nil, fmt.Errorf("tensor: a tensor of shape %v has %d entries, not %d", shape, size, len(data))
	}
	return &Tensor{slices.Clone(shape), data}, nil
}

// Stack puts matrices of the same shape [rows, cols], in row-major order, on top of each other: [len(matrices), rows, cols].
func Stack(matrices [][]float32, rows, cols int) (*Tensor, error) {
	shape := []int{len(matrices), rows, cols}
	size, err := sizeOf(shape)
	if err != nil {
		return nil, err
	}
	for i, matrix := range matrices { // before size is allocated
		if len(matrix) != rows*cols {
			return nil, fmt.Errorf("tensor: matrix %d of the stack has %d entries, want %d × %d = %d", i, len(matrix), rows, cols, rows*cols)
		}
	}
	data := make([]float64, 0, size)
	for _, matrix := range matrices {
		for _, value := range matrix {
			data = append(data, float64(value))
		}
	}
	return &Tensor{shape, data}, nil
}

// sizeOf is the product of a shape.
func sizeOf(shape []int) (int, error) {
	if len(shape) == 0 {
		return 0, fmt.Errorf("tensor: a tensor needs at least one mode")
	}
	size := 1
	for mode, length := range shape {
		if length < 1 {
			return 0, fmt.Errorf("tensor: mode %d of the shape %v is %d long, want at least 1", mode, shape, length)
		}
		if size > math.MaxInt/length {
			return 0, fmt.Errorf("tensor: the shape %v has more entries than an int counts", shape)
		}
		size *= length
	}
	return size, nil
}

// zeros is a tensor of a shape that is known to be good.
func zeros(shape []int) *Tensor {
	size := 1
	for _, length := range shape {
		size *= length
	}
	return &Tensor{shape, make([]float64, size)}
}

// Shape is the length of each mode.
func (t *Tensor) Shape() []int { return slices.Clone(t.shape) }

// Data are the entries in row-major order: the tensor's own, not a copy.
func (t *Tensor) Data() []float64 { return t.data }

// Norm is the Frobenius norm, the root of the sum of squares.
func (t *Tensor) Norm() float64 {
	return blas64.Nrm2(blas64.Vector{N: len(t.data), Inc: 1, Data: t.data})
}

// finiteNorm is the norm of a tensor that has no NaN and no infinity.
func (t *Tensor) finiteNorm() (float64, error) {
	if t == nil || len(t.data) == 0 {
		return 0, fmt.Errorf("tensor: the tensor is empty, want one made by New or Stack")
	}
	for i, value := range t.data {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return 0, fmt.Errorf("tensor: entry %v of the tensor is %g, want finite numbers", t.index(i), value)
		}
	}
	norm := t.Norm()
	if norm > 1e150 {
		return 0, fmt.Errorf("tensor: the tensor's norm is %g, whose square is out of range: scale it below 1e150", norm)
	}
	return norm, nil
}

// index is the place of the i-th entry.
func (t *Tensor) index(i int) []int {
	index := make([]int, len(t.shape))
	for mode := len(t.shape) - 1; mode >= 0; mode-- {
		index[mode], i = i%t.shape[mode], i/t.shape[mode]
	}
	return index
}

// RelativeError is ‖x − approximation‖ / ‖x‖, entry by entry; 0 when both are zero, infinite when x alone is.
func RelativeError(x, approximation *Tensor) (float64, error) {
	norm, err := x.finiteNorm()
	if err != nil {
		return 0, err
	}
	if approximation == nil || !slices.Equal(x.shape, approximation.shape) {
		return 0, fmt.Errorf("tensor: the approximation's shape differs from the tensor's, %v", x.shape)
	}
	var sum float64
	for i, value := range x.data {
		difference := value - approximation.data[i]
		sum += difference * difference
	}
	if sum == 0 {
		return 0, nil
	}
	return math.Sqrt(sum) / norm, nil
}
