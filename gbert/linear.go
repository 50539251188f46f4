package gbert

import (
	"math"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
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
	return widened(f.affine(f.rounded(x), f.rounded(f.Weight(weight)), bias))
}

// narrowRows is up to how many rows of x the product W·xᵀ is faster than x·Wᵀ, with both transpositions. Measured for MiniLM's maps: a whole
// pass over 16, 128, 256 and 384 rows takes 0.44, 0.80, 0.89 and 0.94 of the time, one over 512 the same, one over 1,024 more.
const narrowRows = 384

// affine is the function affine with the factors in the order in which the device multiplies them fastest.
//
// For every product XLA's library on the CPU copies W into panels. From the right factor of x·Wᵀ it gathers them entry by entry, from the left
// factor of W·xᵀ it copies whole rows, in a third of the time; and with few rows of x the copying is most of the work. A gradient would
// ask for the slow order instead, so a pass that has one keeps the plain product.
func (f *Forward) affine(x, w, b *Node) *Node {
	dims := x.Shape().Dimensions
	in, out := dims[len(dims)-1], w.Shape().Dimensions[0]
	rows := x.Shape().Size() / in
	if rows < 2 || rows > narrowRows || f.taps.Differentiated || x.DType() != dtypes.Float32 || !multipliesOnHost(f.graph.Backend()) {
		return affine(x, w, b)
	}
	y := DotGeneral(w, []int{1}, nil, kept(Transpose(Reshape(x, rows, in), 0, 1)), []int{0}, nil) // [out, rows]
	if b != nil {
		y = Add(y, ExpandAxes(b, 1))
	} else {
		y = kept(y)
	}
	return Reshape(Transpose(y, 0, 1), append(append([]int{}, dims[:len(dims)-1]...), out)...)
}

// kept is x, for any x that is not infinite. Between a transposition and a product it keeps XLA from drawing one into the other, which would
// be the slow order again.
func kept(x *Node) *Node { return MaxScalar(x, -math.MaxFloat32) }

// multipliesOnHost says that a backend is XLA on the CPU.
func multipliesOnHost(b compute.Backend) bool {
	return strings.HasPrefix(b.Name(), "xla") && b.HasSharedBuffers()
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
