package gbert

import (
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
	"bertlab/gbert/safetensors"
)

// Int8Query is a model of which one map [out, in] is in codes, and that map: for the tests of other packages.
func Int8Query(t testing.TB, hidden int, inputs InputNumbers, rng *rand.Rand) (*Model, *Int8Matrix) {
	t.Helper()
	model, err := New(tinyConfig(func(c *Config) { c.HiddenSize, c.NumAttentionHeads, c.VocabSize = hidden, 1, 10 }), 1)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float32, hidden*hidden)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	w := &Int8Matrix{Out: hidden, In: hidden}
	w.Codes, w.Scales = QuantizeRows(values, hidden, hidden)
	stored := [][]float32{Codes(w.Codes), w.Scales}
	if inputs == StaticInputs {
		w.InputScale, w.InputZero = UnsignedScale(-2.1, 2.6)
		stored = append(stored, []float32{w.InputScale}, []float32{float32(w.InputZero)})
	}
	if err := model.Store(0, Query, Int8(inputs, 0), stored...); err != nil {
		t.Fatal(err)
	}
	return model, w
}

// QueryGraph is the product of a model's first query map alone, as [Model.Portable] writes it: from "x" [batch, sequence, in] to "y".
func QueryGraph(t testing.TB, m *Model) *onnx.Graph {
	t.Helper()
	g, err := onnx.New("product", onnx.DefaultOpset)
	if err != nil {
		t.Fatal(err)
	}
	p := &portable{graph: g, model: m, config: m.Config, dtype: safetensors.F32, dtypes: map[string]safetensors.DType{}, floats: map[string]*onnx.Value{}, codes: map[string][]*onnx.Value{}}
	for _, spec := range m.Weights() {
		if spec.DType != "" {
			p.dtypes[spec.Name] = spec.DType
		}
	}
	err = onnx.Build(func() {
		x := g.Input("x", onnx.Float32, onnx.Named(batchAxis), onnx.Named(sequenceAxis), onnx.Size(m.Config.HiddenSize))
		of := m.Config.heldMap(0, Query)
		g.Output("y", of.form().port(p, of, "query", x))
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// QueryInXLA is the same product as [Forward.Linear] computes it, without a bias: x [rows, 1, in].
func QueryInXLA(t testing.TB, m *Model, x []float32, gradient bool) []float32 {
	t.Helper()
	m = m.Clone()
	hidden := m.Config.HiddenSize
	if err := m.SetWeight(BiasName(0, Query), []int{hidden}, make([]float32, hidden)); err != nil {
		t.Fatal(err)
	}
	exec := MustNewExec(goBackend(t), func(x *Node) *Node {
		f := NewForward(m.Config, x.Graph(), func(name string) *Node {
			values, shape, err := m.Weight(name)
			if err != nil {
				panic(err)
			}
			return Reshape(Const(x.Graph(), values), shape...)
		}, Taps{})
		y := f.Linear(0, Query, x)
		if gradient {
			return Gradient(ReduceAllSum(y), x)[0]
		}
		return y
	})
	input := make([][][]float32, len(x)/hidden)
	for r := range input {
		input[r] = [][]float32{x[r*hidden : (r+1)*hidden]}
	}
	var flat []float32
	exec.MustCall(input)[0].MustConstFlatData(func(values any) { flat = append(flat, values.([]float32)...) })
	return flat
}

func TestCodesOfEightBits(t *testing.T) {
	codes, scales := QuantizeRows([]float32{0, 0, 0, 1, -2, 0.5, 127, 0.5, 1.5, 1e-45, 0, 0}, 4, 3)
	for i, want := range []int8{0, 0, 0, 64, -127, 32, 127, 0, 2} {
		if codes[i] != want {
			t.Errorf("code %d is %d, not %d", i, codes[i], want)
		}
	}
	if scales[0] != 1 || scales[1] != float32(2)/127 || scales[2] != 1 {
		t.Errorf("scales %v", scales)
	}
}

func TestARangeHoldsZero(t *testing.T) {
	for _, c := range []struct {
		low, high, scale float32
		zero             uint8
	}{{0, 0, 1, 0}, {-1, 0, 1. / 255, 255}, {0, 2, 2. / 255, 0}, {1, 2, 2. / 255, 0}, {-3, -1, 3. / 255, 255}, {-1, 1, 2. / 255, 127}, {-1e-45, 1e-45, 1, 0}} {
		if scale, zero := UnsignedScale(c.low, c.high); scale != c.scale || zero != c.zero {
			t.Errorf("[%g, %g] has the scale %g and the zero point %d, want %g and %d", c.low, c.high, scale, zero, c.scale, c.zero)
		}
	}
}
