package movement

import "math"

// activations are gbert's on the host, for the constant of a neuron whose input is its bias alone.
var activations = map[string]func(x float64) float64{
	"gelu":              geluErf,
	"gelu_python":       geluErf,
	"gelu_new":          geluTanh,
	"gelu_fast":         geluTanh,
	"gelu_pytorch_tanh": geluTanh,
	"gelu_python_tanh":  geluTanh,
	"gelu_accurate":     geluTanh,
	"gelu_10":           func(x float64) float64 { return min(max(geluErf(x), -10), 10) },
	"quick_gelu":        func(x float64) float64 { return x * sigmoid(1.702*x) },
	"relu":              func(x float64) float64 { return max(x, 0) },
	"relu2":             func(x float64) float64 { return max(x, 0) * max(x, 0) },
	"relu6":             func(x float64) float64 { return min(max(x, 0), 6) },
	"leaky_relu":        func(x float64) float64 { return max(x, 0.01*x) },
	"hardswish":         func(x float64) float64 { return x * min(max(x+3, 0), 6) / 6 },
	"silu":              func(x float64) float64 { return x * sigmoid(x) },
	"swish":             func(x float64) float64 { return x * sigmoid(x) },
	"mish":              func(x float64) float64 { return x * math.Tanh(softplus(x)) },
	"sqrtsoftplus":      func(x float64) float64 { return math.Sqrt(softplus(x)) },
	"laplace":           func(x float64) float64 { return 0.5 * (1 + math.Erf((x-0.707107)/(0.282095*math.Sqrt2))) },
	"tanh":              math.Tanh,
	"sigmoid":           sigmoid,
	"linear":            func(x float64) float64 { return x },
}

func geluErf(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) }

func geluTanh(x float64) float64 {
	return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
