package safetensors

// A DType is the data type of a tensor's elements, named as in the file.
type DType string

// The data types of the format whose elements are whole bytes.
const (
	Bool   DType = "BOOL"
	U8     DType = "U8"
	I8     DType = "I8"
	F8E5M2 DType = "F8_E5M2"
	F8E4M3 DType = "F8_E4M3"
	F8E8M0 DType = "F8_E8M0"
	I16    DType = "I16"
	U16    DType = "U16"
	F16    DType = "F16"
	BF16   DType = "BF16"
	I32    DType = "I32"
	U32    DType = "U32"
	F32    DType = "F32"
	I64    DType = "I64"
	U64    DType = "U64"
	F64    DType = "F64"
	C64    DType = "C64"
)

// Size returns the bytes of one element, or 0 for a data type that this
// package does not know.
func (d DType) Size() int {
	switch d {
	case Bool, U8, I8, F8E5M2, F8E4M3, F8E8M0:
		return 1
	case I16, U16, F16, BF16:
		return 2
	case I32, U32, F32:
		return 4
	case I64, U64, F64, C64:
		return 8
	}
	return 0
}

// IsFloat reports whether elements are floating-point numbers that
// [Tensor.Float32s] reads.
func (d DType) IsFloat() bool { return d == F16 || d == BF16 || d == F32 || d == F64 }
