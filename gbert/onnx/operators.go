package onnx

import (
	"fmt"
	"slices"
)

// MatMul is the product of matrices in the last two axes of a and b; the axes before are broadcast.
func (g *Graph) MatMul(name string, a, b *Value) *Value {
	if a.Rank() < 2 || b.Rank() < 2 || a.Last() != b.Shape[b.Rank()-2] {
		panic(fmt.Sprintf("onnx: %s: the product of %v and %v", name, a.Shape, b.Shape))
	}
	batch := broadcast(name, a.Shape[:a.Rank()-2], b.Shape[:b.Rank()-2])
	return g.Node(name, "MatMul", a.Type, append(batch, a.Shape[a.Rank()-2], b.Last()), []*Value{a, b})
}

// Gemm is a·bᵀ + c for matrices a [n, k] and b [m, k], and c [m].
func (g *Graph) Gemm(name string, a, b, c *Value) *Value {
	if a.Rank() != 2 || b.Rank() != 2 || a.Last() != b.Last() {
		panic(fmt.Sprintf("onnx: %s: the product of %v and the transpose of %v", name, a.Shape, b.Shape))
	}
	return g.Node(name, "Gemm", a.Type, []Dim{a.Shape[0], b.Shape[0]}, []*Value{a, b, c}, Int("transB", 1))
}

// broadcast is the shape of what an operator makes of two shapes, element by element.
func broadcast(name string, a, b []Dim) []Dim {
	long, short := slices.Clone(a), b
	if len(b) > len(a) {
		long, short = slices.Clone(b), a
	}
	for i, dim := range short {
		at := len(long) - len(short) + i
		switch {
		case long[at] == dim, dim == Size(1):
		case long[at] == Size(1):
			long[at] = dim
		default:
			panic(fmt.Sprintf("onnx: %s: the shapes %v and %v do not fit", name, a, b))
		}
	}
	return long
}

func (g *Graph) binary(name, operator string, a, b *Value) *Value {
	if a.Type != b.Type {
		panic(fmt.Sprintf("onnx: %s: %s of %v and %v", name, operator, a.Type, b.Type))
	}
	return g.Node(name, operator, a.Type, broadcast(name, a.Shape, b.Shape), []*Value{a, b})
}

// Add is a + b, element by element and broadcast, as the three that follow.
func (g *Graph) Add(name string, a, b *Value) *Value { return g.binary(name, "Add", a, b) }

// Sub is a − b.
func (g *Graph) Sub(name string, a, b *Value) *Value { return g.binary(name, "Sub", a, b) }

// Mul is a · b.
func (g *Graph) Mul(name string, a, b *Value) *Value { return g.binary(name, "Mul", a, b) }

// Div is a / b.
func (g *Graph) Div(name string, a, b *Value) *Value { return g.binary(name, "Div", a, b) }

// Less reports where a < b, as truth values.
func (g *Graph) Less(name string, a, b *Value) *Value {
	return g.Node(name, "Less", Bool, broadcast(name, a.Shape, b.Shape), []*Value{a, b})
}

// Where is a where the condition holds, else b.
func (g *Graph) Where(name string, condition, a, b *Value) *Value {
	return g.Node(name, "Where", a.Type, broadcast(name, condition.Shape, broadcast(name, a.Shape, b.Shape)), []*Value{condition, a, b})
}

// Unary is an operator of one input that keeps its shape, such as Erf, Tanh, Sqrt, Exp.
func (g *Graph) Unary(name, operator string, x *Value) *Value {
	return g.Node(name, operator, x.Type, x.Shape, []*Value{x})
}

// Clip is min(max(x, low), high).
func (g *Graph) Clip(name string, x *Value, low, high float32) *Value {
	return g.Node(name, "Clip", x.Type, x.Shape, []*Value{x, g.Scalar(low), g.Scalar(high)})
}

// Softmax is that of the last axis.
func (g *Graph) Softmax(name string, x *Value) *Value {
	return g.Node(name, "Softmax", x.Type, x.Shape, []*Value{x}, Int("axis", -1))
}

// Transpose orders the axes anew. A constant is turned once, however often that is asked for: ONNX Runtime's optimizer of transformers turns
// a weight in place for each node that does so, and an even number of them leaves it as it was.
func (g *Graph) Transpose(name string, x *Value, axes ...int) *Value {
	shape, order := make([]Dim, len(axes)), make([]int64, len(axes))
	for i, axis := range axes {
		shape[i], order[i] = x.Shape[axis], int64(axis)
	}
	key := fmt.Sprint(x.Name, order)
	if turned, ok := g.turned[key]; ok {
		return turned
	}
	turned := g.Node(name, "Transpose", x.Type, shape, []*Value{x}, Ints("perm", order...))
	if g.Find(x.Name) != nil {
		g.turned[key] = turned
	}
	return turned
}

// Reshape gives x a shape. target are the lengths as ONNX has them: 0 keeps the axis of x at the same place, -1 is what remains.
func (g *Graph) Reshape(name string, x *Value, target []int64, shape ...Dim) *Value {
	return g.Node(name, "Reshape", x.Type, shape, []*Value{x, g.ints(target...)})
}

// ReshapeTo gives x a shape whose lengths are computed, [n] of int64.
func (g *Graph) ReshapeTo(name string, x, target *Value, shape ...Dim) *Value {
	return g.Node(name, "Reshape", x.Type, shape, []*Value{x, target})
}

// Gather takes entries of the first axis of x by their numbers.
func (g *Graph) Gather(name string, x, numbers *Value) *Value {
	return g.Node(name, "Gather", x.Type, slices.Concat(numbers.Shape, x.Shape[1:]), []*Value{x, numbers}, Int("axis", 0))
}

// Rows takes constant entries of the first axis of x.
func (g *Graph) Rows(name string, x *Value, numbers ...int) *Value {
	list := make([]int64, len(numbers))
	for i, n := range numbers {
		list[i] = int64(n)
	}
	return g.Gather(name, x, g.ints(list...))
}

// Cast changes the type.
func (g *Graph) Cast(name string, x *Value, t Type) *Value {
	if x.Type == t {
		return x
	}
	return g.Node(name, "Cast", t, x.Shape, []*Value{x}, Int("to", int64(t)))
}

// Unsqueeze puts an axis of length 1 before the axis at a place.
func (g *Graph) Unsqueeze(name string, x *Value, axis int) *Value {
	return g.Node(name, "Unsqueeze", x.Type, slices.Insert(slices.Clone(x.Shape), axis, Size(1)), []*Value{x, g.ints(int64(axis))})
}

// Squeeze removes an axis of length 1.
func (g *Graph) Squeeze(name string, x *Value, axis int) *Value {
	if x.Shape[axis] != Size(1) {
		panic(fmt.Sprintf("onnx: %s: axis %d of %v is not 1", name, axis, x.Shape))
	}
	return g.Node(name, "Squeeze", x.Type, slices.Delete(slices.Clone(x.Shape), axis, axis+1), []*Value{x, g.ints(int64(axis))})
}

// Slice takes the entries from…to-1 of an axis.
func (g *Graph) Slice(name string, x *Value, axis, from, to int) *Value {
	shape := slices.Clone(x.Shape)
	shape[axis] = Size(to - from)
	return g.Node(name, "Slice", x.Type, shape, []*Value{x, g.ints(int64(from)), g.ints(int64(to)), g.ints(int64(axis))})
}

// Length is the length of an axis of x while the model runs, [1] of int64.
func (g *Graph) Length(name string, x *Value, axis int) *Value {
	shape := g.Node(name, "Shape", Int64, []Dim{Size(x.Rank())}, []*Value{x})
	return g.Node(name, "Gather", Int64, []Dim{Size(1)}, []*Value{shape, g.ints(int64(axis))}, Int("axis", 0))
}

// Lengths are the lengths of the first axes of x while the model runs, followed by further ones.
func (g *Graph) Lengths(name string, x *Value, axes int, further ...int64) *Value {
	shape := g.Node(name, "Shape", Int64, []Dim{Size(x.Rank())}, []*Value{x})
	if axes < x.Rank() {
		shape = g.Slice(name, shape, 0, 0, axes)
	}
	return g.Concat(name, 0, shape, g.ints(further...))
}

// First are the first entries of the first axis of x, as many as count says while the model runs; dim is how many.
func (g *Graph) First(name string, x, count *Value, dim Dim) *Value {
	shape := slices.Clone(x.Shape)
	shape[0] = dim
	return g.Node(name, "Slice", x.Type, shape, []*Value{x, g.ints(0), count, g.ints(0)})
}

// Concat puts values one after the other in an axis of fixed length.
func (g *Graph) Concat(name string, axis int, parts ...*Value) *Value {
	if len(parts) == 1 {
		return parts[0]
	}
	shape := slices.Clone(parts[0].Shape)
	for _, part := range parts[1:] {
		shape[axis].Size += part.Shape[axis].Size
	}
	return g.Node(name, "Concat", parts[0].Type, shape, parts, Int("axis", int64(axis)))
}

// ReduceMean is the mean of the last axis, which stays with the length 1.
func (g *Graph) ReduceMean(name string, x *Value) *Value {
	shape := slices.Clone(x.Shape)
	shape[len(shape)-1] = Size(1)
	if g.opset < 18 {
		return g.Node(name, "ReduceMean", x.Type, shape, []*Value{x}, Ints("axes", -1), Int("keepdims", 1))
	}
	return g.Node(name, "ReduceMean", x.Type, shape, []*Value{x, g.ints(-1)}, Int("keepdims", 1))
}

// ReduceMax is the largest of the last axis, which stays with the length 1.
func (g *Graph) ReduceMax(name string, x *Value) *Value {
	shape := slices.Clone(x.Shape)
	shape[len(shape)-1] = Size(1)
	if g.opset < 18 {
		return g.Node(name, "ReduceMax", x.Type, shape, []*Value{x}, Ints("axes", -1), Int("keepdims", 1))
	}
	return g.Node(name, "ReduceMax", x.Type, shape, []*Value{x, g.ints(-1)}, Int("keepdims", 1))
}

// ReduceSum is the sum over an axis, which goes.
func (g *Graph) ReduceSum(name string, x *Value, axis int) *Value {
	shape := slices.Delete(slices.Clone(x.Shape), axis, axis+1)
	return g.Node(name, "ReduceSum", x.Type, shape, []*Value{x, g.ints(int64(axis))}, Int("keepdims", 0))
}

// LayerNorm normalises the last axis, scales and shifts it. Before operator set 17 it is written out; with the variance as a power,
// which runtimes know.
func (g *Graph) LayerNorm(name string, x, scale, shift *Value, epsilon float32) *Value {
	if g.opset >= 17 {
		return g.Node(name, "LayerNormalization", x.Type, x.Shape, []*Value{x, scale, shift}, Int("axis", -1), Float("epsilon", epsilon))
	}
	centered := g.Sub(name, x, g.ReduceMean(name, x))
	variance := g.ReduceMean(name, g.binary(name, "Pow", centered, g.Scalar(2)))
	deviation := g.Unary(name, "Sqrt", g.Add(name, variance, g.Scalar(epsilon)))
	return g.Add(name, g.Mul(name, g.Div(name, centered, deviation), scale), shift)
}

// Gelu is x·Φ(x) in the form that runtimes fuse: (x · (1 + erf(x/√2))) · ½, with a division.
func (g *Graph) Gelu(name string, x *Value) *Value {
	one := g.Add(name, g.Unary(name, "Erf", g.Div(name, x, g.Scalar(1.4142135))), g.Scalar(1))
	return g.Mul(name, g.Mul(name, x, one), g.Scalar(0.5))
}
