package movement

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"pgregory.net/rapid"
)

// The graph selects what sorting selects: exactly k, of equal elements the first.
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
			got, want := masks[row*n:(row+1)*n], top(values[row*n:(row+1)*n], int(k[row]))
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
