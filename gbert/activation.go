package gbert

import (
	"maps"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
)

// activations are those that a BERT configuration may name, by transformers' names (ACT2FN).
var activations = map[string]func(x *Node) *Node{
	"gelu":              geluErf,
	"gelu_python":       geluErf,
	"gelu_new":          geluTanh,
	"gelu_fast":         geluTanh,
	"gelu_pytorch_tanh": geluTanh,
	"quick_gelu":        func(x *Node) *Node { return Mul(x, Sigmoid(MulScalar(x, 1.702))) },
	"relu":              func(x *Node) *Node { return Max(x, ZerosLike(x)) },
	"relu6":             func(x *Node) *Node { return Min(Max(x, ZerosLike(x)), MulScalar(OnesLike(x), 6)) },
	"silu":              func(x *Node) *Node { return Mul(x, Sigmoid(x)) },
	"swish":             func(x *Node) *Node { return Mul(x, Sigmoid(x)) },
	"tanh":              Tanh,
	"sigmoid":           Sigmoid,
	"mish":              func(x *Node) *Node { return Mul(x, Tanh(softplus(x))) },
	"linear":            func(x *Node) *Node { return x },
	"gelu_10": func(x *Node) *Node {
		return Min(Max(geluErf(x), MulScalar(OnesLike(x), -10)), MulScalar(OnesLike(x), 10))
	},
	"relu2":         func(x *Node) *Node { return Square(Max(x, ZerosLike(x))) },
	"leaky_relu":    func(x *Node) *Node { return Max(x, MulScalar(x, 0.01)) },
	"gelu_accurate": geluTanh,
}

// Activations are the names that hidden_act may have.
func Activations() []string { return slices.Sorted(maps.Keys(activations)) }

// geluErf is x·Φ(x), with Φ the normal distribution function by erf (Hendrycks and Gimpel 2016, arXiv:1606.08415).
func geluErf(x *Node) *Node {
	return Mul(MulScalar(x, 0.5), OnePlus(Erf(MulScalar(x, 1/math.Sqrt2))))
}

// geluTanh is the tanh approximation of GELU.
func geluTanh(x *Node) *Node {
	inner := MulScalar(Add(x, MulScalar(Mul(x, Square(x)), 0.044715)), math.Sqrt(2/math.Pi))
	return Mul(MulScalar(x, 0.5), OnePlus(Tanh(inner)))
}

// softplus is log(1 + eˣ), written so that it does not overflow.
func softplus(x *Node) *Node {
	return Add(Max(x, ZerosLike(x)), Log1P(Exp(Neg(Abs(x)))))
}
