package gbert

import "bertlab/gbert/onnx"

// portBanked is [Forward.banked] for x [B, S, in]: x·A·K·Bᵀ in the order of fewest operations for the stated number of tokens. What
// has weights alone is constant, and computed once by a runtime that folds constants.
func (p *portable) portBanked(of linearMap, node string, x *onnx.Value) *onnx.Value {
	g := p.graph
	m := p.config.bankedMap(of.layer, of.role)
	a, b := p.weight(m.in.factor), p.weight(m.out.factor)
	if m.core == DiagonalCore {
		return p.portScaled(m, node, a, b, x)
	}
	core := p.bankCore(m, node)
	turned := func(w *onnx.Value) *onnx.Value { return g.Transpose(node, w, 1, 0) }
	switch m.order(p.tokens) {
	case inputFirst: // A·K as [out rank, in]
		return m.out.port(g, node, g.MatMul(node, x, turned(m.in.port(g, node, turned(core), a))), b)
	case outputFirst: // K·Bᵀ as [in rank, out]
		return g.MatMul(node, p.read(m.in, node, a, x), m.out.port(g, node, core, b))
	case wholeOutput: // (K·Bᵀ)ᵀ·Aᵀ as [out, in]
		return g.MatMul(node, x, turned(m.in.port(g, node, turned(m.out.port(g, node, core, b)), a)))
	case wholeInput: // (A·K)·Bᵀ as [in, out]
		return g.MatMul(node, x, m.out.port(g, node, turned(m.in.port(g, node, turned(core), a)), b))
	}
	return m.out.port(g, node, g.MatMul(node, p.read(m.in, node, a, x), core), b)
}

// portScaled is [Forward.scaled].
func (p *portable) portScaled(m bankedMap, node string, a, b, x *onnx.Value) *onnx.Value {
	g, own := p.graph, p.weight(m.name) // [slices, rank]
	if m.order(p.tokens) == chainOrder {
		return m.out.port(g, node, portScale(g, node, p.read(m.in, node, a, x), own, m.in.slices, m.out.slices), b)
	}
	if m.in.slices == 1 {
		return g.MatMul(node, x, m.out.port(g, node, portScale(g, node, m.in.portRows(g, node, 0, a), own, 1, m.out.slices), b))
	}
	whole := m.in.port(g, node, portScale(g, node, m.out.portRows(g, node, 0, b), own, 1, m.in.slices), a)
	return g.MatMul(node, x, g.Transpose(node, whole, 1, 0))
}

// keep are the lengths of the first n axes in a target of [onnx.Graph.Reshape], followed by further ones.
func keep(n int, further ...int) []int64 {
	target := make([]int64, n, n+len(further))
	for _, length := range further {
		target = append(target, int64(length))
	}
	return target
}

// split gives the last axis of x the shape [slices, rank]; merge puts it back.
func split(g *onnx.Graph, node string, x *onnx.Value, slices, rank int) *onnx.Value {
	before := x.Shape[:x.Rank()-1]
	return g.Reshape(node, x, keep(len(before), slices, rank), append(before[:len(before):len(before)], onnx.Size(slices), onnx.Size(rank))...)
}

func merge(g *onnx.Graph, node string, x *onnx.Value, width int) *onnx.Value {
	before := x.Shape[:x.Rank()-2]
	return g.Reshape(node, x, keep(len(before), width), append(before[:len(before):len(before)], onnx.Size(width))...)
}

// portScale is [scale] for z [..., from·rank].
func portScale(g *onnx.Graph, node string, z, own *onnx.Value, from, to int) *onnx.Value {
	rank := own.Shape[1].Size
	scaled := g.Mul(node, split(g, node, z, from, rank), own)
	if from > 1 {
		return g.ReduceSum(node, scaled, scaled.Rank()-2)
	}
	return merge(g, node, scaled, to*rank)
}

// bankCore is [Forward.bankCore].
func (p *portable) bankCore(m bankedMap, node string) *onnx.Value {
	g, core := p.graph, p.weight(m.name)
	slices, left, right := core.Shape[0].Size, m.in.rank, m.out.rank
	if m.swapped {
		left, right = right, left
	}
	if m.core == MixedCore {
		cores := p.weight(BankCores)
		flat := g.Reshape(node, cores, keep(1, left*right), cores.Shape[0], onnx.Size(left*right))
		core = g.MatMul(node, core, flat)
	}
	core = g.Reshape(node, core, []int64{int64(slices), int64(left), int64(right)}, onnx.Size(slices), onnx.Size(left), onnx.Size(right))
	if m.swapped { // one slice beside the other at the output: [right, slices, left]
		core = g.Transpose(node, core, 2, 0, 1)
	}
	rows, columns := m.in.slices*m.in.rank, m.out.slices*m.out.rank
	return g.Reshape(node, core, []int64{int64(rows), int64(columns)}, onnx.Size(rows), onnx.Size(columns))
}

// read is [Forward.read] for x [B, S, in].
func (p *portable) read(s bankSide, node string, factor, x *onnx.Value) *onnx.Value {
	g := p.graph
	if s.slices == 1 && s.places == nil {
		key := x.Name + " · " + s.factor
		z, ok := p.readings[key]
		if !ok {
			z = g.MatMul(node, x, factor)
			p.readings[key] = z
		}
		return z
	}
	if s.places == nil {
		return merge(g, node, g.MatMul(node, split(g, node, x, s.slices, factor.Shape[0].Size), factor), s.slices*s.rank)
	}
	parts, at := make([]*onnx.Value, s.slices), 0
	for slice, places := range s.places {
		if len(places) == 0 { // nothing is read: zeros
			zeros := g.Float32s(node+"/nothing", []int{1, s.rank}, make([]float32, s.rank))
			parts[slice] = g.MatMul(node, g.Slice(node, x, x.Rank()-1, 0, 1), zeros)
			continue
		}
		parts[slice] = g.MatMul(node, g.Slice(node, x, x.Rank()-1, at, at+len(places)), s.portRows(g, node, slice, factor))
		at += len(places)
	}
	return g.Concat(node, x.Rank()-1, parts...)
}

// port is [bankSide.write] for z [..., slices·rank].
func (s bankSide) port(g *onnx.Graph, node string, z, factor *onnx.Value) *onnx.Value {
	if s.places == nil {
		y := g.MatMul(node, split(g, node, z, s.slices, s.rank), g.Transpose(node, factor, 1, 0))
		return merge(g, node, y, s.features)
	}
	var parts []*onnx.Value
	for slice, places := range s.places {
		if len(places) > 0 {
			part := g.Slice(node, z, z.Rank()-1, slice*s.rank, (slice+1)*s.rank)
			parts = append(parts, g.MatMul(node, part, g.Transpose(node, s.portRows(g, node, slice, factor), 1, 0)))
		}
	}
	return g.Concat(node, z.Rank()-1, parts...)
}

// portRows is [bankSide.rows].
func (s bankSide) portRows(g *onnx.Graph, node string, slice int, factor *onnx.Value) *onnx.Value {
	if s.places == nil {
		return factor
	}
	return g.Rows(node, factor, s.places[slice]...)
}
