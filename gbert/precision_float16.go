package gbert

import (
	"fmt"

	"bertlab/gbert/safetensors"
)

// float16Numbers are numbers of half precision. What is too large for them is refused: Go rounds 65520 and all above to infinity.
type float16Numbers struct{}

func (float16Numbers) name() Precision          { return Float16 }
func (float16Numbers) dtype() safetensors.DType { return safetensors.F16 }

func (float16Numbers) converts(dtype safetensors.DType) bool {
	return dtype.IsFloat() && dtype != safetensors.F16
}

func (float16Numbers) check(name string, largest float32) error {
	if largest >= 65520 {
		return fmt.Errorf("%s has a value of size %g, and half precision ends at 65504: save in float32", name, largest)
	}
	return nil
}
