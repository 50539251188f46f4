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
		return affine(x, f.Weight(WeightName(holder, role)), bias)
	case Factored:
		u, v := FactorNames(holder, role)
		return affine(affine(x, f.Weight(v), nil), f.Weight(u), bias)
	case Banked:
		y := f.banked(holder, role, x)
		return Add(y, ExpandLeftToRank(bias, y.Rank()))
	}
	exceptions.Panicf("gbert: layer %d, %s: form %q has no forward pass", layer, role, form.Kind)
	return nil
}

// affine is x·Wᵀ + b for x [..., in], W [out, in], b [out] or nil. The product is taken in two dimensions, which XLA multiplies,
// forward and backward, faster than the same product with a batch axis.
func affine(x, w, b *Node) *Node {
	dims := x.Shape().Dimensions
	in, out := dims[len(dims)-1], w.Shape().Dimensions[0]
	y := DotGeneral(Reshape(x, -1, in), []int{1}, nil, w, []int{1}, nil)
	if b != nil {
		y = Add(y, ExpandAxes(b, 0))
	}
	return Reshape(y, append(append([]int{}, dims[:len(dims)-1]...), out)...)
}
