package gbert

import (
	"fmt"
	"maps"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// An activation is one function, as a node of a graph and as nodes of ONNX.
type activation struct {
	apply    func(x *Node) *Node
	portable portableActivation
}

// activations are those that a BERT configuration may name, by transformers' names (ACT2FN). Where a function has a kink, its
// derivative there is torch's (2.15): 0 at the ends of what is cut off. GoMLX's Max and Min would give 1 at the 0 of ReLU, where
// pruned neurons stand.
var activations = map[string]activation{
	"gelu":              {geluErf, portableGelu},
	"gelu_python":       {geluErf, portableGelu},
	"gelu_new":          {geluTanh, portableGeluTanh},
	"gelu_fast":         {geluTanh, portableGeluTanh},
	"gelu_pytorch_tanh": {geluTanh, portableGeluTanh},
	"gelu_python_tanh":  {geluTanh, portableGeluTanh},
	"gelu_accurate":     {geluTanh, portableGeluTanh},
	"gelu_10":           {func(x *Node) *Node { return clip(geluErf(x), -10, 10) }, portableGelu10},
	"quick_gelu":        {func(x *Node) *Node { return Mul(x, Sigmoid(MulScalar(x, 1.702))) }, portableQuickGelu},
	"relu":              {relu, portableUnary("Relu")},
	"relu2":             {func(x *Node) *Node { return Square(relu(x)) }, portableRelu2},
	"relu6":             {func(x *Node) *Node { return clip(x, 0, 6) }, portableRelu6},
	"leaky_relu":        {func(x *Node) *Node { return Where(GreaterThan(x, ZerosLike(x)), x, MulScalar(x, 0.01)) }, portableUnary("LeakyRelu", onnx.Float("alpha", 0.01))},
	"hardswish":         {hardSwish, portableHardSwish},
	"silu":              {func(x *Node) *Node { return Mul(x, Sigmoid(x)) }, portableSilu},
	"swish":             {func(x *Node) *Node { return Mul(x, Sigmoid(x)) }, portableSilu},
	"tanh":              {Tanh, portableUnary("Tanh")},
	"sigmoid":           {Sigmoid, portableUnary("Sigmoid")},
	"mish":              {func(x *Node) *Node { return Mul(x, Tanh(softplus(x))) }, portableMish},
	"laplace":           {laplace, portableLaplace},
	"sqrtsoftplus":      {sqrtSoftplus, portableSqrtSoftplus},
	"linear":            {func(x *Node) *Node { return x }, func(_ *onnx.Graph, _ string, x *onnx.Value) *onnx.Value { return x }},
}

// learnedActivations are those of ACT2FN that have parameters of their own, which a layer's file then holds.
var learnedActivations = []string{"prelu", "xielu"}

// Activations are the names that hidden_act may have.
func Activations() []string { return slices.Sorted(maps.Keys(activations)) }

// checkActivation reports a hidden_act that cannot be computed.
func checkActivation(name string) error {
	if slices.Contains(learnedActivations, name) {
		return fmt.Errorf("hidden_act is %q: this activation has learned parameters in each layer, which bertlab does not compute with; supported are %v", name, Activations())
	}
	if _, ok := activations[name]; !ok {
		return fmt.Errorf("hidden_act is %q; supported are %v", name, Activations())
	}
	return nil
}

// geluErf is x·Φ(x), with Φ the normal distribution function by erf (Hendrycks and Gimpel 2016, arXiv:1606.08415).
func geluErf(x *Node) *Node {
	return Mul(MulScalar(x, 0.5), OnePlus(Erf(MulScalar(x, 1/math.Sqrt2))))
}

// geluTanh is the tanh approximation of GELU.
func geluTanh(x *Node) *Node {
	inner := MulScalar(Add(x, MulScalar(Mul(x, Square(x)), 0.044715)), math.Sqrt(2/math.Pi))
	return Mul(MulScalar(x, 0.5), OnePlus(Tanh(inner)))
}

// relu is max(x, 0), with the derivative 0 at 0. NaN stays NaN.
func relu(x *Node) *Node { return Where(atMost(x, 0), ZerosLike(x), x) }

// clip is min(max(x, low), high), with the derivative 0 at low and high.
func clip(x *Node, low, high float64) *Node {
	return Where(atLeast(x, high), scalarLike(x, high), Where(atMost(x, low), scalarLike(x, low), x))
}

// hardSwish is x·min(max(x+3, 0), 6)/6 (Howard et al. 2019, arXiv:1905.02244).
func hardSwish(x *Node) *Node {
	between := Mul(x, DivScalar(AddScalar(x, 3), 6))
	return Where(atMost(x, -3), ZerosLike(x), Where(atLeast(x, 3), x, between))
}

// laplace is the normal distribution function with the mean √½ and the standard deviation √(1/4π) (Ma et al. 2022,
// arXiv:2209.10655, "MEGA"), both rounded as in transformers.
func laplace(x *Node) *Node {
	z := DivScalar(AddScalar(x, -0.707107), 0.282095*math.Sqrt2)
	return MulScalar(OnePlus(Erf(z)), 0.5)
}

// softplus is log(1 + eˣ), written so that it does not overflow. At 0, where GoMLX's Max and Abs both have the derivative 1, its own
// is ½, as it must be.
func softplus(x *Node) *Node {
	return Add(Max(x, ZerosLike(x)), Log1P(Exp(Neg(Abs(x)))))
}

// sqrtSoftplus is √log(1 + eˣ). Far below 0, where the logarithm is rounded to 0 and its root has no derivative, it is e^(x/2).
func sqrtSoftplus(x *Node) *Node {
	far, zero := atMost(x, -20), ZerosLike(x)
	// Each side gets numbers of its own range, so that the derivative of the other is not 0·∞.
	return Where(far, Exp(MulScalar(Where(far, x, zero), 0.5)), Sqrt(softplus(Where(far, zero, x))))
}

// scalarLike is an array in the shape of x with the same value everywhere.
func scalarLike(x *Node, value float64) *Node { return MulScalar(OnesLike(x), value) }

func atLeast(x *Node, value float64) *Node { return GreaterOrEqual(x, scalarLike(x, value)) }

func atMost(x *Node, value float64) *Node { return LessOrEqual(x, scalarLike(x, value)) }
