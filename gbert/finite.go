package gbert

import (
	"fmt"
	"math"

	"bertlab/gbert/safetensors"
)

// The bits of numbers without their sign: from infinite on no number is one.
const (
	signless = 0x7fffffff
	infinite = 0x7f800000
)

// largestBits are the largest bits of values without their sign. They order finite numbers by size, and NaN behind infinity.
func largestBits(values []float32) uint32 {
	largest := uint32(0)
	for _, x := range values {
		largest = max(largest, math.Float32bits(x)&signless)
	}
	return largest
}

// checkFinite reports NaN and infinite numbers among the values of a weight.
func checkFinite(name string, shape []int, values []float32) error {
	if largestBits(values) < infinite {
		return nil
	}
	count, first := 0, -1
	for i, x := range values {
		if math.Float32bits(x)&signless >= infinite {
			if count++; first < 0 {
				first = i
			}
		}
	}
	return fmt.Errorf("%s is not finite in %d of %d values, first %g at %v: nothing can be computed with it; the file is broken, or its training diverged", name, count, len(values), values[first], unravel(first, shape))
}

// unravel are the coordinates of a value in an array of a shape.
func unravel(index int, shape []int) []int {
	at := make([]int, len(shape))
	for i := len(shape) - 1; i >= 0; i-- {
		at[i], index = index%shape[i], index/shape[i]
	}
	return at
}

// CheckFinite reports the first of the model's weights that holds NaN or an infinite number, by its name as it is saved. Carried
// tensors may hold anything.
func (m *Model) CheckFinite() error {
	if err := m.eachWeight(func(name string, shape []int, values []float32) error { return checkFinite(name, shape, values) }); err != nil {
		return fmt.Errorf("gbert: %w", err)
	}
	return nil
}

// eachWeight looks at the values of all weights, by the names that they are saved with.
func (m *Model) eachWeight(look func(name string, shape []int, values []float32) error) error {
	saved := m.savedNames()
	for _, spec := range m.Weights() {
		tensor, ok := m.weights[spec.Name]
		if !ok {
			return fmt.Errorf("the model has no weight %q", spec.Name)
		}
		if err := lookAt(tensor, func(values []float32) error { return look(saved(spec.Name), spec.Shape, values) }); err != nil {
			return err
		}
	}
	return nil
}

// lookAt looks at the values of a tensor, and lets go of the file's pages.
func lookAt(tensor safetensors.Tensor, look func(values []float32) error) error {
	defer tensor.Release()
	values, err := tensor.Float32s()
	if err != nil {
		return fmt.Errorf("%s: %w", tensor.Name, err)
	}
	return tensor.Guard(func() error { return look(values) })
}

// checkStorable reports weights that are not finite, or that would not be in the given precision.
func (m *Model) checkStorable(numbers precision) error {
	var largest uint32
	var at string
	note := func(name string, values []float32) {
		if bits := largestBits(values); bits < infinite && bits > largest {
			largest, at = bits, name
		}
	}
	err := m.eachWeight(func(name string, shape []int, values []float32) error {
		note(name, values)
		return checkFinite(name, shape, values)
	})
	if err != nil {
		return err
	}
	saved := m.savedNames()
	for name, carried := range m.carried {
		if numbers.converts(carried.tensor.DType) {
			if err := lookAt(carried.tensor, func(values []float32) error { note(saved(name), values); return nil }); err != nil {
				return err
			}
		}
	}
	return numbers.check(at, math.Float32frombits(largest))
}

// CheckLogits reports logits of an example, by its number in the data, that are NaN or infinite.
func CheckLogits(example int, logits []float32) error {
	for i, x := range logits {
		if math.Float32bits(x)&signless >= infinite {
			return fmt.Errorf("gbert: logit %d of example %d is %g: on the way to it numbers grew beyond what float32 holds; the model's weights are finite, but too large", i, example, x)
		}
	}
	return nil
}
