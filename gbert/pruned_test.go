package gbert

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert/safetensors"
)

// prunedFolder is a copy of a folder of testdata as transformers 4 writes it after prune_heads: without the heads of some layers,
// which are named by the beginnings of their tensors' names, and with pruned_heads in config.json.
func prunedFolder(t *testing.T, folder, key string, heads map[string][]int) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(filepath.Join("testdata", folder, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &config); err != nil {
		t.Fatal(err)
	}
	config["pruned_heads"] = json.RawMessage(key)
	if data, err = json.Marshal(config); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Open(filepath.Join("testdata", folder, safetensors.WeightsName))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var entries []safetensors.Entry
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		values, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		entry := safetensors.Entry{Name: name, Shape: tensor.Shape, DType: tensor.DType, Values: values}
		for layer, gone := range heads {
			if rest, ok := strings.CutPrefix(name, layer); ok {
				entry = cutHeads(entry, rest, gone)
			}
		}
		entries = append(entries, entry)
	}
	if err := safetensors.Write(filepath.Join(dir, safetensors.WeightsName), entries, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// cutHeads takes heads of 4 out of a tensor of an attention of 4 heads, by its name in the layer.
func cutHeads(e safetensors.Entry, name string, heads []int) safetensors.Entry {
	const size, hidden = 4, 16
	gone := func(i int) bool { return slices.Contains(heads, i/size) }
	left := hidden - size*len(heads)
	var values []float32
	switch {
	case strings.HasSuffix(name, "LayerNorm.weight"), strings.HasSuffix(name, "dense.bias"), !strings.Contains(name, "attention"), strings.HasSuffix(name, "LayerNorm.bias"):
		return e
	case strings.HasSuffix(name, "dense.weight"):
		e.Shape = []int{hidden, left}
		for i, x := range e.Values {
			if !gone(i % hidden) {
				values = append(values, x)
			}
		}
	default:
		width := len(e.Values) / hidden
		e.Shape = append([]int{left}, e.Shape[1:]...)
		for i, x := range e.Values {
			if !gone(i / width) {
				values = append(values, x)
			}
		}
	}
	e.Values = values
	return e
}

func TestAFolderWithPrunedHeadsOfTransformers4ComputesTheMaskedModel(t *testing.T) {
	layer := func(n int) string { return fmt.Sprintf("bert.encoder.layer.%d.", n) }
	group := func(g, place int) string {
		return fmt.Sprintf("encoder.albert_layer_groups.%d.albert_layers.%d.", g, place)
	}
	for name, test := range map[string]struct {
		folder, key string
		heads       map[string][]int
		masked      map[int][]int
	}{
		"two of four":              {"tiny", `{"0": [1, 2]}`, map[string][]int{layer(0): {1, 2}}, map[int][]int{0: {1, 2}}},
		"both layers":              {"tiny", `{"1": [3], "0": [2, 0]}`, map[string][]int{layer(0): {0, 2}, layer(1): {3}}, map[int][]int{0: {0, 2}, 1: {3}}},
		"all of a layer":           {"tiny", `{"1": [0, 1, 2, 3]}`, map[string][]int{layer(1): {0, 1, 2, 3}}, map[int][]int{1: {0, 1, 2, 3}}},
		"a head twice":             {"tiny", `{"0": [1, 1]}`, map[string][]int{layer(0): {1}}, map[int][]int{0: {1}}},
		"numbers as texts":         {"tiny", `{" 01": ["1", " 2 "]}`, map[string][]int{layer(1): {1, 2}}, map[int][]int{1: {1, 2}}},
		"a list a layer":           {"tiny", `[[], [2]]`, map[string][]int{layer(1): {2}}, map[int][]int{1: {2}}},
		"an empty layer":           {"tiny", `{"0": [], "1": [0]}`, map[string][]int{layer(1): {0}}, map[int][]int{1: {0}}},
		"names without bert":       {"tiny-bare", `{"0": [3]}`, map[string][]int{"encoder.layer.0.": {3}}, map[int][]int{0: {3}}},
		"a group of an ALBERT":     {"tiny-albert", `{"1": [0, 3]}`, map[string][]int{"albert." + group(1, 0): {0, 3}}, map[int][]int{2: {0, 3}, 3: {0, 3}}},
		"all heads of a group":     {"tiny-albert", `{"0": [0, 1, 2, 3]}`, map[string][]int{"albert." + group(0, 0): {0, 1, 2, 3}}, map[int][]int{0: {0, 1, 2, 3}, 1: {0, 1, 2, 3}}},
		"the inside of the groups": {"tiny-albert-inner", `{"1": [2], "4": [0, 1]}`, map[string][]int{group(0, 1): {2}, group(2, 0): {0, 1}}, map[int][]int{1: {2}, 3: {2}, 8: {0, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			model, err := Load(prunedFolder(t, test.folder, test.key, test.heads))
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			if carried := model.Carried(); len(carried) > 0 {
				t.Errorf("carried %v", carried)
			}
			whole := load(t, test.folder)
			mask := NewHeadMask(whole.Config)
			for l, heads := range test.masked {
				for _, h := range heads {
					mask[l][h] = 0
				}
			}
			want := classified(t, whole, mask)
			near(t, "logits", classified(t, model, nil), want, 1e-6)
			sameAfterSaving(t, model, want)
		})
	}
}

// classified are the logits for the golden inputs, of a model that may have no head yet.
func classified(t *testing.T, model *Model, mask HeadMask) []float32 {
	t.Helper()
	if model.NumLabels() == 0 {
		with, err := model.WithClassifier(3, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		model = with
	}
	rows, err := session(t, goBackend(t), model).BatchLogits(readGolden().batch(), mask)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(rows...)
}

// sameAfterSaving checks that a model and its dense form compute the same when they are read again, and what their files say.
func sameAfterSaving(t *testing.T, model *Model, want []float32) {
	t.Helper()
	dense, err := model.Dense()
	if err != nil {
		t.Fatal(err)
	}
	for what, m := range map[string]*Model{"bertlab": model, "plain": dense} {
		dir := t.TempDir()
		if err := m.Save(dir, Float32); err != nil {
			t.Fatal(err)
		}
		again, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "saved as "+what, classified(t, again, nil), want, 1e-6)
		again.Close()
		text, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "pruned_heads") || strings.Contains(string(text), `"bertlab"`) != (what == "bertlab") {
			t.Errorf("saved as %s: %s", what, text)
		}
	}
}

func TestPrunedHeadsThatNameNoneChangeNothing(t *testing.T) {
	for _, key := range []string{"{}", "null", "[]", `{"0": []}`, "[[], []]"} {
		model, err := Load(tinyFolder(t, edited(t, object{"pruned_heads": json.RawMessage(key)}), nil))
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		near(t, key, classified(t, model, nil), classified(t, load(t, "tiny"), nil), 0)
		if !model.Config.IsPlain() {
			t.Errorf("%s: the model is not plain", key)
		}
		model.Close()
	}
}

func TestPrunedHeadsThatCannotBeAreErrorsThatNameThem(t *testing.T) {
	for key, want := range map[string]string{
		`{"0": [4]}`:                   "pruned_heads has head 4 of layer 0; the heads are 0…3",
		`{"0": [-1]}`:                  "pruned_heads has head -1 of layer 0",
		`{"2": [1]}`:                   "pruned_heads has layer 2; the model has layers 0…1",
		`{"-1": [1]}`:                  "pruned_heads has layer -1",
		`[[], [], [1]]`:                "pruned_heads has layer 2",
		`{"0": [1], "00": [2]}`:        `pruned_heads has layer 0 twice, as "0" and "00"`,
		`{"a": [1]}`:                   `pruned_heads has the layer "a"; it must be a number`,
		`{"0": 1}`:                     "pruned_heads of layer 0: 1 must be a list",
		`{"0": {"1": 2}}`:              "must be a list of heads",
		`{"0": [1.5]}`:                 "1.5 is not a head's number",
		`{"0": [null]}`:                "null is not a head's number",
		`{"0": [[1]]}`:                 "[1] is not a head's number",
		`7`:                            "pruned_heads is 7; it must be an object of lists",
		`"0:1"`:                        "it must be an object of lists",
		`{"0": [1e99]}`:                "is not a head's number",
		`{"9999999999999999999": [1]}`: "it must be a number",
	} {
		if _, err := ParseConfig(edited(t, object{"pruned_heads": json.RawMessage(key)})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", key, err, want)
		}
	}
	layer := object{"origin": 0, "heads": []int{0, 1, 2, 3}, "intermediate_size": 24}
	both := edited(t, object{"pruned_heads": object{"0": []int{1}}, "bertlab": object{"version": 1, "layers": []object{layer, layer}}})
	if _, err := ParseConfig(both); err == nil || !strings.Contains(err.Error(), "pruned_heads and bertlab.layers both say") {
		t.Errorf("with bertlab.layers: %v", err)
	}
}

func TestWeightsThatStillHaveThePrunedHeadsAreRefusedWithTheReason(t *testing.T) {
	_, err := Load(tinyFolder(t, edited(t, object{"pruned_heads": object{"0": []int{1, 2}}}), nil))
	if err == nil || !strings.Contains(err.Error(), "query.weight has shape [16 16]; the configuration asks for [8 16] (config.json has pruned_heads") {
		t.Errorf("%v", err)
	}
}

func FuzzPrunedHeads(f *testing.F) {
	for _, key := range []string{`{"0": [1, 2]}`, `{"1": ["0"]}`, `[[0], []]`, `{}`, `null`, `{"00": []}`, `{"0": [0, 1, 2, 3], "1": [0, 1, 2, 3]}`} {
		f.Add([]byte(key))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		if !json.Valid(key) {
			return
		}
		config, err := ParseConfig(edited(t, object{"pruned_heads": json.RawMessage(key)}))
		if err != nil {
			return
		}
		for l, layer := range config.Layers {
			if !slices.IsSorted(layer.Heads) || len(layer.Heads) > config.NumAttentionHeads {
				t.Fatalf("layer %d has the heads %v", l, layer.Heads)
			}
		}
		text, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseConfig(text); err != nil || fmt.Sprint(again.Layers) != fmt.Sprint(config.Layers) {
			t.Fatalf("%s: %v", text, err)
		}
	})
}
