package gbert

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/safetensors"
)

// A kind is a model that transformers saved, and what it computes with it: see testdata/make_kinds.py.
type kind struct {
	Class   string               `json:"class"`
	Outputs map[string][]float32 `json:"outputs"`
}

var readKinds = sync.OnceValue(func() map[string]kind {
	var golden struct{ Kinds map[string]kind }
	data, err := os.ReadFile("testdata/kinds.json")
	if err == nil {
		err = json.Unmarshal(data, &golden)
	}
	if err != nil {
		panic(err)
	}
	return golden.Kinds
})

// heads are those of the classes, by the ends of their names.
var heads = map[string]Head{
	"ForPreTraining": PretrainingHead, "ForMaskedLM": MaskedLMHead, "ForNextSentencePrediction": NextSentenceHead,
	"ForSequenceClassification": SequenceHead, "ForTokenClassification": TokenHead, "ForMultipleChoice": MultipleChoiceHead,
	"ForQuestionAnswering": SpanHead, "Model": NoHead,
}

func TestEveryKindOfModelComputesWhatTransformersDoes(t *testing.T) {
	if len(readKinds()) != 21 {
		t.Fatalf("%d kinds", len(readKinds()))
	}
	for name, k := range readKinds() {
		t.Run(name, func(t *testing.T) {
			model := load(t, "kinds/"+name)
			if want := heads[strings.TrimPrefix(strings.TrimPrefix(k.Class, "Albert"), "Bert")]; model.Head() != want {
				t.Errorf("the head is %q, not %q", model.Head(), want)
			}
			sameOutputs(t, computed(t, model), k.Outputs)
		})
	}
}

// computed are the outputs of a model for the golden inputs, by transformers' names.
func computed(t *testing.T, model *Model) map[string][]float32 {
	t.Helper()
	type output struct {
		name string
		node func(f *Forward, hidden *Node) *Node
	}
	outputs := []output{{"hidden", func(_ *Forward, hidden *Node) *Node { return hidden }}}
	if model.HasPooler() {
		outputs = append(outputs, output{"pooled", (*Forward).Pool})
	}
	span := func(end int) func(f *Forward, hidden *Node) *Node {
		return func(f *Forward, hidden *Node) *Node {
			return Slice(f.Classify(hidden), AxisRange(), AxisRange(), AxisElem(end))
		}
	}
	switch model.Head() {
	case SequenceHead, TokenHead:
		outputs = append(outputs, output{"logits", (*Forward).Classify})
	case SpanHead:
		outputs = append(outputs, output{"start_logits", span(0)}, output{"end_logits", span(1)})
	case MaskedLMHead:
		outputs = append(outputs, output{"logits", (*Forward).PredictTokens})
	case PretrainingHead:
		outputs = append(outputs, output{"prediction_logits", (*Forward).PredictTokens})
	}
	values := observe(t, goBackend(t), model, readGolden().batch(), func(begin func(Taps) *Forward, in Input) []*Node {
		f := begin(Taps{})
		hidden := f.Encode(in, false).Hidden
		nodes := make([]*Node, len(outputs))
		for i, o := range outputs {
			nodes[i] = o.node(f, hidden)
		}
		return nodes
	})
	named := map[string][]float32{}
	for i, o := range outputs {
		named[o.name] = values[i]
	}
	return named
}

// sameOutputs compares outputs with those of transformers that have the same names.
func sameOutputs(t *testing.T, got, want map[string][]float32) {
	t.Helper()
	for name, values := range got {
		if d := difference(values, want[name]); !(d <= 1e-5) {
			t.Errorf("%s differs by %g from transformers'", name, d)
		}
	}
}

func TestLogitsOfTokensAndSpansAreThoseOfRealTokens(t *testing.T) {
	g := readGolden()
	for name, width := range map[string]int{"BertForTokenClassification": 3, "AlbertForTokenClassification": 3, "BertForQuestionAnswering": 2, "AlbertForQuestionAnswering": 2} {
		t.Run(name, func(t *testing.T) {
			model, want := load(t, "kinds/"+name), readKinds()[name].Outputs
			if model.Outputs() != width || model.HasPooler() {
				t.Fatalf("%d outputs, a pooler: %v", model.Outputs(), model.HasPooler())
			}
			batch := g.batch()
			batch.Index = batch.Index[:3] // the last row is padding
			for _, mask := range []HeadMask{nil, NewHeadMask(model.Config)} {
				rows, err := session(t, goBackend(t), model).BatchLogits(batch, mask)
				if err != nil {
					t.Fatal(err)
				}
				for row, logits := range rows {
					var expected []float32
					for at, token := range g.Mask[row] {
						place := row*batch.Length + at
						switch {
						case token == 0:
						case width == 2:
							expected = append(expected, want["start_logits"][place], want["end_logits"][place])
						default:
							expected = append(expected, want["logits"][place*3:place*3+3]...)
						}
					}
					near(t, "logits of an example", logits, expected, 1e-5)
				}
			}
			none := NewHeadMask(model.Config)
			for l := range none {
				clear(none[l])
			}
			masked, err := session(t, goBackend(t), model).BatchLogits(batch, none)
			if err != nil || difference(masked[0], want["logits"]) < 1e-3 {
				t.Errorf("without heads the logits are the same (%v)", err)
			}
		})
	}
}

func TestEveryKindIsSavedAsItCame(t *testing.T) {
	for name := range readKinds() {
		t.Run(name, func(t *testing.T) {
			model, dir := load(t, "kinds/"+name), t.TempDir()
			if err := model.Save(dir, Float32); err != nil {
				t.Fatal(err)
			}
			before, after := tensorsIn(t, "testdata/kinds/"+name), tensorsIn(t, dir)
			if !reflect.DeepEqual(before, after) {
				t.Errorf("tensors %v became %v", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
			}
			was, is := configIn(t, "testdata/kinds/"+name), configIn(t, dir)
			for _, key := range []string{"dtype", "torch_dtype"} {
				delete(was, key)
				delete(is, key)
			}
			for key, value := range is {
				if _, ok := was[key]; !ok && (value == nil || key == "id2label" || key == "label2id") {
					delete(is, key) // a default that transformers leaves out
				}
			}
			if !reflect.DeepEqual(was, is) {
				t.Errorf("the configuration %v became %v", was, is)
			}
		})
	}
}

// tensorsIn are the bytes of a folder's tensors.
func tensorsIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	file, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tensors := map[string]string{}
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		tensors[name] = string(tensor.DType) + string(bytes.Clone(tensor.Data))
	}
	return tensors
}

func configIn(t *testing.T, dir string) map[string]any {
	t.Helper()
	var config map[string]any
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err == nil {
		err = json.Unmarshal(data, &config)
	}
	if err != nil {
		t.Fatal(err)
	}
	return config
}
