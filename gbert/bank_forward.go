package gbert

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// banked applies a banked map to x [..., in], without its bias: x·A·K·Bᵀ in the order of fewest operations.
func (f *Forward) banked(layer int, role Role, x *Node) *Node {
	dims := x.Shape().Dimensions
	in := dims[len(dims)-1]
	tokens := x.Shape().Size() / in
	m := f.config.bankedMap(layer, role)
	a, b := f.bankFactor(m.in.factor), f.bankFactor(m.out.factor)
	flat := f.rounded(Reshape(x, tokens, in))
	var y *Node
	if m.core == DiagonalCore {
		y = f.scaled(m, a, b, x, flat)
	} else {
		core := f.bankCore(m)
		switch m.order(tokens) {
		case chainOrder:
			y = m.out.write(times(f.read(m.in, a, x, flat), core), b)
		case inputFirst: // A·K as [out rank, in]
			y = m.out.write(f.affine(flat, m.in.write(Transpose(core, 0, 1), a), nil), b)
		case outputFirst: // K·Bᵀ as [in rank, out]
			y = times(f.read(m.in, a, x, flat), m.out.write(core, b))
		case wholeOutput: // (K·Bᵀ)ᵀ·Aᵀ as [out, in]
			y = f.affine(flat, m.in.write(Transpose(m.out.write(core, b), 0, 1), a), nil)
		case wholeInput: // (A·K)·Bᵀ as [in, out]
			y = times(flat, m.out.write(Transpose(m.in.write(Transpose(core, 0, 1), a), 0, 1), b))
		}
	}
	return Reshape(widened(y), append(append([]int{}, dims[:len(dims)-1]...), m.out.features)...)
}

// scaled applies a banked map with diagonal cores to x, flat [tokens, in].
func (f *Forward) scaled(m bankedMap, a, b, x, flat *Node) *Node {
	own := f.rounded(f.Weight(m.name)) // [slices, rank]
	if m.order(flat.Shape().Dimensions[0]) == chainOrder {
		return m.out.write(scale(f.read(m.in, a, x, flat), own, m.in.slices, m.out.slices), b)
	}
	if m.in.slices == 1 {
		return times(flat, m.out.write(scale(m.in.rows(0, a), own, 1, m.out.slices), b))
	}
	return f.affine(flat, m.in.write(scale(m.out.rows(0, b), own, 1, m.in.slices), a), nil)
}

// scale multiplies z [rows, from·rank] by diagonals σ [slices, rank] to [rows, to·rank]; from or to is 1. Slices of z are summed up.
func scale(z, own *Node, from, to int) *Node {
	rows, rank := z.Shape().Dimensions[0], own.Shape().Dimensions[1]
	scaled := Mul(Reshape(z, rows, from, rank), ExpandAxes(own, 0))
	if from > 1 {
		return ReduceSum(scaled, 1)
	}
	return Reshape(scaled, rows, to*rank)
}

// times is x·w for x [rows, inner] and w [inner, columns].
func times(x, w *Node) *Node { return DotGeneral(x, []int{1}, nil, w, []int{0}, nil) }

// bankFactor is a weight that all banked maps share, read once a pass.
func (f *Forward) bankFactor(name string) *Node {
	w, ok := f.shared[name]
	if !ok {
		w = f.rounded(f.Weight(name))
		f.shared[name] = w
	}
	return w
}

// bankCore is the core of a map as a matrix [slices in · rank in, slices out · rank out].
func (f *Forward) bankCore(m bankedMap) *Node {
	core := f.rounded(f.Weight(m.name))
	slices, left, right := core.Shape().Dimensions[0], m.in.rank, m.out.rank
	if m.swapped {
		left, right = right, left
	}
	if m.core == MixedCore {
		cores := f.bankFactor(BankCores)
		core = times(core, Reshape(cores, cores.Shape().Dimensions[0], left*right))
	}
	core = Reshape(core, slices, left, right)
	if m.swapped { // one slice beside the other at the output: [right, slices, left]
		core = TransposeAllAxes(core, 2, 0, 1)
	}
	return Reshape(core, m.in.slices*m.in.rank, m.out.slices*m.out.rank)
}

// reading names x·A.
type reading struct {
	x      *Node
	factor string
}

// read is x·A, slice by slice: [tokens, in] to [tokens, slices·rank]. Maps that read the same whole input share it.
func (f *Forward) read(s bankSide, factor, x, flat *Node) *Node {
	if s.slices == 1 && s.places == nil {
		key := reading{x, s.factor}
		z, ok := f.readings[key]
		if !ok {
			z = times(flat, factor)
			f.readings[key] = z
		}
		return z
	}
	tokens := flat.Shape().Dimensions[0]
	if s.places == nil {
		return Reshape(times(Reshape(flat, tokens*s.slices, -1), factor), tokens, s.slices*s.rank)
	}
	parts, at := make([]*Node, s.slices), 0
	for slice, places := range s.places {
		if len(places) == 0 {
			parts[slice] = Zeros(flat.Graph(), shapes.Make(flat.DType(), tokens, s.rank))
			continue
		}
		parts[slice] = times(SliceAxis(flat, 1, AxisRange(at, at+len(places))), s.rows(slice, factor))
		at += len(places)
	}
	return Concatenate(parts, 1)
}

// write is z·Bᵀ, slice by slice: [rows, slices·rank] to [rows, features].
func (s bankSide) write(z, factor *Node) *Node {
	rows := z.Shape().Dimensions[0]
	if s.places == nil {
		return Reshape(affine(Reshape(z, rows*s.slices, s.rank), factor, nil), rows, s.features)
	}
	var parts []*Node
	for slice, places := range s.places {
		if len(places) > 0 {
			parts = append(parts, affine(SliceAxis(z, 1, AxisRange(slice*s.rank, (slice+1)*s.rank)), s.rows(slice, factor), nil))
		}
	}
	return Concatenate(parts, 1)
}

// rows are those of a factor [D, rank] that a slice keeps.
func (s bankSide) rows(slice int, factor *Node) *Node {
	if s.places == nil {
		return factor
	}
	places := make([]int32, len(s.places[slice]))
	for i, place := range s.places[slice] {
		places[i] = int32(place)
	}
	return Gather(factor, ExpandAxes(Const(factor.Graph(), places), 1))
}
