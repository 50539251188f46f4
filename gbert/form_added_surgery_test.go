package gbert_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/onnx"
	"bertlab/gbert/ort"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/surgery"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

const numbersOfQuery = "bert.encoder.layer.0.attention.self.query.weight_numbers"

// roundedModel stores all maps of the first layers in the form of form_added_test.go, and leaves the last layer dense.
func roundedModel(t *testing.T) (whole, rounded *gbert.Model) {
	t.Helper()
	gbert.AddRounded(t)
	whole = tiny.Classifier(t, tiny.Shape{Layers: 4, Hidden: 12, Heads: 3, Neurons: 10}, 1)
	var maps []surgery.Map
	for layer := range 3 {
		for _, role := range gbert.LayerRoles {
			weight, _, err := whole.DenseMap(layer, role)
			if err != nil {
				t.Fatal(err)
			}
			out, _ := whole.Config.MapShape(layer, role)
			numbers, scales := gbert.RoundRows(weight, out, 100)
			maps = append(maps, surgery.Map{Layer: layer, Role: role, Form: gbert.Rounded(100), Values: [][]float32{numbers, scales}})
		}
	}
	rounded, err := surgery.Store(whole, maps, gbert.Operation{Name: "round"})
	if err != nil {
		t.Fatal(err)
	}
	return whole, rounded
}

func dense(t *testing.T, m *gbert.Model) *gbert.Model {
	t.Helper()
	plain, err := m.Dense()
	if err != nil {
		t.Fatal(err)
	}
	if !plain.Config.IsPlain() {
		t.Fatalf("the dense copy has the shape %+v", plain.Config.Layers)
	}
	return plain
}

func logits(t *testing.T, m *gbert.Model) [][]float32 {
	return tiny.Logits(t, m, tiny.Sentences(6, 1))
}

func reload(t *testing.T, save func(dir string, precision gbert.Precision) error, precision gbert.Precision) (*gbert.Model, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := save(dir, precision); err != nil {
		t.Fatal(err)
	}
	loaded, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { loaded.Close() })
	return loaded, dir
}

// A form that no file but a test's knows is computed, counted, saved, loaded, made dense, cut, dropped, tied and trained around.
func TestAFormIsOneFileAndOneLine(t *testing.T) {
	whole, rounded := roundedModel(t)
	got := logits(t, rounded)
	if far := tiny.Apart(got, logits(t, dense(t, rounded))); far > 1e-5 {
		t.Errorf("the dense copy's logits differ by %g", far)
	}
	if far := tiny.Apart(got, logits(t, whole)); far == 0 || far > 0.2 {
		t.Errorf("rounding changes the logits by %g", far)
	}
	if form := rounded.Config.Layers[1].Form(gbert.FFNIn); form != gbert.Rounded(100) || form.Kind() != "rounded" || form.IsDense() {
		t.Errorf("the form is %v", form)
	}
	if more := rounded.NumParameters() - whole.NumParameters(); more != 3*(5*12+10) {
		t.Errorf("%d parameters more: a scale for each row", more)
	}
	before, after := whole.Config.MACs(4, false), rounded.Config.MACs(4, false)
	if after.QueryKeyValue-before.QueryKeyValue != 3*4*36 || after.FeedForward-before.FeedForward != 3*4*22 {
		t.Errorf("operations %+v became %+v", before, after)
	}
	if weights := rounded.Config.MapWeights(0, gbert.Query); weights[0].Name != numbersOfQuery || weights[0].DType != safetensors.I8 {
		t.Errorf("stored in %+v", weights)
	}
}

func TestAnAddedFormIsSavedInItsOwnDataType(t *testing.T) {
	_, rounded := roundedModel(t)
	for name, save := range map[string]func(string, gbert.Precision) error{"save": rounded.Save, "compact": rounded.SaveCompact} {
		loaded, dir := reload(t, save, gbert.Float32)
		if want := logits(t, rounded); !slices.EqualFunc(logits(t, loaded), want, slices.Equal) {
			t.Errorf("%s: other logits after loading", name)
		}
		config, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(strings.Fields(string(config)), ""); !strings.Contains(text, `"query":{"kind":"rounded","levels":100}`) {
			t.Errorf("%s: the entries are not in %s", name, text)
		}
		again := filepath.Join(t.TempDir(), "again")
		if err := loaded.Save(again, gbert.Float32); err != nil {
			t.Fatal(err)
		}
		if name == "compact" {
			continue
		}
		for _, file := range []string{"config.json", "model.safetensors"} {
			a, _ := os.ReadFile(filepath.Join(dir, file))
			if b, _ := os.ReadFile(filepath.Join(again, file)); !bytes.Equal(a, b) {
				t.Errorf("%s is saved with other bytes after loading", file)
			}
		}
	}
	half, dir := reload(t, rounded.Save, gbert.Float16)
	file, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if tensor, _ := file.Tensor(numbersOfQuery); tensor.DType != safetensors.I8 {
		t.Errorf("beside half precision the numbers are stored as %s", tensor.DType)
	}
	if far := tiny.Apart(logits(t, half), logits(t, rounded)); far == 0 || far > 0.02 {
		t.Errorf("half precision of the rest changes the logits by %g", far)
	}
}

func TestAnAddedFormTravelsAsAGraph(t *testing.T) {
	_, rounded := roundedModel(t)
	loaded, dir := reload(t, func(dir string, precision gbert.Precision) error {
		return rounded.SavePortable(dir, gbert.PortableOptions{Precision: precision}, false)
	}, gbert.Float32)
	if want := logits(t, rounded); !slices.EqualFunc(logits(t, loaded), want, slices.Equal) {
		t.Error("other logits after loading")
	}
	file, err := onnx.Open(filepath.Join(dir, gbert.PortableName))
	if err != nil {
		t.Fatal(err)
	}
	if tensor := file.Tensors[numbersOfQuery]; tensor.Type != onnx.Int8 {
		t.Errorf("the numbers are stored as %v", tensor.Type)
	}
	session, err := ort.Open(context.Background(), rounded, ort.Options{Backend: testbed.ONNXRuntime(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	batch := tiny.Prepare(t, rounded, tiny.Sentences(6, 1), 8).Batches[0]
	got, err := session.BatchLogits(batch, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := logits(t, rounded)
	want := make([][]float32, len(batch.Index))
	for row, example := range batch.Index {
		want[row] = all[example]
	}
	if far := tiny.Apart(got, want); far > 1e-5 {
		t.Errorf("ONNX Runtime's logits differ by %g", far)
	}
}

func TestSurgeryOnAnAddedFormIsThatOnItsMatrices(t *testing.T) {
	_, rounded := roundedModel(t)
	for name, cut := range map[string]func(m *gbert.Model) (*gbert.Model, error){
		"heads": func(m *gbert.Model) (*gbert.Model, error) {
			return surgery.RemoveHeads(m, map[int][]int{0: {1}, 2: {0, 2}, 3: {0}})
		},
		"all heads": func(m *gbert.Model) (*gbert.Model, error) { return surgery.RemoveHeads(m, map[int][]int{1: {0, 1, 2}}) },
		"neurons": func(m *gbert.Model) (*gbert.Model, error) {
			return surgery.RemoveNeurons(m, map[int][]int{0: {0, 3, 9}, 3: {1}})
		},
		"all neurons": func(m *gbert.Model) (*gbert.Model, error) {
			return surgery.RemoveNeurons(m, map[int][]int{1: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}})
		},
		"layers": func(m *gbert.Model) (*gbert.Model, error) { return surgery.DropLayers(m, []int{0, 2}) },
		"ties": func(m *gbert.Model) (*gbert.Model, error) {
			return surgery.Tie(m, []surgery.Group{{Layers: []int{0, 1, 2}, Source: 1}}, gbert.TieRoles, gbert.Operation{Name: "tie"})
		},
		"ties, then the holder dropped": func(m *gbert.Model) (*gbert.Model, error) {
			m, err := surgery.Tie(m, []surgery.Group{{Layers: []int{0, 1, 2}, Source: 2}}, gbert.TieRoles, gbert.Operation{Name: "tie"})
			if err != nil {
				return nil, err
			}
			return surgery.DropLayers(m, []int{0})
		},
	} {
		t.Run(name, func(t *testing.T) {
			low, err := cut(rounded)
			if err != nil {
				t.Fatal(err)
			}
			want, err := cut(dense(t, rounded))
			if err != nil {
				t.Fatal(err)
			}
			loaded, _ := reload(t, low.Save, gbert.Float32)
			for how, m := range map[string]*gbert.Model{"cut": low, "loaded": loaded, "dense": dense(t, low)} {
				if far := tiny.Apart(logits(t, m), logits(t, want)); far > 1e-5 {
					t.Errorf("%s: logits differ by %g from those of the dense copy, cut", how, far)
				}
			}
			if len(low.Config.History) != 2 && name != "ties, then the holder dropped" || low.NumParameters() >= rounded.NumParameters() {
				t.Errorf("history %v, %d of %d parameters", low.Config.History, low.NumParameters(), rounded.NumParameters())
			}
		})
	}
}

func TestNumbersOfAnAddedFormAreNotTrained(t *testing.T) {
	_, rounded := roundedModel(t)
	result, err := finetune.Train(context.Background(), testbed.Go(t), rounded, tiny.Sentences(16, 1), nil,
		finetune.Options{Epochs: 1, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	scales := strings.Replace(numbersOfQuery, "numbers", "scales", 1)
	if !slices.Equal(tiny.Values(t, rounded, numbersOfQuery), tiny.Values(t, result.Model, numbersOfQuery)) {
		t.Error("whole numbers were trained")
	}
	if slices.Equal(tiny.Values(t, rounded, scales), tiny.Values(t, result.Model, scales)) {
		t.Error("their scales were not trained")
	}
	if _, err := surgery.RemoveHeads(result.Model, map[int][]int{0: {0}}); err != nil {
		t.Error(err)
	}
	reload(t, result.Model.Save, gbert.Float32)
}

func TestAFormThatIsNotKnownOrStoredOtherwiseIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	t.Run("saved", func(t *testing.T) { // the form is known until here
		_, rounded := roundedModel(t)
		if err := rounded.Save(dir, gbert.Float32); err != nil {
			t.Fatal(err)
		}
		broken := rounded.Clone()
		_, shape, err := broken.Weight(numbersOfQuery)
		if err != nil {
			t.Fatal(err)
		}
		for _, values := range [][]float32{{0.5}, {128}, {-129}} {
			all := make([]float32, shape[0]*shape[1])
			copy(all, values)
			if err := broken.SetWeight(numbersOfQuery, shape, all); err != nil {
				t.Fatal(err)
			}
			if err := broken.Save(filepath.Join(t.TempDir(), "broken"), gbert.Float32); err == nil || !strings.Contains(err.Error(), "whole numbers") {
				t.Errorf("%v: %v", values, err)
			}
		}
		if err := broken.Store(0, gbert.Query, gbert.Rounded(3), []float32{1}); err == nil {
			t.Error("values are missing, and nothing is said")
		}
		entries := tensors(t, dir)
		for i, e := range entries {
			if e.Name == numbersOfQuery {
				entries[i] = safetensors.Entry{Name: e.Name, Shape: e.Shape, DType: safetensors.F32, Raw: make([]byte, 4*len(e.Raw))}
			}
		}
		other := t.TempDir()
		config, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err == nil {
			err = os.WriteFile(filepath.Join(other, "config.json"), config, 0o600)
		}
		if err == nil {
			err = safetensors.Write(filepath.Join(other, safetensors.WeightsName), entries, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gbert.Load(other); err == nil || !strings.Contains(err.Error(), "is stored as F32; it must be I8") {
			t.Errorf("numbers stored as F32: %v", err)
		}
	})
	const want = `has the kind "rounded"; the kinds are "dense", "factored", "tied", "banked" and "int8"`
	if _, err := gbert.Load(dir); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func tensors(t *testing.T, dir string) []safetensors.Entry {
	t.Helper()
	file, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	var entries []safetensors.Entry
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		entries = append(entries, safetensors.Entry{Name: name, Shape: tensor.Shape, DType: tensor.DType, Raw: tensor.Data})
	}
	return entries
}
