package gbert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/safetensors"
)

// albertGolden are tensors of testdata/albert.safetensors, which make_albert_golden.py wrote, and the logits and the loss.
type albertGolden struct {
	Logits  [][]float32
	Loss    float64
	tensors map[string][]float32
}

func readALBERT(t *testing.T) *albertGolden {
	t.Helper()
	g := &albertGolden{tensors: map[string][]float32{}}
	data, err := os.ReadFile("testdata/albert.json")
	if err == nil {
		err = json.Unmarshal(data, g)
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Open("testdata/albert.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		values, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		g.tensors[name] = slices.Clone(values)
	}
	return g
}

func TestAnALBERTComputesWhatTransformersDoes(t *testing.T) {
	g := readALBERT(t)
	onBackends(t, func(t *testing.T, b compute.Backend) {
		model, batch := load(t, "tiny-albert"), readGolden().batch()
		logits := logitsOf(t, b, model, batch)
		near(t, "logits", slices.Concat(logits...), slices.Concat(g.Logits...), 1e-5)
		if loss := crossEntropy(logits, readGolden().Labels); math.Abs(loss-g.Loss) > 1e-6 {
			t.Errorf("loss %.8f, transformers %.8f", loss, g.Loss)
		}
		got := observe(t, b, model, batch, func(begin func(Taps) *Forward, in Input) []*Node {
			f := begin(Taps{HiddenStates: true, Attention: true})
			out := f.Encode(in, true)
			return slices.Concat(out.HiddenStates[1:], out.Attention, []*Node{f.Pool(out.Hidden)})
		})
		for i, name := range []string{"hidden.1", "hidden.2", "hidden.3", "hidden.4", "attention.0", "attention.1", "attention.2", "attention.3", "pooled"} {
			near(t, name, got[i], g.tensors[name], 1e-5)
		}
	})
}

func TestGroupsOfSeveralLayersAndOfUnequalLengthAreTransformers(t *testing.T) {
	g, model := readALBERT(t), load(t, "tiny-albert-inner")
	if c := model.Config; c.NumHiddenLayers != 10 || c.Layers[2].Form(FFNIn) != (Tied(0)) || c.Layers[9].Form(OutputNorm) != (Form{}) {
		t.Fatalf("%d layers: %+v", c.NumHiddenLayers, c.Layers)
	}
	got := observe(t, goBackend(t), model, readGolden().batch(), func(begin func(Taps) *Forward, in Input) []*Node {
		f := begin(Taps{})
		hidden := f.Encode(in, false).Hidden
		return []*Node{hidden, f.Pool(hidden)}
	})
	near(t, "hidden states", got[0], g.tensors["inner.hidden"], 2e-5)
	near(t, "pooled", got[1], g.tensors["inner.pooled"], 1e-5)
}

func TestTheVocabularyHeadOfAnALBERTIsTransformers(t *testing.T) {
	g, model := readALBERT(t), load(t, "tiny-albert-mlm")
	carried := []string{"sop_classifier.classifier.bias", "sop_classifier.classifier.weight"}
	if !model.HasMaskedLM() || !model.HasPooler() || !slices.Equal(model.Carried(), carried) {
		t.Errorf("masked LM %v, pooler %v, carried %v", model.HasMaskedLM(), model.HasPooler(), model.Carried())
	}
	got := observe(t, goBackend(t), model, readGolden().batch(), func(begin func(Taps) *Forward, in Input) []*Node {
		f := begin(Taps{})
		return []*Node{f.PredictTokens(f.Encode(in, false).Hidden)}
	})
	near(t, "logits over the vocabulary", got[0], g.tensors["mlm"], 2e-5)
}

func TestTheGradientOfEveryParameterOfAnALBERTIsTorchs(t *testing.T) {
	g, model, batch := readALBERT(t), load(t, "tiny-albert"), readGolden().batch()
	specs := model.Weights()
	got := observe(t, goBackend(t), model, batch, func(begin func(Taps) *Forward, in Input) []*Node {
		read := map[string]*Node{}
		f := begin(Taps{Weight: func(name string, w *Node) *Node { read[name] = w; return w }})
		logits := f.Logits(in)
		rows, total := logits.Shape().Dimensions[0], ScalarZero(logits.Graph(), logits.DType())
		for row := range rows {
			label := readGolden().Labels[row]
			total = Add(total, Reshape(Slice(LogSoftmax(logits), AxisElem(row), AxisElem(label))))
		}
		var nodes []*Node
		for _, spec := range specs {
			nodes = append(nodes, read[spec.Name])
		}
		return Gradient(MulScalar(total, -1/float64(rows)), nodes...)
	})
	compared := 0
	for name, want := range g.tensors {
		parameter, ok := strings.CutPrefix(name, "gradient.")
		if !ok {
			continue
		}
		canonical := model.Config.CanonicalName(parameter)
		at := slices.IndexFunc(specs, func(s WeightSpec) bool { return s.Name == canonical })
		if at < 0 {
			t.Errorf("%s is %s here, which the model does not have", parameter, canonical)
			continue
		}
		compared++
		if d := difference(got[at], want); !(d <= 1e-6) {
			t.Errorf("the gradient of %s differs by %g", parameter, d)
		}
	}
	if compared != len(specs) {
		t.Errorf("%d gradients compared, the model has %d weights", compared, len(specs))
	}
}

func TestAnALBERTIsSavedAsItCameAndCompressedOnesAsBERTs(t *testing.T) {
	batch := readGolden().batch()
	for _, name := range []string{"tiny-albert", "tiny-albert-inner", "tiny-albert-mlm"} {
		model, dir := load(t, name), t.TempDir()
		if err := model.Save(dir, Float32); err != nil {
			t.Fatal(err)
		}
		before, err := safetensors.OpenFolder(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		after, err := safetensors.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		kept := 0
		for _, part := range before.Names() {
			kept++
			a, _ := before.Tensor(part)
			if b, ok := after.Tensor(part); !ok || !bytes.Equal(a.Data, b.Data) {
				t.Errorf("%s: %s is not what it was", name, part)
			}
		}
		if kept != len(after.Names()) {
			t.Errorf("%s: %d tensors became %d", name, kept, len(after.Names()))
		}
		before.Close()
		after.Close()
		written := map[string]any{}
		original := map[string]any{}
		for path, value := range map[string]*map[string]any{filepath.Join(dir, "config.json"): &written, filepath.Join("testdata", name, "config.json"): &original} {
			data, err := os.ReadFile(path)
			if err == nil {
				err = json.Unmarshal(data, value)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"model_type", "num_hidden_layers", "num_hidden_groups", "inner_group_num", "embedding_size", "classifier_dropout_prob", "hidden_act"} {
			if !reflect.DeepEqual(written[key], original[key]) {
				t.Errorf("%s: %s is %v, it was %v", name, key, written[key], original[key])
			}
		}
		if written["bertlab"] != nil || !model.Config.IsPlain() {
			t.Errorf("%s: %v", name, written)
		}
		loaded, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		if !reflect.DeepEqual(loaded.Config.Layers, model.Config.Layers) {
			t.Errorf("%s: %v became %v", name, model.Config.Layers, loaded.Config.Layers)
		}
	}
	model := load(t, "tiny-albert")
	for name, change := range map[string]func(c *Config){
		"a layer apart": func(c *Config) { delete(c.Layers[1].Forms, OutputNorm) },
		"other groups":  func(c *Config) { c.Layers[1].Forms = nil },
	} {
		changed := model.Clone()
		change(changed.Config)
		for l := range changed.Config.Layers {
			for _, role := range TieRoles {
				for _, of := range []func(int, Role) string{WeightName, BiasName} {
					if changed.has(of(l, role)) {
						continue
					}
					values, shape, err := model.Weight(of(0, role))
					if err == nil {
						err = changed.SetWeight(of(l, role), shape, values)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		dir := t.TempDir()
		if err := changed.Save(dir, Float32); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		want := logitsOf(t, goBackend(t), changed, batch)
		if changed.Config.IsPlain() || !slices.EqualFunc(logitsOf(t, goBackend(t), loaded, batch), want, slices.Equal) || loaded.Config.Embedding != changed.Config.Embedding {
			t.Errorf("%s: plain %v, or other logits", name, changed.Config.IsPlain())
		}
		dense, err := loaded.Dense()
		if err != nil {
			t.Fatal(err)
		}
		if shape, ok := dense.Config.albert(); !ok || shape != (albertShape{runs: 4, groups: 4, inner: 1}) {
			t.Errorf("%s: the dense model is %+v, %v", name, shape, ok)
		}
		near(t, name, slices.Concat(logitsOf(t, goBackend(t), dense, batch)...), slices.Concat(want...), 1e-6)
	}
}

// transformers itself reads what is written, where there is a Python that has it.
func TestTransformersReadsASavedALBERT(t *testing.T) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("BERTLAB_PEER_PYTHON does not name a Python with transformers")
	}
	g := readGolden()
	dense, err := load(t, "tiny-albert").Dense()
	if err != nil {
		t.Fatal(err)
	}
	for name, model := range map[string]*Model{"as it came": load(t, "tiny-albert"), "dense": dense} {
		dir := t.TempDir()
		if err := model.Save(dir, Float32); err != nil {
			t.Fatal(err)
		}
		script := fmt.Sprintf(`import json, torch
from transformers import AutoModelForSequenceClassification
model, info = AutoModelForSequenceClassification.from_pretrained(%q, output_loading_info=True)
g = json.load(open("testdata/golden.json"))
with torch.no_grad():
    logits = model.eval()(input_ids=torch.tensor(g["ids"]), token_type_ids=torch.tensor(g["types"]), attention_mask=torch.tensor(g["mask"])).logits
print(json.dumps({"class": type(model).__name__, "missing": sorted(info["missing_keys"]), "logits": logits.tolist()}))`, dir)
		output, err := exec.Command(python, "-c", script).Output()
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Class   string
			Missing []string
			Logits  [][]float32
		}
		if err := json.Unmarshal(output, &answer); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		if answer.Class != "AlbertForSequenceClassification" || len(answer.Missing) > 0 {
			t.Errorf("%s: read as %s, without %v", name, answer.Class, answer.Missing)
		}
		near(t, name, slices.Concat(answer.Logits...), slices.Concat(logitsOf(t, goBackend(t), model, g.batch())...), 1e-5)
	}
}

func TestALBERTsThatCannotBeAreErrorsThatNameTheKey(t *testing.T) {
	data, err := os.ReadFile("testdata/tiny-albert/config.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		key   string
		value any
		want  string
	}{
		"no groups":            {"num_hidden_groups", 0, "num_hidden_groups is 0; with 4 layers it must be between 1 and 4"},
		"more groups":          {"num_hidden_groups", 5, "between 1 and 4"},
		"no layers":            {"num_hidden_layers", 0, "num_hidden_layers is 0; in an ALBERT"},
		"huge layers":          {"num_hidden_layers", 1 << 40, "num_hidden_layers"},
		"huge inner":           {"inner_group_num", 1 << 40, "inner_group_num is 1099511627776; with 4 layers it must be between 1 and 256"},
		"negative inner":       {"inner_group_num", -1, "inner_group_num is -1"},
		"no embedding size":    {"embedding_size", 0, "embedding_size is 0"},
		"huge embedding":       {"embedding_size", 1 << 30, "embedding_size"},
		"heads not dividing":   {"num_attention_heads", 3, "num_attention_heads"},
		"dropout":              {"classifier_dropout_prob", 1.5, "classifier_dropout is 1.5"},
		"a text":               {"embedding_size", "128", "embedding_size"},
		"a compressed ALBERT":  {"bertlab", object{"version": 1, "embedding": object{"kind": "projected", "size": 6}}, "compressed ALBERT"},
		"groups of no integer": {"num_hidden_groups", 1.5, "num_hidden_groups"},
	} {
		fields := object{}
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		fields[test.key] = test.value
		changed, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseConfig(changed); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestDefaultsOfAnALBERTAreThoseOfTransformers(t *testing.T) {
	c, err := ParseConfig([]byte(`{"model_type": "albert", "vocab_size": 30000, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
		"intermediate_size": 3072, "max_position_embeddings": 512, "type_vocab_size": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.HiddenAct != "gelu_new" || c.HiddenDropoutProb != 0 || c.ClassifierDropout != 0.1 || c.Embedding.Size() != 128 {
		t.Errorf("%+v", c)
	}
	total := 0
	for _, spec := range append(encoderParameters(c), poolerParameters(c)...) {
		total += spec.Size()
	}
	if total != 11_683_584 { // of albert-base in transformers
		t.Errorf("ALBERT base has %d parameters", total)
	}
}
