package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// A Tensor is one entry of a file. It stays valid until the [File] is closed.
type Tensor struct {
	Name  string
	DType DType
	// Shape holds the sizes of the axes, none for a scalar.
	Shape []int
	// Data holds the elements in row-major order, little-endian: a view of
	// the mapped file, which must not be written to.
	Data []byte

	path string
}

// Len returns the number of elements, the product of the shape.
func (t Tensor) Len() int {
	n := 1
	for _, size := range t.Shape {
		n *= size
	}
	return n
}

// Float32s returns the elements as float32, [Tensor.Len] of them in row-major
// order. For F32 that is a view of the mapped file, which must not be written
// to, where the machine and the file's alignment allow it; otherwise, and for
// F16, BF16, F64 (rounded to the nearest), I8 and U8, it is a copy.
// Other data types are an error. A view is looked at in a [Tensor.Guard]; [Tensor.Copy] needs none.
func (t Tensor) Float32s() (values []float32, err error) {
	err = t.Guard(func() error {
		values, err = t.float32s()
		return err
	})
	return values, err
}

func (t Tensor) float32s() ([]float32, error) {
	size := t.DType.Size()
	if size == 0 {
		return nil, fmt.Errorf("safetensors: %s: tensor %q has the unknown data type %q: want F32, F16, BF16 or F64", t.path, t.Name, t.DType)
	}
	n := len(t.Data) / size
	if n == 0 {
		switch t.DType {
		case F32, F16, BF16, F64, I8, U8:
			return []float32{}, nil
		}
	}
	switch t.DType {
	case F32:
		if start := unsafe.Pointer(unsafe.SliceData(t.Data)); littleEndian && uintptr(start)%4 == 0 {
			return unsafe.Slice((*float32)(start), n), nil
		}
		out := make([]float32, n)
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
		}
		return out, nil
	case F16:
		out := make([]float32, n)
		for i := range out {
			out[i] = float16ToFloat32(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
		return out, nil
	case BF16:
		out := make([]float32, n)
		for i := range out {
			out[i] = bfloat16ToFloat32(binary.LittleEndian.Uint16(t.Data[2*i:]))
		}
		return out, nil
	case F64:
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:])))
		}
		return out, nil
	case I8:
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(int8(t.Data[i]))
		}
		return out, nil
	case U8:
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(t.Data[i])
		}
		return out, nil
	}
	return nil, fmt.Errorf("safetensors: %s: tensor %q holds %s, not floating-point weights: want F32, F16, BF16 or F64", t.path, t.Name, t.DType)
}

// Release tells the operating system that the tensor's pages may leave memory.
// The tensor stays valid: its pages are read again when they are touched.
// Where the system offers no such hint, or the tensor is not a file's, it does
// nothing.
func (t Tensor) Release() {
	if t.path != "" && len(t.Data) > 0 { // pages without a file behind them would be lost
		release(t.Data)
	}
}

var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1
