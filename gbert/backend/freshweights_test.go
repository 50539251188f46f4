package backend

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// After two steps of an optimizer a weight lies where it lay before them, with other values: a product must see those.
func TestAProductSeesNewWeightsAtAnOldAddress(t *testing.T) {
	if _, ok := thisMachine().find("cpu"); !ok || !hasXLA {
		t.Skip("no XLA CPU plugin on this machine: run `bertlab setup`")
	}
	b, _, err := Open(t.Context(), Options{Name: "xla:cpu", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	const rows, inner, columns, steps = 512, 1536, 384, 8
	product := MustNewExec(b, func(x, w *Node) *Node { return DotGeneral(x, []int{1}, nil, w, []int{0}, nil) })
	defer product.Finalize()
	next := MustNewExec(b, func(w *Node) *Node { return AddScalar(w, 1) })
	defer next.Finalize()
	ones := make([]float32, rows*inner)
	for i := range ones {
		ones[i] = 1
	}
	x := tensors.FromFlatDataAndDimensions(ones, rows, inner)
	w := tensors.FromFlatDataAndDimensions(make([]float32, inner*columns), inner, columns)
	for step := range steps {
		out := product.MustCall(x, w)[0]
		for i, value := range tensors.MustCopyFlatData[float32](out) {
			if want := float32(2 * step * inner); value != want {
				t.Fatalf("step %d: entry %d of the product is %g, with the present weights it is %g", step, i, value, want)
			}
		}
		out.MustFinalizeAll()
		for range 2 {
			if err := w.ToDevice(b, 0); err != nil {
				t.Fatal(err)
			}
			donated, err := DonateTensorBuffer(w, b, 0)
			if err != nil {
				t.Fatal(err)
			}
			w = next.MustCall(donated)[0]
		}
	}
}

func TestAFlagIsSetOnlyWhereThePluginKnowsIt(t *testing.T) {
	dir := t.TempDir()
	plugin := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	knows, other := plugin("knows", "\x00xla_cpu_use_xnnpack\x00"), plugin("other", "\x00xla_cpu_use_thunk_runtime\x00")
	for _, c := range []struct{ name, plugin, before, after string }{
		{"known", knows, "", "--xla_cpu_use_xnnpack=false"},
		{"beside others", knows, "--xla_dump_to=d", "--xla_dump_to=d --xla_cpu_use_xnnpack=false"},
		{"named by the user", knows, "--xla_cpu_use_xnnpack=true", "--xla_cpu_use_xnnpack=true"},
		{"unknown", other, "", ""},
		{"no file", filepath.Join(dir, "gone"), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := c.before
			m := &machine{
				getenv: func(string) string { return flags },
				setenv: func(_, value string) error { flags = value; return nil },
			}
			if warning, err := m.setFlags(&Choice{Name: "xla:cpu", PluginPath: c.plugin}); warning != "" || err != nil {
				t.Errorf("%q, %v", warning, err)
			}
			if flags != c.after {
				t.Errorf("XLA_FLAGS is %q, not %q", flags, c.after)
			}
		})
	}
}
