package gbert

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// A linearMap is one linear map of a layer, or one of its LayerNorms.
type linearMap struct {
	config *Config
	layer  int
	role   Role
}

// heldMap is a layer's map where it is stored.
func (c *Config) heldMap(layer int, role Role) linearMap {
	return linearMap{c, c.Holder(layer, role), role}
}

func (l linearMap) form() form { return l.config.Layers[l.layer].Form(l.role).form() }

// dims are those of W [out, in].
func (l linearMap) dims() (out, in int) { return l.config.linearDims(l.layer, l.role) }

// empty says that all heads or neurons of the map are gone.
func (l linearMap) empty() bool {
	out, in := l.dims()
	return out == 0 || in == 0
}

// Linear applies the linear map of a layer and role to x, [..., in] to [..., out], with its bias. It is the only place
// where the encoder multiplies by a weight matrix: the map's form computes it.
func (f *Forward) Linear(layer int, role Role, x *Node) *Node {
	of := f.config.heldMap(layer, role)
	return of.form().apply(f, of, x, f.Weight(BiasName(of.layer, role)))
}

// multiply is affine for a matrix of a layer, with what the taps make of it and of x.
func (f *Forward) multiply(x *Node, weight string, bias *Node) *Node {
	if f.taps.MapInput != nil {
		x = f.taps.MapInput(weight, x)
	}
	return widened(affine(f.rounded(x), f.rounded(f.Weight(weight)), bias))
}

// affine is x·Wᵀ + b for x [..., in], W [out, in], b [out] or nil, in the numbers of b. The product is taken in two dimensions, which XLA multiplies,
// forward and backward, faster than the same product with a batch axis.
func affine(x, w, b *Node) *Node {
	dims := x.Shape().Dimensions
	in, out := dims[len(dims)-1], w.Shape().Dimensions[0]
	y := DotGeneral(Reshape(x, -1, in), []int{1}, nil, w, []int{1}, nil)
	if b != nil {
		y = Add(ConvertDType(y, b.DType()), ExpandAxes(b, 0))
	}
	return Reshape(y, append(append([]int{}, dims[:len(dims)-1]...), out)...)
}
