package layerdrop

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
)

func TestWithoutLayersToDropTheModelIsTheSame(t *testing.T) {
	model := classifier(t, 3, 1)
	same := drop(t, model)
	a, err := model.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := same.Fingerprint(); err != nil || a != b {
		t.Errorf("fingerprints %s and %s, %v", a, b, err)
	}
}

// hidden are the values of all the hidden states of a batch of the examples.
func hidden(t *testing.T, m *gbert.Model, p *finetune.Prepared) [][]float32 {
	t.Helper()
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](session(t, m), "states", func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*Node {
		return begin(gbert.Taps{HiddenStates: true}).Encode(in, false).HiddenStates
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := program.Consume(p.Batches[0].Tensors().BatchOf)
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()
	states := make([][]float32, results.Len())
	for i := range states {
		if states[i], err = results.Values(i); err != nil {
			t.Fatal(err)
		}
	}
	return states
}

func TestWithoutTheTopLayersTheStatesBelowAreThoseOfTheWholeModel(t *testing.T) {
	model := classifier(t, 4, 2)
	p := prepare(t, model, sentences(3, 1), 3)
	whole := hidden(t, model, p)
	for k := range 4 {
		selected, err := Select(Top, 4, k)
		if err != nil {
			t.Fatal(err)
		}
		smaller := drop(t, model, selected...)
		if got := hidden(t, smaller, p); !reflect.DeepEqual(got, whole[:5-k]) {
			t.Errorf("without %d layers the states differ by %g", k, apart(got, whole[:5-k]))
		}
	}
}

// built is the model whose layer i is layer kept[i] of the given one, made weight by weight from dense maps.
func built(t *testing.T, m *gbert.Model, kept []int) *gbert.Model {
	t.Helper()
	dense, err := m.Dense()
	if err != nil {
		t.Fatal(err)
	}
	config := dense.Config.Clone()
	config.NumHiddenLayers, config.Layers = len(kept), nil
	result, err := gbert.New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	if result, err = result.WithClassifier(2, nil, 1); err != nil {
		t.Fatal(err)
	}
	result.Tokenizer = m.Tokenizer
	for _, spec := range result.Weights() {
		source := spec.Name
		if layer, rest, ok := gbert.CutLayer(spec.Name); ok {
			source = gbert.LayerPrefix(kept[layer]) + rest
		}
		values, shape, err := dense.Weight(source)
		if err != nil {
			t.Fatal(err)
		}
		set(t, result, spec.Name, shape, values)
	}
	return result
}

// models are one model in each form that a layer can have.
func models(t *testing.T) map[string]*gbert.Model {
	factored := classifier(t, 4, 8)
	for i, role := range gbert.LayerRoles {
		factor(t, factored, i%4, role, 2+i)
	}
	tied := classifier(t, 4, 9)
	factor(t, tied, 1, gbert.Value, 3)
	for _, role := range []gbert.Role{gbert.Value, gbert.FFNIn, gbert.Query} {
		tied.Share(0, role, 1)
		tied.Share(2, role, 1)
		tied.Share(3, role, 1)
	}
	tied.Share(3, gbert.FFNOut, 0)
	tied.Share(0, gbert.Key, 3)
	fewer, err := surgery.RemoveHeads(classifier(t, 4, 10), heads.Set{0: {1}, 2: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	headless := classifier(t, 3, 11)
	for _, role := range gbert.LayerRoles {
		headless.Share(1, role, 0)
	}
	if headless, err = surgery.RemoveHeads(headless, heads.Set{0: {0, 1}, 1: {0, 1}}); err != nil {
		t.Fatal(err)
	}
	return map[string]*gbert.Model{"dense": classifier(t, 3, 7), "factored": factored, "tied": tied, "with heads removed": fewer, "tied, without heads": headless}
}

func TestADroppedModelIsTheModelBuiltFromItsLayers(t *testing.T) {
	d := sentences(5, 1)
	for name, model := range models(t) {
		t.Run(name, func(t *testing.T) {
			before, err := model.Fingerprint()
			if err != nil {
				t.Fatal(err)
			}
			layers := model.Config.NumHiddenLayers
			for bits := 1; bits < 1<<layers-1; bits++ { // every choice of layers
				var gone []int
				for layer := range layers {
					if bits>>layer&1 == 1 {
						gone = append(gone, layer)
					}
				}
				kept := surgery.Without(layers, gone)
				slices.Reverse(gone)
				smaller := drop(t, model, gone...)
				want := logits(t, built(t, model, kept), d)
				if far := apart(logits(t, smaller, d), want); far > 1e-5 {
					t.Errorf("without %v the logits differ by %g", gone, far)
				}
				if !slices.Equal(surgery.Origins(smaller.Config, All(smaller.Config)), kept) || smaller.NumParameters() >= model.NumParameters() {
					t.Errorf("without %v: layers %v, %d parameters", gone, surgery.Origins(smaller.Config, All(smaller.Config)), smaller.NumParameters())
				}
				if bits%3 == 1 {
					throughFile(t, smaller)
					dense, err := smaller.Dense()
					if err != nil {
						t.Fatal(err)
					}
					if far := apart(logits(t, dense, d), want); far > 1e-5 || !dense.Config.IsPlain() {
						t.Errorf("without %v: the dense model's logits differ by %g; plain: %v", gone, far, dense.Config.IsPlain())
					}
				}
			}
			if after, _ := model.Fingerprint(); after != before {
				t.Error("the model was changed")
			}
		})
	}
}

// throughFile checks that a saved model comes back with the same bits.
func throughFile(t *testing.T, m *gbert.Model) {
	t.Helper()
	dir := t.TempDir()
	if err := m.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	loaded, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	d := sentences(5, 1)
	if !reflect.DeepEqual(logits(t, loaded, d), logits(t, m, d)) || len(loaded.Carried()) > 0 {
		t.Errorf("a saved model gives other logits, or ignores %v", loaded.Carried())
	}
	if !reflect.DeepEqual(surgery.Origins(loaded.Config, All(loaded.Config)), surgery.Origins(m.Config, All(m.Config))) {
		t.Error("a saved model forgets where its layers come from")
	}
}

func TestDropInTwoStepsIsDropInOne(t *testing.T) {
	model := classifier(t, 5, 3)
	once := drop(t, model, 1, 3)
	twice := drop(t, drop(t, model, 1), 2)
	d := sentences(4, 2)
	if !reflect.DeepEqual(logits(t, once, d), logits(t, twice, d)) || !reflect.DeepEqual(once.Config.Layers, twice.Config.Layers) {
		t.Error("the models differ")
	}
	want := []gbert.Operation{{Name: "layers.drop", Arguments: map[string]any{"layers": "1"}}, {Name: "layers.drop", Arguments: map[string]any{"layers": "3"}}}
	if !reflect.DeepEqual(twice.Config.History, want) {
		t.Errorf("the history is %v", twice.Config.History)
	}
}

func TestDropRefusesWhatTheModelDoesNotHave(t *testing.T) {
	model := classifier(t, 3, 1)
	for _, test := range []struct {
		layers   []int
		mentions string
	}{
		{[]int{3}, "0…2"}, {[]int{-1}, "0…2"}, {[]int{1, 1}, "layer 1 is named twice"}, {[]int{0, 1, 2}, "at least one layer stays"},
	} {
		if _, err := surgery.DropLayers(model, test.layers); err == nil || !strings.Contains(err.Error(), test.mentions) {
			t.Errorf("%v: %v", test.layers, err)
		}
	}
}

func TestAModelWithADroppedLayerTrains(t *testing.T) {
	smaller := drop(t, classifier(t, 3, 4), 1)
	d := sentences(16, 3)
	result, err := finetune.Train(context.Background(), backend(t), smaller, d, nil, finetune.Options{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	moved, err := Travel(smaller, result.Model)
	if err != nil {
		t.Fatal(err)
	}
	if len(moved) != 2 || !(moved[0] > 0 && moved[1] > 0) {
		t.Errorf("the layers moved by %v", moved)
	}
}
