package gbert

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Linear applies the linear map of a layer and role to x, [..., in] to [..., out], with its bias. It is the only place
// where the encoder multiplies by a weight matrix, so it is where a compressed form of one is computed.
func (f *Forward) Linear(layer int, role Role, x *Node) *Node {
	holder := layer
	form := f.config.Layers[layer].Form(role)
	if form.Kind == Tied {
		holder = form.Layer
		form = f.config.Layers[holder].Form(role)
	}
	bias := f.Weight(BiasName(holder, role))
	switch form.Kind {
	case Dense:
		return f.affine(x, WeightName(holder, role), bias)
	case Factored:
		u, v := FactorNames(holder, role)
		return f.affine(f.affine(x, v, nil), u, bias)
	}
	exceptions.Panicf("gbert: layer %d, %s: form %q has no forward pass", layer, role, form.Kind)
	return nil
}

// affine is x·Wᵀ + b for x [..., in], a weight W [out, in] by its name, b [out] or nil.
func (f *Forward) affine(x *Node, name string, b *Node) *Node {
	if f.taps.Weight != nil {
		return matmul(x, f.Weight(name), false, b)
	}
	w, transposed := f.source.Matrix(name)
	return matmul(x, w, transposed, b)
}

// matmul is x·Wᵀ + b for x [..., in], W [out, in] ([in, out] if transposed), b [out] or nil. The product is taken in two
// dimensions, which XLA multiplies, forward and backward, faster than the same product with a batch axis.
func matmul(x, w *Node, transposed bool, b *Node) *Node {
	dims := x.Shape().Dimensions
	in, inAxis := dims[len(dims)-1], 1
	if transposed {
		inAxis = 0
	}
	out := w.Shape().Dimensions[1-inAxis]
	y := DotGeneral(Reshape(x, -1, in), []int{1}, nil, w, []int{inAxis}, nil)
	if b != nil {
		y = Add(y, ExpandAxes(b, 0))
	}
	return Reshape(y, append(append([]int{}, dims[:len(dims)-1]...), out)...)
}
