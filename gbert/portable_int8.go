package gbert

import (
	"bertlab/gbert/onnx"
)

// Endings of the constants that stand for a weight W [out, in] in eight bits: codes [in, out] (or [rows, width] of a table), and a scale
// for each of its rows.
const (
	codesEnding  = ".int8"
	scalesEnding = ".scale"
)

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
	quantized, scale := QuantizeRows(values, shape[0], shape[1])
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

// int8Product is x·Wᵀ for a weight W [out, in] that is stored otherwise.
func (p *portable) int8Product(node string, x *onnx.Value, weight string) *onnx.Value {
	w, scales := p.int8Weight(weight, true)
	return p.dynamicProduct(node, x, w, scales)
}

// int8Map is x·Wᵀ for a matrix W [out, in] in codes.
func (p *portable) int8Map(node string, x *onnx.Value, q int8Matrix, inputs InputNumbers) *onnx.Value {
	scales := p.weight(q.scales())
	switch inputs {
	case DynamicInputs:
		return p.dynamicProduct(node, x, p.stored(q.codes(), true), scales)
	case RowInputs:
		return p.rowProduct(node, x, p.stored(q.codes(), true), scales)
	case StaticInputs:
		return p.staticProduct(node, x, q)
	}
	return p.graph.Mul(node, p.graph.MatMul(node, x, p.transposed(q.codes())), scales)
}

// dynamicProduct is x·Wᵀ of whole numbers: x becomes unsigned codes over the range of the whole array as it passes, W are codes
// [in, out] with a scale for each column. Maps that read the same x share its codes. The scale of x is the first factor, as ONNX Runtime
// wants it to make one operator of all.
func (p *portable) dynamicProduct(node string, x, w, scales *onnx.Value) *onnx.Value {
	codes, ok := p.codes[x.Name]
	if !ok {
		codes = p.graph.Nodes(node, "DynamicQuantizeLinear", []*onnx.Value{{Type: onnx.Uint8, Shape: x.Shape}, {Type: onnx.Float32}, {Type: onnx.Uint8}}, []*onnx.Value{x})
		p.codes[x.Name] = codes
	}
	return p.graph.Mul(node, p.sums(node, codes[0], w, codes[2]), p.graph.Mul(node+"/scale", codes[1], scales))
}

// sums are the product of codes, less the zero point of the first, as float32.
func (p *portable) sums(node string, codes, w, zero *onnx.Value) *onnx.Value {
	shape := append(codes.Shape[:codes.Rank()-1:codes.Rank()-1], w.Last())
	return p.graph.Cast(node, p.graph.Node(node, "MatMulInteger", onnx.Int32, shape, []*onnx.Value{codes, w, zero}), onnx.Float32)
}

// rowProduct is dynamicProduct with symmetric codes for each row of x, which are unsigned around 128 because processors multiply such
// codes faster.
func (p *portable) rowProduct(node string, x, w, scales *onnx.Value) *onnx.Value {
	g := p.graph
	codes, ok := p.codes[x.Name]
	if !ok {
		name := node + "/rows"
		scale := g.Div(name, g.ReduceMax(name, g.Unary(name, "Abs", x)), g.Scalar(127))
		scale = g.Where(name, g.Less(name, g.Scalar(0), scale), scale, g.Scalar(1))
		whole := g.Add(name, g.Unary(name, "Round", g.Div(name, x, scale)), g.Scalar(128))
		codes = []*onnx.Value{g.Cast(name, g.Clip(name, whole, 1, 255), onnx.Uint8), scale, g.Constant("constant/uint8/128", onnx.Uint8, nil, []byte{128})}
		p.codes[x.Name] = codes
	}
	return g.Mul(node, g.Mul(node, p.sums(node, codes[0], w, codes[2]), scales), codes[1])
}

// staticProduct is the product of values that are quantised with a stored range and dequantised again, which runtimes multiply as
// whole numbers.
func (p *portable) staticProduct(node string, x *onnx.Value, q int8Matrix) *onnx.Value {
	g := p.graph
	scale, zero := p.weight(q.scale()), p.stored(q.zero(), false)
	codes := g.Node(node+"/input", "QuantizeLinear", onnx.Uint8, x.Shape, []*onnx.Value{x, scale, zero})
	input := g.Node(node+"/input", "DequantizeLinear", onnx.Float32, x.Shape, []*onnx.Value{codes, scale, zero})
	w := p.stored(q.codes(), true)
	zeros := g.Constant("constant/zeros/"+w.Last().String(), onnx.Int8, []int{q.out}, make([]byte, q.out))
	weight := g.Node(node+"/weight", "DequantizeLinear", onnx.Float32, w.Shape, []*onnx.Value{w, p.weight(q.scales()), zeros}, onnx.Int("axis", 1))
	return g.MatMul(node, input, weight)
}

// int8Rows are rows of codes [rows, width], each with its scale [rows, 1]. They are taken before they become float32.
func (p *portable) int8Rows(node string, codes, scales, numbers *onnx.Value) *onnx.Value {
	g := p.graph
	return g.Mul(node, g.Cast(node, g.Gather(node, codes, numbers), onnx.Float32), g.Gather(node+"/scale", scales, numbers))
}

// column is a weight [rows] as [rows, 1].
func (p *portable) column(node, name string) *onnx.Value {
	return p.graph.Unsqueeze(node+"/scale", p.weight(name), 1)
}
