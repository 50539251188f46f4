package gbert

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert/onnx"
)

// sameWeights reports weights that two models do not have in common, to the bit.
func sameWeights(t *testing.T, got, want *Model) {
	t.Helper()
	if a, b := got.Weights(), want.Weights(); len(a) != len(b) {
		t.Fatalf("%d weights, not %d", len(a), len(b))
	}
	for _, spec := range want.Weights() {
		values, shape, err := got.Weight(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		kept, _, _ := want.Weight(spec.Name)
		if !slices.Equal(shape, spec.Shape) || !slices.Equal(values, kept) {
			t.Errorf("%s is another: %v", spec.Name, shape)
		}
	}
}

func TestAModelOfAGraphIsTheModel(t *testing.T) {
	for name, model := range variants(t) {
		dir := filepath.Join(t.TempDir(), "new", "folder")
		if err := model.SavePortable(dir, PortableOptions{}, true); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sizes := PortableSizes(dir)
		for _, graph := range []string{PortableName, PortableInt8Name} {
			if info, err := os.Stat(filepath.Join(dir, graph)); err != nil || sizes[graph] != info.Size() {
				t.Errorf("%s: %s has %d bytes: %v", name, graph, sizes[graph], err)
			}
		}
		loaded, err := Load(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sameWeights(t, loaded, model)
		a, errA := model.Fingerprint()
		b, errB := loaded.Fingerprint()
		if a == "" || errA != nil || errB != nil {
			t.Errorf("%s: %s, %s, %v, %v", name, a, b, errA, errB)
		}
		if err := loaded.SavePortable(dir, PortableOptions{}, false); err != nil {
			t.Errorf("%s: again: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, PortableInt8Name)); err == nil {
			t.Errorf("%s: the graph of whole numbers of the save before is still there", name)
		}
		if sizes := PortableSizes(dir); len(sizes) != 1 || sizes[PortableName] == 0 {
			t.Errorf("%s: sizes %v of one graph", name, sizes)
		}
	}
}

func TestEveryHeadAndActivationBecomesAGraph(t *testing.T) {
	bare, err := New(tinyConfig(func(*Config) {}), 1)
	if err != nil {
		t.Fatal(err)
	}
	outputs := func(m *Model, o PortableOptions) string {
		t.Helper()
		g, err := m.Portable(o)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(g.Outputs(), ", ")
	}
	if got := outputs(bare, PortableOptions{}); got != "last_hidden_state [batch sequence 16], pooler_output [batch 16]" {
		t.Error(got)
	}
	texts, err := bare.WithClassifier(3, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []PortableOptions{{}, {Int8: true}, {Precision: Float16}, {Opset: onnx.MinOpset}, {Opset: onnx.MaxOpset, Int8: true}} {
		if got := outputs(texts, o); got != "logits [batch 3]" {
			t.Errorf("%+v: %s", o, got)
		}
	}
	for _, activation := range Activations() {
		model := fresh(t, tinyConfig(func(c *Config) { c.HiddenAct = activation }))
		if got := outputs(model, PortableOptions{}); got != "logits [batch 3]" {
			t.Errorf("%s: %s", activation, got)
		}
	}
	for _, opset := range []int{12, 99} {
		if _, err := texts.Portable(PortableOptions{Opset: opset}); err == nil || !strings.Contains(err.Error(), "operator set") {
			t.Errorf("operator set %d: %v", opset, err)
		}
	}
}

func TestAFolderWithAnotherModelsWeightsKeepsThem(t *testing.T) {
	one, two := fresh(t, tinyConfig(func(*Config) {})), fresh(t, tinyConfig(func(c *Config) { c.HiddenAct = "relu" }))
	dir := t.TempDir()
	if err := one.Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(dir, configName))
	if err := two.SavePortable(dir, PortableOptions{}, false); err == nil || !strings.Contains(err.Error(), "another model") {
		t.Error(err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, configName)); string(after) != string(before) {
		t.Error("config.json was replaced")
	}
	same, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer same.Close()
	if err := same.SavePortable(dir, PortableOptions{}, false); err != nil {
		t.Error(err)
	}
}

func TestTheGraphOfAnotherProgramIsRefused(t *testing.T) {
	model := fresh(t, tinyConfig(func(*Config) {}))
	dir := t.TempDir()
	if err := model.SavePortable(dir, PortableOptions{}, false); err != nil {
		t.Fatal(err)
	}
	g, err := onnx.New("theirs", 17)
	if err != nil {
		t.Fatal(err)
	}
	g.Output("y", g.Unary("act", "Relu", g.Input("x", onnx.Float32, onnx.Size(2))))
	if err := g.Write(filepath.Join(dir, PortableName), onnx.Options{Producer: "pytorch"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "pytorch") {
		t.Error(err)
	}
}
