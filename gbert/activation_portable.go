package gbert

import (
	"math"

	"github.com/gomlx/compute-onnx/support/protos"

	"bertlab/gbert/onnx"
)

// A portableActivation is an activation in ONNX's operators; node is the name of its nodes.
type portableActivation func(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value

// portableUnary is an activation that is one operator.
func portableUnary(operator string, attributes ...*protos.AttributeProto) portableActivation {
	return func(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
		return g.Node(node, operator, x.Type, x.Shape, []*onnx.Value{x}, attributes...)
	}
}

func portableGelu(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value { return g.Gelu(node, x) }

func portableGelu10(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	return g.Clip(node, g.Gelu(node, x), -10, 10)
}

// portableGeluTanh is ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
func portableGeluTanh(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	cube := g.Mul(node, x, g.Mul(node, x, x))
	inner := g.Mul(node, g.Add(node, x, g.Mul(node, cube, g.Scalar(0.044715))), g.Scalar(float32(math.Sqrt(2/math.Pi))))
	return g.Mul(node, g.Mul(node, x, g.Scalar(0.5)), g.Add(node, g.Unary(node, "Tanh", inner), g.Scalar(1)))
}

func portableQuickGelu(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	return g.Mul(node, x, g.Unary(node, "Sigmoid", g.Mul(node, x, g.Scalar(1.702))))
}

func portableRelu2(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	positive := g.Unary(node, "Relu", x)
	return g.Mul(node, positive, positive)
}

func portableRelu6(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	return g.Clip(node, x, 0, 6)
}

// portableHardSwish is x·max(0, min(1, x/6 + ½)).
func portableHardSwish(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	gate := g.Node(node, "HardSigmoid", x.Type, x.Shape, []*onnx.Value{x}, onnx.Float("alpha", 1.0/6), onnx.Float("beta", 0.5))
	return g.Mul(node, x, gate)
}

func portableSilu(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	return g.Mul(node, x, g.Unary(node, "Sigmoid", x))
}

// portableSoftplus is log(1 + eˣ), written so that it does not overflow.
func portableSoftplus(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	return g.Add(node, g.Unary(node, "Relu", x), portableLog1p(g, node, g.Unary(node, "Exp", g.Unary(node, "Neg", g.Unary(node, "Abs", x)))))
}

// portableLog1p is log(1 + y) for y from 0 to 1. Where 1 + y would lose the digits of y it is y − y²/2 + y³/3.
func portableLog1p(g *onnx.Graph, node string, y *onnx.Value) *onnx.Value {
	series := g.Mul(node, y, g.Sub(node, g.Scalar(1), g.Mul(node, y, g.Sub(node, g.Scalar(0.5), g.Div(node, y, g.Scalar(3))))))
	return g.Where(node, g.Less(node, y, g.Scalar(0.02)), series, g.Unary(node, "Log", g.Add(node, y, g.Scalar(1))))
}

func portableMish(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	return g.Mul(node, x, g.Unary(node, "Tanh", portableSoftplus(g, node, x)))
}

func portableLaplace(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	z := g.Div(node, g.Sub(node, x, g.Scalar(0.707107)), g.Scalar(float32(0.282095*math.Sqrt2)))
	return g.Mul(node, g.Add(node, g.Unary(node, "Erf", z), g.Scalar(1)), g.Scalar(0.5))
}

// portableSqrtSoftplus is √log(1 + eˣ); far below 0 it is e^(x/2).
func portableSqrtSoftplus(g *onnx.Graph, node string, x *onnx.Value) *onnx.Value {
	far := g.Less(node, x, g.Scalar(-20))
	return g.Where(node, far, g.Unary(node, "Exp", g.Mul(node, x, g.Scalar(0.5))), g.Unary(node, "Sqrt", portableSoftplus(g, node, x)))
}
