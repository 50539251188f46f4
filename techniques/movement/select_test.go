package movement

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"pgregory.net/rapid"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// sorted is [top] by sorting.
func sorted(values []float32, k int) []float32 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	mask := make([]float32, len(values))
	for _, i := range order[:k] {
		mask[i] = 1
	}
	return mask
}

// The graph and the host select what sorting selects: exactly k, of equal elements the first.
func TestTopSelectsExactlyKAndTheFirstOfEqualOnes(t *testing.T) {
	exec, err := NewExec(goBackend(t), func(values, k *Node) *Node {
		thresholds, cutoffs := topThresholds(values, k)
		index := Iota(values.Graph(), shapes.Make(dtypes.Int32, values.Shape().Dimensions...), 1)
		return ConvertDType(isTop(values, index, Reshape(thresholds, -1, 1), Reshape(cutoffs, -1, 1)), dtypes.Float32)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	exec.SetMaxCache(-1)
	infinite := float32(math.Inf(1))
	special := []float32{0, float32(math.Copysign(0, -1)), 1, -1, 1e-3, -1e-3, infinite, -infinite, math.MaxFloat32, -math.MaxFloat32, 3e-38, -3e-38}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 2, 7, 12, 97, 1024, 2048}).Draw(t, "n")
		values := make([]float32, 2*n)
		few := rapid.Bool().Draw(t, "few values")
		for i := range values {
			if few {
				values[i] = rapid.SampledFrom(special).Draw(t, "value")
			} else {
				values[i] = rapid.Float32Range(-2, 2).Draw(t, "value")
				if math.Abs(float64(values[i])) < 2e-38 { // XLA and Go differ on subnormal numbers
					values[i] = 0
				}
			}
		}
		k := []int32{int32(rapid.IntRange(1, n).Draw(t, "k")), int32(rapid.IntRange(1, n).Draw(t, "k"))}
		outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(slices.Clone(values), 2, n), k)
		if err != nil {
			t.Fatal(err)
		}
		masks := tensors.MustCopyFlatData[float32](outputs[0])
		for row := range 2 {
			got, want := masks[row*n:(row+1)*n], sorted(values[row*n:(row+1)*n], int(k[row]))
			if host := top(values[row*n:(row+1)*n], int(k[row])); !slices.Equal(host, want) {
				t.Fatalf("k = %d of %v on the host:\n%v\n%v expected", k[row], values[row*n:(row+1)*n], host, want)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("k = %d of %v:\n%v\n%v expected", k[row], values[row*n:(row+1)*n], got, want)
			}
			sum := float32(0)
			for _, m := range got {
				sum += m
			}
			if int32(sum) != k[row] {
				t.Fatalf("%g kept, not %d", sum, k[row])
			}
		}
	})
}

func TestKeysAreInTheOrderOfTheNumbers(t *testing.T) {
	last := int32(math.MinInt32)
	for _, x := range []float32{float32(math.Inf(-1)), -math.MaxFloat32, -1, -1e-30, 0, 1e-30, 1, math.MaxFloat32, float32(math.Inf(1))} {
		if key := toKey(x); key <= last {
			t.Errorf("the key of %g is %d, not above %d", x, key, last)
		} else {
			last = key
		}
	}
	exec := check[*Exec](t)(NewExec(goBackend(t), func(keys *Node) *Node { return fromKey(keys) }))
	defer exec.Finalize()
	want := []float32{-3.5, 0, 7, float32(math.Inf(-1))}
	keys := make([]int32, len(want))
	for i, x := range want {
		keys[i] = toKey(x)
	}
	got := tensors.MustCopyFlatData[float32](check[[]*tensors.Tensor](t)(exec.Call(keys))[0])
	if !slices.Equal(got, want) {
		t.Error(fmt.Sprint(got), want)
	}
}

func TestMagnitudesAreSelectedThroughAllParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts [][]float32
		var all []float32
		for range rapid.IntRange(1, 4).Draw(t, "parts") {
			values := rapid.SliceOfN(rapid.SampledFrom([]float32{0, 1, -1, 2, -2, 3e-5, -3e-5, 0.3}), 1, 9).Draw(t, "values")
			parts = append(parts, values)
			for _, x := range values {
				all = append(all, float32(math.Abs(float64(x))))
			}
		}
		k := rapid.IntRange(1, len(all)).Draw(t, "k")
		threshold, cutoff := selectTop(parts, true, k)
		for i, want := range sorted(all, k) {
			if got := all[i] > threshold || all[i] == threshold && int32(i) <= cutoff; got != (want == 1) {
				t.Fatalf("k = %d of %v: threshold %g, cutoff %d", k, parts, threshold, cutoff)
			}
		}
	})
}

// Thresholds found on the host and in the graph lead to the same training, bit for bit.
func TestTheHostAndTheGraphTrainAlike(t *testing.T) {
	for _, o := range []Options{
		{Kind: Movement}, {Kind: Movement, Scope: Global}, {Kind: Magnitude}, {Kind: Magnitude, Scope: Global},
		{Kind: Movement, Attention: Granularity{Unit: Head}, FFN: Granularity{Unit: Neuron}},
	} {
		o.Remaining = 0.4
		m := classifier(t, 2, "gelu")
		var models []*gbert.Model
		for _, host := range []bool{true, false} {
			method := check[*finetune.Method](t)(New(m, o))
			if method.PrepareHost == nil {
				t.Fatalf("%+v finds no thresholds on the host", o)
			}
			if !host {
				method.PrepareHost = nil
			}
			result := check[*finetune.Result](t)(finetune.Train(t.Context(), goBackend(t), m, sentences(24), nil, finetune.Options{
				Epochs: 4, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Keep: finetune.KeepLast, Method: method,
			}))
			models = append(models, result.Model)
		}
		for _, spec := range m.Weights() {
			if !slices.Equal(weight(t, models[0], spec.Name), weight(t, models[1], spec.Name)) {
				t.Fatalf("%+v: %s differs", o, spec.Name)
			}
		}
	}
}
