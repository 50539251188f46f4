package gbert

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// InputNumbers say as which numbers the inputs of an [Int8] map, its activations, are multiplied with its codes.
type InputNumbers string

// The numbers of inputs, each computed as ONNX Runtime computes them.
const (
	// FloatInputs stay float32: the weights alone are codes. It is the zero value.
	FloatInputs InputNumbers = ""
	// DynamicInputs are unsigned codes with a zero point over the range of the whole array as it passes: of all examples of the
	// batch, padding included. So an example's logits change by some thousandths with its neighbours.
	DynamicInputs InputNumbers = "dynamic"
	// RowInputs are symmetric codes over the range of each token by itself. Neighbours and padding change nothing.
	RowInputs InputNumbers = "row"
	// StaticInputs are unsigned codes with a zero point over a range that was calibrated beforehand and is stored. What is beyond
	// it is cut. Neighbours and padding change nothing, and no range is looked for.
	StaticInputs InputNumbers = "static"
)

// check reports numbers that are none of these.
func (n InputNumbers) check() error {
	switch n {
	case FloatInputs, DynamicInputs, RowInputs, StaticInputs:
		return nil
	}
	return fmt.Errorf("has the inputs %q; they are %q, %q and %q, or none for float32", n, DynamicInputs, RowInputs, StaticInputs)
}

// QuantizeRows gives each row of a matrix [rows, columns] a scale, its largest absolute value over 127, and the codes with which
// scale·code is next to the value: from −127 to 127, halves to the even one. A row of zeros has the scale 1. Values must be finite.
func QuantizeRows(values []float32, rows, columns int) (codes []int8, scales []float32) {
	codes, scales = make([]int8, len(values)), make([]float32, rows)
	for r := range rows {
		row := values[r*columns : (r+1)*columns]
		largest := float32(0)
		for _, v := range row {
			largest = max(largest, float32(math.Abs(float64(v))))
		}
		scales[r] = largest / 127
		if scales[r] == 0 { // or too small for a float32
			scales[r] = 1
		}
		for c, v := range row {
			codes[r*columns+c] = int8(max(-127, min(127, math.RoundToEven(float64(v/scales[r])))))
		}
	}
	return codes, scales
}

// Codes are whole numbers as the values of a weight.
func Codes[T int8 | uint8](codes []T) []float32 {
	values := make([]float32, len(codes))
	for i, code := range codes {
		values[i] = float32(code)
	}
	return values
}

// UnsignedScale is the scale and the zero point of unsigned codes over a range, as ONNX's DynamicQuantizeLinear computes them in float32:
// the range is widened to hold zero, which then is a code. A range of zero has the scale 1.
func UnsignedScale(low, high float32) (scale float32, zero uint8) {
	low, high = min(low, 0), max(high, 0)
	if scale = (high - low) / 255; scale == 0 {
		scale = 1
	}
	return scale, uint8(math.RoundToEven(float64(max(0, min(255, -low/scale)))))
}

// An InputQuantizer turns what enters a map into codes in the graph, with straight-through gradients: those of the identity where
// nothing is cut, zero where something is (Bengio et al. 2013, arXiv:1308.3432).
type InputQuantizer struct {
	Inputs InputNumbers
	// Scale and Zero are scalars, for StaticInputs alone.
	Scale, Zero *Node
}

// Codes are the codes of x [..., in] less their zero point, whole numbers in float32, and the scale by which they are multiplied: a
// scalar, or [..., 1] for a scale each row. No gradient flows into the scale.
func (q InputQuantizer) Codes(x *Node) (codes, scale *Node) {
	fixed := StopGradient(x)
	low, high, zero := -127.0, 127.0, (*Node)(nil)
	switch q.Inputs {
	case RowInputs:
		scale = orOne(divide(ReduceAndKeep(Abs(fixed), ReduceMax, -1), 127))
		codes = ClipScalar(Round(Div(fixed, scale)), low, high)
	case DynamicInputs:
		least, most := MinScalar(ReduceAllMin(fixed), 0), MaxScalar(ReduceAllMax(fixed), 0)
		scale = orOne(divide(Sub(most, least), 255))
		zero = Round(ClipScalar(Neg(Div(least, scale)), 0, 255))
	case StaticInputs:
		scale, zero = StopGradient(q.Scale), StopGradient(q.Zero)
	default:
		panic(fmt.Errorf("gbert: there are no codes for the inputs %q", q.Inputs))
	}
	through := Div(Sub(x, fixed), scale) // zero, with the gradient of x over the scale
	if zero != nil {
		whole := Add(Round(Div(fixed, scale)), zero)
		codes = ClipScalar(whole, 0, 255)
		if q.Inputs == StaticInputs {
			through = Mul(through, ConvertDType(Equal(codes, whole), x.DType()))
		}
		codes = Sub(codes, zero)
	}
	return Add(StopGradient(codes), through), scale
}

// divide is x over a number, rounded once: XLA turns a division by a constant into a product with its inverse, which rounds twice.
func divide(x *Node, by float64) *Node {
	return Div(x, AddScalar(Sub(x, x), by))
}

// orOne is 1 where a scale is 0.
func orOne(scale *Node) *Node {
	return Where(Equal(scale, ScalarZero(scale.Graph(), dtypes.Float32)), OnesLike(scale), scale)
}
