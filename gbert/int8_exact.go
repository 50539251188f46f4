package gbert

import "math"

// Int8Matrix is a matrix [Out, In] in codes with a scale for each row, and the scale and the zero point of a stored range of its inputs.
type Int8Matrix struct {
	Out, In int
	Codes   []int8
	Scales  []float32
	// InputScale and InputZero are those of [StaticInputs].
	InputScale float32
	InputZero  uint8
}

// Multiply is x·Wᵀ for x [rows, In], to the bit as ONNX Runtime computes it: every operation on float32 is rounded by itself, also where
// a processor could fuse two of them, codes are rounded with halves to the even one, and sums are those of whole numbers of 32 bits. It
// is the reference of what [Forward.Linear] computes, for tests; x must be finite, and its inputs not [FloatInputs].
func (w *Int8Matrix) Multiply(x []float32, inputs InputNumbers) []float32 {
	rows := len(x) / w.In
	y := make([]float32, rows*w.Out)
	codes, scales := w.inputCodes(x, inputs)
	for r := range rows {
		for o := range w.Out {
			sum := int32(0)
			for i := range w.In {
				sum += codes[r*w.In+i] * int32(w.Codes[o*w.In+i])
			}
			first, second := float32(sum), float32(scales[r]*w.Scales[o])
			if inputs == RowInputs { // whose scales are no part of the runtime's product
				first, second = float32(first*w.Scales[o]), scales[r]
			}
			y[r*w.Out+o] = float32(first * second)
		}
	}
	return y
}

// inputCodes are the codes of x [rows, In] less their zero point, and each row's scale.
func (w *Int8Matrix) inputCodes(x []float32, inputs InputNumbers) (codes []int32, scales []float32) {
	codes, scales = make([]int32, len(x)), make([]float32, len(x)/w.In)
	scale, zero := w.InputScale, w.InputZero
	if inputs == DynamicInputs {
		low, high := float32(0), float32(0)
		for _, v := range x {
			low, high = min(low, v), max(high, v)
		}
		scale, zero = UnsignedScale(low, high)
	}
	for r := range scales {
		row, low, high := x[r*w.In:(r+1)*w.In], -float64(zero), 255-float64(zero)
		if inputs == RowInputs {
			_, own := QuantizeRows(row, 1, w.In)
			scale, low, high = own[0], -127, 127
		}
		scales[r] = scale
		for i, v := range row {
			codes[r*w.In+i] = int32(max(low, min(high, math.RoundToEven(float64(float32(v/scale))))))
		}
	}
	return codes, scales
}
