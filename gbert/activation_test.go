package gbert

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// activationGolden is what testdata/make_activation_golden.py computed with torch and transformers.
type activationGolden struct {
	Learned     []string  `json:"learned"`
	Points      []float32 `json:"points"`
	Activations map[string]struct {
		Values      []float32   `json:"values"`
		Derivatives []float32   `json:"derivatives"`
		Logits      [][]float32 `json:"logits"`
	} `json:"activations"`
}

var readActivationGolden = sync.OnceValue(func() *activationGolden {
	g := &activationGolden{}
	data, err := os.ReadFile("testdata/activations.json")
	if err == nil {
		err = json.Unmarshal(data, g)
	}
	if err != nil {
		panic(err)
	}
	return g
})

func TestEveryActivationOfTransformersIsComputedOrRefusedForItsParameters(t *testing.T) {
	g := readActivationGolden()
	if want := slices.Sorted(maps.Keys(g.Activations)); !slices.Equal(want, Activations()) {
		t.Errorf("transformers has %v, bertlab %v", want, Activations())
	}
	for _, name := range g.Learned {
		err := checkActivation(name)
		if err == nil || !strings.Contains(err.Error(), `"`+name+`": this activation has learned parameters`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryActivationEqualsTransformers(t *testing.T) {
	g := readActivationGolden()
	model := load(t, "tiny").Clone()
	for _, name := range Activations() {
		model.Config.HiddenAct = name
		got := logitsOf(t, goBackend(t), model, readGolden().batch())
		near(t, name, slices.Concat(got...), slices.Concat(g.Activations[name].Logits...), 1e-5)
	}
}

// pointwise are the values and the derivatives of all activations at some points, in the order of [Activations].
func pointwise(t *testing.T, b compute.Backend, points []float32) (values, derivatives [][]float32) {
	t.Helper()
	exec := MustNewExec(b, func(inputs []*Node) []*Node {
		var outputs []*Node
		for _, name := range Activations() {
			y := activations[name].apply(inputs[0])
			outputs = append(outputs, y, Gradient(ReduceAllSum(y), inputs[0])[0])
		}
		return outputs
	})
	defer exec.Finalize()
	outputs, err := exec.Call(points)
	if err != nil {
		t.Fatal(err)
	}
	defer Free(outputs)
	for i := 0; i < len(outputs); i += 2 {
		values = append(values, tensors.MustCopyFlatData[float32](outputs[i]))
		derivatives = append(derivatives, tensors.MustCopyFlatData[float32](outputs[i+1]))
	}
	return values, derivatives
}

// apart reports where numbers differ by more than a share of the point's size, or of 1.
func apart(t *testing.T, what string, points, got, want []float32, tolerance float64) {
	t.Helper()
	for i, x := range points {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tolerance*max(1, math.Abs(float64(x)))) {
			t.Errorf("%s at %g: %g, want %g", what, x, got[i], want[i])
		}
	}
}

func TestValuesAndDerivativesOfActivationsEqualTorchAtKinksToo(t *testing.T) {
	g := readActivationGolden()
	onBackends(t, func(t *testing.T, b compute.Backend) {
		values, derivatives := pointwise(t, b, g.Points)
		for i, name := range Activations() {
			apart(t, name, g.Points, values[i], g.Activations[name].Values, 2e-6)
			if at := slices.Index(g.Points, 10); name == "gelu_10" && math.Nextafter32(values[i][at], 20) == 10 {
				derivatives[i][at] = 0 // XLA rounds gelu(10) to the number below 10, which is not yet cut off
			}
			apart(t, "derivative of "+name, g.Points, derivatives[i], g.Activations[name].Derivatives, 2e-6)
		}
	})
}

func TestAnActivationOfNaNIsNaN(t *testing.T) {
	onBackends(t, func(t *testing.T, b compute.Backend) {
		values, _ := pointwise(t, b, []float32{float32(math.NaN())})
		for i, name := range Activations() {
			if x := float64(values[i][0]); !math.IsNaN(x) {
				t.Errorf("%s(NaN) is %g: a model that computes nothing would seem to compute", name, x)
			}
		}
	})
}

func TestActivationsFarFromZeroHaveFiniteValuesAndDerivatives(t *testing.T) {
	points := []float32{-1e4, -500, -100, 100, 500, 1e4}
	onBackends(t, func(t *testing.T, b compute.Backend) {
		values, derivatives := pointwise(t, b, points)
		for i, name := range Activations() {
			for k, x := range points {
				y, d := float64(values[i][k]), float64(derivatives[i][k])
				if math.IsNaN(y) || math.IsInf(y, 0) || math.IsNaN(d) || math.IsInf(d, 0) {
					t.Errorf("%s(%g) is %g with the derivative %g", name, x, y, d)
				}
			}
		}
	})
}

func TestEveryActivationIsTheSameOnXLAAsInPureGo(t *testing.T) {
	var grid []float32
	for x := float32(-12); x <= 12; x += 0.01 {
		grid = append(grid, x)
	}
	xla, _ := pointwise(t, xlaBackend(t), grid)
	pure, _ := pointwise(t, goBackend(t), grid)
	for i, name := range Activations() {
		apart(t, name, grid, xla[i], pure[i], 2e-6)
	}
}
