package backend

import (
	"bytes"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// xlaCPU is XLA on this machine's CPU; the test is skipped where there is no plugin.
func xlaCPU(t *testing.T) *programs {
	t.Helper()
	t.Setenv(StoreVariable, "off")
	if _, ok := thisMachine().find("cpu"); !ok || !hasXLA {
		t.Skip("no XLA CPU plugin on this machine: run `bertlab setup`")
	}
	b, _, err := Open(t.Context(), Options{Name: "xla:cpu", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b.(*programs)
}

func TestAProgramInPlaceTakesItsDonatedInputsAndNoOthers(t *testing.T) {
	b := xlaCPU(t)
	text, inner := []byte(nil), b.text
	b.text = func(builder compute.Builder) ([]byte, bool) {
		var ok bool
		text, ok = inner(builder)
		return text, ok
	}
	step := MustNewExec(b, func(w, v, g *Node) (*Node, *Node) { return Sub(w, g), Add(v, Square(g)) }).WithName(InPlace("step"))
	defer step.Finalize()
	w, v, g := tensors.FromValue([]float32{1, 2, 3}), tensors.FromValue([]float32{0, 0, 0}), tensors.FromValue([]float32{1, 1, 2})
	values := func(x *tensors.Tensor) [3]float32 { return [3]float32(tensors.MustCopyFlatData[float32](x)) }
	out := step.MustCall(w, v, g)
	if !bytes.Contains(text, []byte(aliasAttribute+" = 0")) || !bytes.Contains(text, []byte(aliasAttribute+" = 1")) || bytes.Contains(text, []byte(aliasAttribute+" = 2")) {
		t.Errorf("the program does not say what it replaces: does go-xla still have its function where it is looked for?\n%.400s", text)
	}
	if values(w) != [3]float32{1, 2, 3} || values(v) != [3]float32{} {
		t.Errorf("inputs that were not donated have become %v and %v", values(w), values(v))
	}
	for range 3 {
		var state []any
		for _, x := range out {
			if err := x.ToDevice(b, 0); err != nil {
				t.Fatal(err)
			}
			donated, err := DonateTensorBuffer(x, b, 0)
			if err != nil {
				t.Fatal(err)
			}
			state = append(state, donated)
		}
		out = step.MustCall(append(state, g)...)
	}
	if got, want := [2][3]float32{values(out[0]), values(out[1])}, [2][3]float32{{-3, -2, -5}, {4, 4, 16}}; got != want {
		t.Errorf("after four steps %v, want %v", got, want)
	}
}

func TestAProgramInPlaceWhoseShapesDifferIsComputedAllTheSame(t *testing.T) {
	b := xlaCPU(t)
	total := MustNewExec(b, func(x *Node) *Node { return ReduceAllSum(x) }).WithName(InPlace("total"))
	defer total.Finalize()
	if got := tensors.ToScalar[float32](total.MustCall([]float32{1, 2, 3})[0]); got != 6 {
		t.Errorf("1+2+3 = %v", got)
	}
}
