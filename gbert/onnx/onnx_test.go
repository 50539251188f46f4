package onnx

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute-onnx/support/protos"
	"google.golang.org/protobuf/proto"
)

// classifier is x·W + b with a LayerNorm and a GELU before it.
func classifier(t *testing.T, opset int) *Graph {
	t.Helper()
	g, err := New("classifier", opset)
	if err != nil {
		t.Fatal(err)
	}
	x := g.Input("x", Float32, Named("batch"), Size(3))
	x = g.LayerNorm("norm", x, g.Float32s("scale", []int{3}, []float32{1, 2, 3}), g.Float32s("shift", []int{3}, make([]float32, 3)), 1e-5)
	w := g.Float32s("w", []int{3, 2}, []float32{1, 2, 3, 4, 5, 6})
	g.Output("y", g.Add("dense", g.MatMul("dense", g.Gelu("act", x), w), g.Float32s("b", []int{2}, []float32{7, 8})))
	return g
}

func parse(t *testing.T, path string) *protos.ModelProto {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var model protos.ModelProto
	if err := proto.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	return &model
}

func TestEveryValueHasATypeAndAShapeAndANameOfItsOwn(t *testing.T) {
	for opset := MinOpset; opset <= MaxOpset; opset++ {
		path := filepath.Join(t.TempDir(), FileName)
		if err := classifier(t, opset).Write(path, Options{Producer: "test"}); err != nil {
			t.Fatal(err)
		}
		model := parse(t, path)
		if model.IrVersion != releases[opset] || model.OpsetImport[0].Version != int64(opset) {
			t.Errorf("operator set %d: format %d, operators %d", opset, model.IrVersion, model.OpsetImport[0].Version)
		}
		described := map[string]bool{}
		for _, list := range [][]*protos.ValueInfoProto{model.Graph.Input, model.Graph.Output, model.Graph.ValueInfo} {
			for _, v := range list {
				if described[v.Name] {
					t.Errorf("operator set %d describes %s twice", opset, v.Name)
				}
				described[v.Name] = v.Type.GetTensorType().ElemType != 0 && v.Type.GetTensorType().Shape != nil
			}
		}
		for _, c := range model.Graph.Initializer {
			described[c.Name] = true
		}
		names := map[string]bool{}
		for _, node := range model.Graph.Node {
			if names[node.Name] {
				t.Errorf("two nodes have the name %s", node.Name)
			}
			names[node.Name] = true
			for _, name := range slices.Concat(node.Input, node.Output) {
				if !described[name] {
					t.Errorf("operator set %d: %s of %s has no type and shape", opset, name, node.Name)
				}
			}
			for _, a := range node.Attribute {
				if a.Type == protos.AttributeProto_UNDEFINED {
					t.Errorf("the attribute %s of %s has no type", a.Name, node.Name)
				}
			}
		}
	}
}

func TestAConstantIsTurnedOnceForEachOrderOfItsAxes(t *testing.T) {
	g, err := New("turned", DefaultOpset)
	if err != nil {
		t.Fatal(err)
	}
	x, w := g.Input("x", Float32, Named("batch"), Size(2)), g.Float32s("w", []int{2, 2}, []float32{1, 2, 3, 4})
	other := g.Float32s("other", []int{2, 2}, []float32{1, 2, 3, 4})
	first, again := g.Transpose("first", w, 1, 0), g.Transpose("again", w, 1, 0)
	if first != again {
		t.Error("the same constant is turned twice")
	}
	for name, v := range map[string]*Value{"another order": g.Transpose("same", w, 0, 1), "another constant": g.Transpose("beside", other, 1, 0)} {
		if v == first {
			t.Errorf("%s is taken for the first", name)
		}
	}
	sum := g.Add("sum", x, x)
	if g.Transpose("left", sum, 1, 0) == g.Transpose("right", sum, 1, 0) {
		t.Error("what is no constant is remembered")
	}
	if first.Shape[0] != Size(2) || g.Transpose("wide", x, 1, 0).Shape[1] != Named("batch") {
		t.Error("the axes are not in their new order")
	}
}

func TestOperatorSetsThatAreNotTestedAreRefused(t *testing.T) {
	for _, opset := range []int{-1, 0, 12, MinOpset - 1, MaxOpset + 1, 99} {
		if _, err := New("g", opset); err == nil || !strings.Contains(err.Error(), fmt.Sprint(opset)) {
			t.Errorf("operator set %d: %v", opset, err)
		}
	}
}

func TestTensorsReadBackFromOneFileAndFromTwo(t *testing.T) {
	large := make([]float32, 700)
	for i := range large {
		large[i] = float32(i)
	}
	var sizes []int64
	for _, apart := range []bool{false, true} {
		g := classifier(t, 17)
		g.Output("z", g.Add("large", g.Float32s("large", []int{7, 100}, large), g.Scalar(1)))
		g.Note("key", "value")
		dir := t.TempDir()
		path := filepath.Join(dir, FileName)
		if err := g.Write(path, Options{Producer: "test", Apart: apart}); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		tensor := f.Tensors["large"]
		if !slices.Equal(tensor.Shape, []int{7, 100}) || len(tensor.Raw) != 2800 || !bytes.Equal(tensor.Raw[4:8], []byte{0, 0, 0x80, 0x3f}) {
			t.Errorf("apart %v: %v, %d bytes", apart, tensor.Shape, len(tensor.Raw))
		}
		if f.Metadata["key"] != "value" || f.Producer != "test" || len(f.Tensors["w"].Raw) != 24 {
			t.Errorf("apart %v: %v", apart, f)
		}
		info, _ := os.Stat(path)
		sizes = append(sizes, info.Size())
		if _, err := os.Stat(path + DataEnding); (err == nil) != apart {
			t.Errorf("apart %v: %v", apart, err)
		}
	}
	if sizes[1] > sizes[0]-2500 {
		t.Errorf("%v bytes", sizes)
	}
}

func TestEqualGraphsGiveEqualBytes(t *testing.T) {
	var texts [][]byte
	for range 3 {
		path := filepath.Join(t.TempDir(), FileName)
		if err := classifier(t, 17).Write(path, Options{Producer: "test"}); err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(path)
		texts = append(texts, text)
	}
	if !bytes.Equal(texts[0], texts[1]) || !bytes.Equal(texts[1], texts[2]) {
		t.Error("the bytes differ")
	}
}

func TestShapesThatDoNotFitAreErrors(t *testing.T) {
	for name, build := range map[string]func(g *Graph, x *Value){
		"product":  func(g *Graph, x *Value) { g.MatMul("p", x, g.Float32s("w", []int{2, 2}, make([]float32, 4))) },
		"sum":      func(g *Graph, x *Value) { g.Add("s", x, g.Float32s("w", []int{2}, make([]float32, 2))) },
		"types":    func(g *Graph, x *Value) { g.Add("s", x, g.Cast("c", x, Int64)) },
		"squeeze":  func(g *Graph, x *Value) { g.Squeeze("s", x, 1) },
		"constant": func(g *Graph, x *Value) { g.Float32s("w", []int{2, 2}, make([]float32, 3)) },
	} {
		g, _ := New("g", 17)
		x := g.Input("x", Float32, Named("batch"), Size(3))
		if err := Build(func() { build(g, x) }); err == nil || !strings.HasPrefix(err.Error(), "onnx: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// damaged writes a model whose weights are apart, after something was done to it.
func damaged(t *testing.T, change func(model *protos.ModelProto, data string)) string {
	t.Helper()
	g := classifier(t, 17)
	g.Output("z", g.Add("large", g.Float32s("large", []int{7, 100}, make([]float32, 700)), g.Scalar(1)))
	path := filepath.Join(t.TempDir(), FileName)
	if err := g.Write(path, Options{Apart: true}); err != nil {
		t.Fatal(err)
	}
	model := parse(t, path)
	change(model, path+DataEnding)
	text, err := proto.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDamagedFilesAreErrors(t *testing.T) {
	place := func(model *protos.ModelProto, key, value string) {
		for _, tensor := range model.Graph.Initializer {
			for _, entry := range tensor.ExternalData {
				if entry.Key == key {
					entry.Value = value
				}
			}
		}
	}
	for name, c := range map[string]struct {
		change func(model *protos.ModelProto, data string)
		want   string
	}{
		"another file":   {func(m *protos.ModelProto, _ string) { place(m, "location", "../secret") }, "only"},
		"a place beyond": {func(m *protos.ModelProto, _ string) { place(m, "offset", "4096") }, "of a file of"},
		"a negative one": {func(m *protos.ModelProto, _ string) { place(m, "offset", "-8") }, "of a file of"},
		"no number":      {func(m *protos.ModelProto, _ string) { place(m, "offset", "x") }, "invalid syntax"},
		"another length": {func(m *protos.ModelProto, _ string) { place(m, "length", "12") }, "of a file of"},
		"cut weights":    {func(_ *protos.ModelProto, data string) { os.Truncate(data, 100) }, "larger than the file"},
		"no weights":     {func(_ *protos.ModelProto, data string) { os.Remove(data) }, "a file of their own"},
		"a large shape":  {func(m *protos.ModelProto, _ string) { m.Graph.Initializer[0].Dims = []int64{1 << 30, 1 << 30} }, "has the shape"},
		"another shape":  {func(m *protos.ModelProto, _ string) { m.Graph.Initializer[0].Dims = []int64{5} }, "bytes"},
		"two of a name": {func(m *protos.ModelProto, _ string) {
			m.Graph.Initializer = append(m.Graph.Initializer, m.Graph.Initializer[0])
		}, "two tensors"},
		"nothing": {func(m *protos.ModelProto, _ string) { m.Graph = nil }, "no model"},
	} {
		if _, err := Open(damaged(t, c.change)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(path, []byte("no protobuf at all"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	g, _ := New("g", 17)
	x := g.Input("x", Float32, Named("batch"), Size(2))
	g.Output("y", g.Add("sum", x, g.Float32s("b", []int{2}, []float32{1, 2})))
	path := filepath.Join(f.TempDir(), FileName)
	if err := g.Write(path, Options{}); err != nil {
		f.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), FileName)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		file, err := Open(path)
		if err != nil {
			return
		}
		total := 0
		for _, tensor := range file.Tensors {
			total += len(tensor.Raw)
		}
		if total > len(text) {
			t.Errorf("%d bytes of tensors out of a file of %d", total, len(text))
		}
	})
}
