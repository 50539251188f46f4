package gbert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
)

// compressedConfig is testdata/tiny's with every form of compression: three layers, of which the first has two heads, the
// second no head and factors, the third a narrow feed-forward network and ties, the fourth no feed-forward network.
func compressedConfig() *Config {
	return tinyConfig(func(c *Config) {
		c.NumHiddenLayers = 4
		c.Layers = []LayerShape{
			{Origin: 0, Heads: []int{1, 3}, IntermediateSize: 24, Forms: map[Role]Form{FFNIn: Factored(3), Query: Factored(20)}},
			{Origin: 1, Heads: []int{}, IntermediateSize: 24, Forms: map[Role]Form{FFNOut: Factored(5), FFNIn: Tied(0)}},
			{Origin: 3, Heads: []int{0, 2}, IntermediateSize: 7, Forms: map[Role]Form{Query: Tied(0), AttentionOutput: Tied(0)}},
			{Origin: 5, Heads: []int{0, 1, 2, 3}, IntermediateSize: 0},
		}
		c.Layers[1].Forms[Query] = Form{}
		c.Labels = []string{"a", "b", "c"}
		c.History = []Operation{{Name: "heads.remove", Arguments: map[string]any{"set": "0:0,2"}}}
	})
}

// fresh is a model of a configuration with a classifier, all of its weights random (biases and LayerNorms too).
func fresh(t testing.TB, config *Config) *Model {
	t.Helper()
	model, err := New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(3, config.Labels, 1); err != nil {
		t.Fatal(err)
	}
	for _, spec := range model.Weights() {
		values, _, err := model.Weight(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		noise := randomMask(&Config{NumHiddenLayers: 1, NumAttentionHeads: len(values)}, hashName(spec.Name))[0]
		for i := range values {
			noise[i] = values[i] + 0.4*(noise[i]-0.5)
		}
		if err := model.SetWeight(spec.Name, spec.Shape, noise); err != nil {
			t.Fatal(err)
		}
	}
	return model
}

// variants are models of every shape.
func variants(t testing.TB) map[string]*Model {
	one := func(role Role, form Form) *Config {
		return tinyConfig(func(c *Config) {
			c.Layers = plainLayers(c)
			c.Layers[1].Forms = map[Role]Form{role: form}
		})
	}
	models := map[string]*Model{
		"plain": fresh(t, tinyConfig(func(*Config) {})), "all at once": fresh(t, compressedConfig()),
		"no layer":          fresh(t, tinyConfig(func(c *Config) { c.NumHiddenLayers = 0 })),
		"three token types": fresh(t, tinyConfig(func(c *Config) { c.TypeVocabSize = 3 })),
	}
	models["words factored"] = fresh(t, tinyConfig(func(c *Config) { c.Embedding = FactoredWords(5) }))
	models["all tied, words factored"] = fresh(t, tinyConfig(func(c *Config) {
		c.Embedding, c.NumHiddenLayers = FactoredWords(20), 3
		c.Layers = plainLayers(c)
		for l := 1; l < 3; l++ {
			c.Layers[l].Forms = map[Role]Form{}
			for _, role := range TieRoles {
				c.Layers[l].Forms[role] = Tied(0)
			}
		}
	}))
	for _, role := range []Role{AttentionNorm, OutputNorm} {
		models["tied "+string(role)] = fresh(t, one(role, Tied(0)))
	}
	for _, role := range LayerRoles {
		models["factored "+string(role)] = fresh(t, one(role, Factored(2)))
		models["tied "+string(role)] = fresh(t, one(role, Tied(0)))
	}
	for _, inputs := range []InputNumbers{FloatInputs, DynamicInputs, RowInputs, StaticInputs} {
		models["int8, inputs "+string(inputs)] = inInt8(t, fresh(t, compressedConfig()), inputs)
	}
	models["int8, words factored"] = inInt8(t, models["words factored"], DynamicInputs)
	models["int8, projected"] = inInt8(t, fresh(t, tinyConfig(func(c *Config) { c.Embedding, c.ClassifierDropout = Projected(6), 0.1 })), RowInputs)
	models["int8, all tied, words factored"] = inInt8(t, models["all tied, words factored"], StaticInputs)
	for name, config := range bankedConfigs() {
		models["banked "+name] = fresh(t, config)
	}
	return models
}

// inInt8 stores the word table of a model, its dense maps and its factored maps as whole numbers; where inputs have a stored range it is
// that from −5 to 6.
func inInt8(t testing.TB, m *Model, inputs InputNumbers) *Model {
	t.Helper()
	m = m.Clone()
	store := func(values []float32, rows int) [][]float32 {
		codes, scales := QuantizeRows(values, rows, len(values)/rows)
		stored := [][]float32{Codes(codes), scales}
		if inputs == StaticInputs {
			scale, zero := UnsignedScale(-5, 6)
			stored = append(stored, []float32{scale}, []float32{float32(zero)})
		}
		return stored
	}
	for layer := range m.Config.Layers {
		for _, role := range LayerRoles {
			form := m.Config.Layers[layer].Form(role)
			of := linearMap{m.Config, layer, role}
			if m.Config.Holder(layer, role) != layer || of.empty() || form.isBanked() {
				continue
			}
			rank, _ := form.Size()
			var all [][]float32
			specs := m.Config.MapWeights(layer, role)
			for _, spec := range specs[:len(specs)-1] {
				values, shape, err := m.Weight(spec.Name)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, store(values, shape[0])...)
			}
			if err := m.Store(layer, role, Int8(inputs, rank), all...); err != nil {
				t.Fatal(err)
			}
		}
	}
	var words [][]float32
	for i, spec := range m.Config.WordWeights() {
		values, shape, err := m.Weight(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			words = append(words, values)
			continue
		}
		codes, scales := QuantizeRows(values, shape[0], shape[1])
		words = append(words, Codes(codes), scales)
	}
	if err := m.StoreWords(Int8Words(m.Config.Embedding), words...); err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSavedModelsGiveTheSameBitsAfterLoading(t *testing.T) {
	batch := readGolden().batch()
	for name, model := range variants(t) {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "new", "folder")
			if err := model.Save(dir, Float32); err != nil {
				t.Fatal(err)
			}
			loaded, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer loaded.Close()
			if len(loaded.Carried()) > 0 {
				t.Errorf("carried %v", loaded.Carried())
			}
			want, got := logitsOf(t, goBackend(t), model, batch), logitsOf(t, goBackend(t), loaded, batch)
			if !slices.EqualFunc(want, got, slices.Equal) {
				t.Errorf("logits %v, after loading %v", want, got)
			}
			if fmt.Sprint(loaded.Config.Embedding, loaded.Config.Layers, loaded.Config.Bank, loaded.Config.History, loaded.Config.Labels) != fmt.Sprint(model.Config.Embedding, model.Config.Layers, model.Config.Bank, model.Config.History, loaded.Config.Labels) {
				t.Errorf("%+v became %+v", model.Config, loaded.Config)
			}
			if loaded.NumParameters() != model.NumParameters() {
				t.Errorf("%d parameters became %d", model.NumParameters(), loaded.NumParameters())
			}
			// Saving again writes the same bytes.
			second := t.TempDir()
			if err := loaded.Save(second, Float32); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"config.json", "model.safetensors"} {
				a, _ := os.ReadFile(filepath.Join(dir, file))
				b, err := os.ReadFile(filepath.Join(second, file))
				if err != nil || !bytes.Equal(a, b) {
					t.Errorf("%s: other bytes the second time (%v)", file, err)
				}
			}
		})
	}
}

func TestCompressedFormsComputeWhatTheirDenseMatricesDo(t *testing.T) {
	batch := readGolden().batch()
	for name, model := range variants(t) {
		dense, err := model.Dense()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !dense.Config.IsPlain() {
			t.Errorf("%s: the dense model has the shape %+v", name, dense.Config.Layers)
		}
		allowed := 1e-5
		for _, shape := range model.Config.Layers {
			for _, form := range shape.Forms {
				if inputs, _, ok := Int8Of(form); ok && inputs != FloatInputs { // which a dense model does not round
					allowed = 0.1
				}
			}
		}
		near(t, name, slices.Concat(logitsOf(t, goBackend(t), dense, batch)...), slices.Concat(logitsOf(t, goBackend(t), model, batch)...), allowed)
	}
}

func TestHalfPrecisionIsWrittenRoundedAndKeptAfterwards(t *testing.T) {
	model := load(t, "tiny")
	first, second := t.TempDir(), t.TempDir()
	if err := model.Save(first, Float16); err != nil {
		t.Fatal(err)
	}
	a, err := Load(first)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	g := readGolden() // transformers rounds as we do
	near(t, "logits", slices.Concat(logitsOf(t, goBackend(t), a, g.batch())...), slices.Concat(g.Logits["tiny-float16"]...), 1e-5)
	if err := a.Save(second, Float16); err != nil {
		t.Fatal(err)
	}
	x, _ := os.ReadFile(filepath.Join(first, "model.safetensors"))
	if y, err := os.ReadFile(filepath.Join(second, "model.safetensors")); err != nil || !bytes.Equal(x, y) {
		t.Errorf("other bytes the second time: %v", err)
	}
	if err := model.Save(first, "float8"); err == nil || !strings.Contains(err.Error(), "float8") {
		t.Errorf("an unknown precision: %v", err)
	}
}

func TestSavingKeepsWhatElseIsInTheFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"README.md", "trainer_state.json", "config.json", "model.safetensors"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := load(t, "tiny").Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
		if info, _ := e.Info(); info.Mode().Perm()&0o400 == 0 || info.Mode().Perm()&0o044 != 0o044 {
			t.Errorf("%s has the mode %v: others cannot read it", e.Name(), info.Mode())
		}
	}
	if want := []string{"README.md", "config.json", "model.safetensors", "trainer_state.json"}; !slices.Equal(names, want) {
		t.Errorf("the folder has %v, want %v", names, want)
	}
	for _, name := range []string{"README.md", "trainer_state.json"} {
		if text, _ := os.ReadFile(filepath.Join(dir, name)); string(text) != "old" {
			t.Errorf("%s is now %q", name, text)
		}
	}
}

func TestASavedModelHasNothingOfTheOneBefore(t *testing.T) {
	about := []string{"onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_quantized.onnx", "onnx/model_quantized.onnx_data", "recipe.json", "training.json"}
	kept := []string{"onnx/notes.txt", "README.md"}
	fill := func(dir string) {
		if err := os.MkdirAll(filepath.Join(dir, "onnx"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Concat(about, kept) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	model := load(t, "tiny")
	for name, save := range map[string]func(dir string) error{
		"Save":        func(dir string) error { return model.Save(dir, Float32) },
		"SaveCompact": func(dir string) error { return model.SaveCompact(dir, Float32) },
		"SavePortable": func(dir string) error { // of a folder that has no weights beside the graph
			return model.SavePortable(dir, PortableOptions{}, false)
		},
	} {
		dir := t.TempDir()
		fill(dir)
		if err := save(dir); err != nil {
			t.Fatal(err)
		}
		for _, file := range about {
			text, err := os.ReadFile(filepath.Join(dir, file))
			if written := name == "SavePortable" && file == PortableName; written != (err == nil) || string(text) == "old" {
				t.Errorf("%s: %s is there: %v, with %.9q", name, file, err == nil, text)
			}
		}
		for _, file := range kept {
			if text, _ := os.ReadFile(filepath.Join(dir, file)); string(text) != "old" {
				t.Errorf("%s: %s holds %q", name, file, text)
			}
		}
	}
}

func TestAGraphOfAModelLeavesWhatIsSaidOfIt(t *testing.T) {
	model, dir := load(t, "tiny"), t.TempDir()
	if err := model.Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	for _, name := range recordNames() {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if err := model.SavePortable(dir, PortableOptions{}, false); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(recordNames(), PortableName, "model.safetensors") {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestAModelOverwritesTheFolderThatItWasLoadedFrom(t *testing.T) {
	dir := t.TempDir()
	if err := load(t, "tiny").Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	before := logitsOf(t, goBackend(t), model, readGolden().batch())
	if err := model.Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	again, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for name, m := range map[string]*Model{"the old mapping": model, "the new file": again} {
		if got := logitsOf(t, goBackend(t), m, readGolden().batch()); !slices.EqualFunc(got, before, slices.Equal) {
			t.Errorf("%s: other logits", name)
		}
	}
}

func TestAModelWithoutAWeightIsNotSaved(t *testing.T) {
	model := load(t, "tiny").Clone()
	model.DeleteWeight("classifier.bias")
	dir := filepath.Join(t.TempDir(), "out")
	if err := model.Save(dir, Float32); err == nil || !strings.Contains(err.Error(), "classifier.bias") || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder was made")
	}
}

func TestTransformersReadsWhatIsSaved(t *testing.T) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("BERTLAB_PEER_PYTHON is not set: it names a Python with transformers 5 and torch")
	}
	g := readGolden()
	inputs, err := json.Marshal(map[string]any{"input_ids": g.IDs, "token_type_ids": g.Types, "attention_mask": g.Mask})
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := fresh(t, compressedConfig()).Dense()
	if err != nil {
		t.Fatal(err)
	}
	bare := load(t, "tiny-bare")
	cases := []struct {
		name      string
		model     *Model
		precision Precision
		class     string
	}{
		{"float32", load(t, "tiny"), Float32, "BertForSequenceClassification"},
		{"from float16 to float32", load(t, "tiny-float16"), Float32, "BertForSequenceClassification"},
		{"float16", load(t, "tiny"), Float16, "BertForSequenceClassification"},
		{"regression", load(t, "tiny-regression"), Float32, "BertForSequenceClassification"},
		{"compressed, as dense", compressed, Float32, "BertForSequenceClassification"},
		{"bare", bare, Float32, "BertModel"},
		{"a masked language model", load(t, "tiny-mlm"), Float32, "BertForMaskedLM"},
		{"a classifier made of a MLM", fresh(t, load(t, "tiny-mlm").Config), Float32, "BertForSequenceClassification"},
	}
	arguments := []string{"-c", readWithTransformers, string(inputs)}
	var dirs []string
	for _, c := range cases {
		dirs = append(dirs, t.TempDir())
		if err := c.model.Save(dirs[len(dirs)-1], c.precision); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, c.class, dirs[len(dirs)-1])
	}
	command := exec.CommandContext(t.Context(), python, arguments...)
	command.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1")
	command.Stderr = &bytes.Buffer{}
	text, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, command.Stderr)
	}
	var results []struct {
		Values                            []float32
		Architecture, Missing, Unexpected []string
	}
	if err := json.Unmarshal(text, &results); err != nil || len(results) != len(cases) {
		t.Fatalf("%v\n%s", err, text)
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			result := results[i]
			if len(result.Missing) > 0 || len(result.Unexpected) > 0 || !slices.Equal(result.Architecture, []string{c.class}) {
				t.Errorf("missing %v, unexpected %v, architecture %v", result.Missing, result.Unexpected, result.Architecture)
			}
			saved, err := Load(dirs[i])
			if err != nil {
				t.Fatal(err)
			}
			defer saved.Close()
			near(t, "transformers' output", outputsOf(t, goBackend(t), saved), result.Values, 2e-5)
		})
	}
}

// readWithTransformers loads folders, each with the class before it, and prints what the models compute of the inputs.
const readWithTransformers = `
import json, sys, torch, transformers
from safetensors.torch import load_file
inputs = {k: torch.tensor(v).long() for k, v in json.loads(sys.argv[1]).items()}
results = []
for name, folder in zip(sys.argv[2::2], sys.argv[3::2]):
    model, info = getattr(transformers, name).from_pretrained(folder, output_loading_info=True)
    stored = {v.dtype for v in load_file(folder + "/model.safetensors").values()}
    assert {p.dtype for p in model.parameters()} == stored, "not loaded as stored"
    out = model.float().eval()(**inputs)
    results.append({"values": (out.logits if hasattr(out, "logits") else out.pooler_output).flatten().tolist(),
      "architecture": model.config.architectures, "missing": sorted(info["missing_keys"]), "unexpected": sorted(info["unexpected_keys"])})
print(json.dumps(results))
`

// outputsOf are a model's logits, over the labels or the vocabulary, or its pooled output, whichever it has.
func outputsOf(t *testing.T, b compute.Backend, model *Model) []float32 {
	return observe(t, b, model, readGolden().batch(), func(begin func(Taps) *Forward, in Input) []*Node {
		f := begin(Taps{})
		hidden := f.Encode(in, false).Hidden
		switch {
		case model.NumLabels() > 0:
			return []*Node{f.Classify(hidden)}
		case model.HasMaskedLM():
			return []*Node{f.PredictTokens(hidden)}
		}
		return []*Node{f.Pool(hidden)}
	})[0]
}
