package gbert

import (
	"math"

	"bertlab/gbert/onnx"
)

// Endings of the constants that stand for a weight W [out, in] in eight bits: codes [in, out] (or [rows, width] of a table), and a scale
// for each of its rows.
const (
	codesEnding  = ".int8"
	scalesEnding = ".scale"
)

// quantizeRows gives each row of a matrix [rows, columns] a scale, its largest absolute value over 127, and the codes with which
// scale·code is next to the value: from −127 to 127, halves to the even one. A row of zeros has the scale 1.
func quantizeRows(values []float32, rows, columns int) (codes []int8, scales []float32) {
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

// int8Weight are the codes and the scales of a weight [rows, columns]; transposed, the codes are [columns, rows].
func (p *portable) int8Weight(name string, transpose bool) (codes, scales *onnx.Value) {
	g := p.graph
	if kept := g.Find(name + codesEnding); kept != nil {
		return kept, g.Find(name + scalesEnding)
	}
	values, shape, err := p.model.Weight(name)
	if err != nil {
		fail(err)
	}
	quantized, scale := quantizeRows(values, shape[0], shape[1])
	raw := make([]byte, len(quantized))
	for i, code := range quantized {
		raw[i] = byte(code)
	}
	scaleShape := []int{shape[0], 1}
	if transpose {
		raw, shape, scaleShape = transpose2(raw, shape[0], shape[1], 1), []int{shape[1], shape[0]}, scaleShape[:1]
	}
	return g.Constant(name+codesEnding, onnx.Int8, shape, raw), g.Float32s(name+scalesEnding, scaleShape, scale)
}

// int8Product is x·Wᵀ of whole numbers: x becomes unsigned codes over the range of the whole array as it passes, W [out, in] is stored
// as codes with a scale for each row. Maps that read the same x share its codes. The scale of x is the first factor, as ONNX Runtime
// wants it to make one operator of all.
func (p *portable) int8Product(node string, x *onnx.Value, weight string) *onnx.Value {
	g := p.graph
	codes, ok := p.codes[x.Name]
	if !ok {
		codes = g.Nodes(node, "DynamicQuantizeLinear", []*onnx.Value{{Type: onnx.Uint8, Shape: x.Shape}, {Type: onnx.Float32}, {Type: onnx.Uint8}}, []*onnx.Value{x})
		p.codes[x.Name] = codes
	}
	w, scales := p.int8Weight(weight, true)
	shape := append(x.Shape[:x.Rank()-1:x.Rank()-1], w.Last())
	sums := g.Node(node, "MatMulInteger", onnx.Int32, shape, []*onnx.Value{codes[0], w, codes[2]})
	return g.Mul(node, g.Cast(node, sums, onnx.Float32), g.Mul(node+"/scale", codes[1], scales))
}

// int8Rows are rows of a table [rows, width] in eight bits, each with its scale. They are taken before they become float32.
func (p *portable) int8Rows(node, table string, numbers *onnx.Value) *onnx.Value {
	g := p.graph
	codes, scales := p.int8Weight(table, false)
	return g.Mul(node, g.Cast(node, g.Gather(node, codes, numbers), onnx.Float32), g.Gather(node+"/scale", scales, numbers))
}
