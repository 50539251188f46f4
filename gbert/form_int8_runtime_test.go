package gbert_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/ort"
	"bertlab/internal/testbed"
)

var quantisedInputs = []gbert.InputNumbers{gbert.DynamicInputs, gbert.RowInputs, gbert.StaticInputs}

// normal are numbers of a normal distribution with some far away, some halves of a step, and rows of zeros.
func normal(rng *rand.Rand, rows, width int) []float32 {
	x := make([]float32, rows*width)
	for i := range x {
		switch row := i / width; {
		case row%7 == 3:
		case i%97 == 5:
			x[i] = float32(8 * rng.NormFloat64())
		case i%5 == 1:
			x[i] = float32(math.Round(40*rng.NormFloat64())) / 32
		default:
			x[i] = float32(rng.NormFloat64())
		}
	}
	return x
}

func TestAProductOfWholeNumbersIsONNXRuntimesToTheBit(t *testing.T) {
	backend := testbed.ONNXRuntime(t)
	for _, inputs := range quantisedInputs {
		for seed := range uint64(6) {
			rng := rand.New(rand.NewPCG(seed, 1))
			hidden := []int{4, 17, 64, 384, 96, 33}[seed]
			batch, length := 1+int(seed), 9-int(seed)
			model, w := gbert.Int8Query(t, hidden, inputs, rng)
			x := normal(rng, batch*length, hidden)
			got, err := ort.Compute(context.Background(), gbert.QueryGraph(t, model),
				[]ort.Array{{Name: "x", Shape: []int64{int64(batch), int64(length), int64(hidden)}, Values: x}}, []string{"y"}, ort.Options{Backend: backend})
			if err != nil {
				t.Fatal(err)
			}
			differ, largest := 0, 0.0
			for i, want := range w.Multiply(x, inputs) {
				if math.Float32bits(got[0][i]) != math.Float32bits(want) {
					differ++
					largest = max(largest, math.Abs(float64(got[0][i]-want)))
				}
			}
			if differ > 0 {
				t.Errorf("%s inputs, width %d: %d of %d values have other bits, by up to %g", inputs, hidden, differ, len(got[0]), largest)
			}
		}
	}
}

func TestTheGraphsProductIsTheExactOne(t *testing.T) {
	for _, inputs := range quantisedInputs {
		rng := rand.New(rand.NewPCG(3, 2))
		model, w := gbert.Int8Query(t, 48, inputs, rng)
		x := normal(rng, 20, 48)
		got, want := gbert.QueryInXLA(t, model, x, false), w.Multiply(x, inputs)
		for i := range want {
			if d := math.Abs(float64(got[i] - want[i])); d > 1e-5*math.Max(1, math.Abs(float64(want[i]))) {
				t.Fatalf("%s inputs: value %d is %g, not %g", inputs, i, got[i], want[i])
			}
		}
	}
}

// Straight through: the gradient is that of the matrix, but zero where a stored range cuts.
func TestGradientsPassThroughRounding(t *testing.T) {
	for _, inputs := range quantisedInputs {
		rng := rand.New(rand.NewPCG(4, 2))
		model, w := gbert.Int8Query(t, 12, inputs, rng)
		x := normal(rng, 5, 12)
		got := gbert.QueryInXLA(t, model, x, true)
		for i, v := range x {
			want := 0.0
			if cut := v < -2.1 || v > 2.6; inputs != gbert.StaticInputs || !cut {
				for o := range w.Out {
					want += float64(w.Codes[o*w.In+i%w.In]) * float64(w.Scales[o])
				}
			}
			if math.Abs(float64(got[i])-want) > 1e-4 {
				t.Errorf("%s inputs: the gradient at %g is %g, not %g", inputs, v, got[i], want)
			}
		}
	}
}

func TestScalesThatAreNoneAreRefused(t *testing.T) {
	model, _ := gbert.Int8Query(t, 4, gbert.StaticInputs, rand.New(rand.NewPCG(1, 1)))
	for _, name := range []string{"_scale", "_input_scale"} {
		name = gbert.WeightName(0, gbert.Query) + name
		for _, bad := range []float32{0, -1} {
			broken := model.Clone()
			values, shape, err := broken.Weight(name)
			if err != nil {
				t.Fatal(err)
			}
			values = slices.Clone(values)
			values[0] = bad
			if err := broken.SetWeight(name, shape, values); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := broken.Save(dir, gbert.Float32); err != nil {
				t.Fatal(err)
			}
			if _, err := gbert.Load(dir); err == nil || !strings.Contains(err.Error(), "a scale is a finite number above 0") || !strings.Contains(err.Error(), name) {
				t.Errorf("%s of %g: %v", name, bad, err)
			}
		}
	}
}
