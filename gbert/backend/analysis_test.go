package backend

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// product is a compiled product [rows, inner]·[columns, inner]ᵀ.
func product(t *testing.T, b compute.Backend, rows, inner, columns int) *Graph {
	t.Helper()
	g := NewGraph(b, "product")
	x, w := Parameter(g, "x", shapes.Make(dtypes.Float32, rows, inner)), Parameter(g, "w", shapes.Make(dtypes.Float32, columns, inner))
	if err := g.Compile(DotGeneral(x, []int{1}, nil, w, []int{1}, nil)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Finalize)
	return g
}

func TestXLATellsMemoryAndOperationsOfAProgram(t *testing.T) {
	m := thisMachine()
	if _, ok := m.find("cpu"); !ok || !m.hasXLA {
		t.Skip("no XLA CPU plugin on this machine: run `bertlab setup`")
	}
	b, _, err := Open(t.Context(), Options{Name: "xla:cpu", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	const rows, inner, columns = 48, 64, 80
	if devices := Devices(b); len(devices) != b.NumDevices() || len(devices) == 0 || devices[0].Kind != "cpu" || devices[len(devices)-1].Number != len(devices)-1 {
		t.Errorf("the devices are %+v", devices)
	}
	memory, cost := AnalyseProgram(product(t, b, rows, inner, columns).Executable())
	if memory == nil || cost == nil {
		t.Fatalf("memory %v, cost %v", memory, cost)
	}
	if want := int64(4 * (rows*inner + columns*inner)); memory.Arguments != want {
		t.Errorf("inputs of %d bytes, want %d", memory.Arguments, want)
	}
	if want := int64(4 * rows * columns); memory.Outputs != want {
		t.Errorf("outputs of %d bytes, want %d", memory.Outputs, want)
	}
	if want := 2.0 * rows * inner * columns; cost.Flops != want {
		t.Errorf("%g operations, want %g", cost.Flops, want)
	}
	if least := 4.0 * (rows*inner + columns*inner + rows*columns); cost.BytesAccessed < least {
		t.Errorf("%g bytes read and written; inputs and outputs alone are %g", cost.BytesAccessed, least)
	}
}

func TestPureGoTellsNothingOfAProgram(t *testing.T) {
	b, _, err := Open(t.Context(), Options{Name: "go"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if devices := Devices(b); len(devices) != 1 || devices[0].Kind != "Go Backend" {
		t.Errorf("the devices are %+v", devices)
	}
	memory, cost := AnalyseProgram(product(t, b, 2, 3, 4).Executable())
	if memory != nil || cost != nil || MemoryOfDevice(b) != nil {
		t.Errorf("memory %v, cost %v, device %v", memory, cost, MemoryOfDevice(b))
	}
	if memory, cost := AnalyseProgram(nil); memory != nil || cost != nil {
		t.Error("no program has memory or cost")
	}
}
