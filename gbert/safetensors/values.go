package safetensors

import (
	"slices"
	"unsafe"
)

// FromFloat32s returns an F32 tensor over values in row-major order. The tensor keeps the slice: it is a view of it, on
// little-endian machines.
func FromFloat32s(name string, shape []int, values []float32) Tensor {
	var data []byte
	if len(values) > 0 {
		data = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
	}
	return Tensor{Name: name, DType: F32, Shape: slices.Clone(shape), Data: data}
}
