package backend

import (
	"os"
	"testing"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
)

// square computes 3² + 1 on a backend.
func square(t *testing.T, b compute.Backend) {
	t.Helper()
	out, err := CallOnce(b, func(x *Node) *Node { return AddScalar(Square(x), 1) }, float32(3))
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Value().(float32); got != 10 {
		t.Errorf("3² + 1 = %v", got)
	}
}

func TestPureGoComputes(t *testing.T) {
	b, c, err := Open(t.Context(), Options{Name: "go"})
	if err != nil || c.Device == "" {
		t.Fatalf("%+v, %v", c, err)
	}
	defer b.Finalize()
	square(t, b)
}

func TestXLAComputesOnTheCPU(t *testing.T) {
	m := thisMachine()
	if _, ok := m.find("cpu"); !ok || !m.hasXLA {
		t.Skip("no XLA CPU plugin on this machine: run `bertlab setup`")
	}
	b, c, err := Open(t.Context(), Options{Name: "xla:cpu", Offline: true})
	if err != nil || c.Name != "xla:cpu" || c.PluginPath == "" {
		t.Fatalf("%+v, %v", c, err)
	}
	square(t, b)
	b.Finalize()
	// A backend that is made by GoMLX's own name finds the plugin too, and installs nothing.
	if _, set := os.LookupEnv("PJRT_PLUGIN_LIBRARY_PATH"); !set {
		b, err := compute.NewWithConfig("xla:cpu")
		if err != nil {
			t.Fatal(err)
		}
		square(t, b)
		b.Finalize()
	}
}

func TestXLAComputesOnTheGPU(t *testing.T) {
	m := thisMachine()
	if !m.gpu(t.Context()).Present {
		t.Skip("no GPU on this machine")
	}
	if _, ok := m.findCUDA(t.Context()); !ok {
		t.Skip("no GPU with a CUDA plugin on this machine")
	}
	b, c, err := Open(t.Context(), Options{Name: "xla:cuda", Offline: true})
	if err != nil {
		t.Fatalf("%+v, %v", c, err)
	}
	defer b.Finalize()
	square(t, b)
}

func TestInspectIsQuick(t *testing.T) {
	start := time.Now()
	r := Inspect(Options{})
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
	if r.Choice.Name == "" || len(r.SearchPath) == 0 {
		t.Errorf("%+v", r)
	}
}

func TestVersionsNameWhatComputes(t *testing.T) {
	v := Versions()
	for _, name := range []string{"go", "platform"} {
		if v[name] == "" {
			t.Errorf("no %s in %v", name, v)
		}
	}
	v["go"] = "changed"
	if Versions()["go"] == "changed" {
		t.Error("a caller can change the versions")
	}
}
