package surgery_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/internal/tiny"
)

func classifier(t testing.TB, layers int, seed uint64) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Layers: layers}, seed)
}

func drop(t testing.TB, m *gbert.Model, layers ...int) *gbert.Model {
	t.Helper()
	smaller, err := surgery.DropLayers(m, layers)
	if err != nil {
		t.Fatal(err)
	}
	return smaller
}

// origins are the numbers of a model's layers in the pretrained model.
func origins(m *gbert.Model) []int {
	return surgery.Origins(m.Config, surgery.Without(m.Config.NumHiddenLayers, nil))
}

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

func TestWithoutTheTopLayersTheStatesBelowAreThoseOfTheWholeModel(t *testing.T) {
	model := classifier(t, 4, 2)
	p := tiny.Prepare(t, model, tiny.Sentences(3, 1), 3)
	whole := tiny.HiddenStates(t, model, p)
	for k := range 4 {
		smaller := drop(t, model, []int{0, 1, 2, 3}[4-k:]...)
		if got := tiny.HiddenStates(t, smaller, p); !reflect.DeepEqual(got, whole[:5-k]) {
			t.Errorf("without %d layers the states differ by %g", k, tiny.Apart(got, whole[:5-k]))
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
		tiny.Set(t, result, spec.Name, shape, values)
	}
	return result
}

// models are one model in each form that a layer can have.
func models(t *testing.T) map[string]*gbert.Model {
	factored := classifier(t, 4, 8)
	for i, role := range gbert.LayerRoles {
		tiny.Factor(t, factored, i%4, role, 2+i)
	}
	tied := classifier(t, 4, 9)
	tiny.Factor(t, tied, 1, gbert.Value, 3)
	for _, role := range []gbert.Role{gbert.Value, gbert.FFNIn, gbert.Query} {
		tied.Share(0, role, 1)
		tied.Share(2, role, 1)
		tied.Share(3, role, 1)
	}
	tied.Share(3, gbert.FFNOut, 0)
	tied.Share(0, gbert.Key, 3)
	fewer, err := surgery.RemoveHeads(classifier(t, 4, 10), map[int][]int{0: {1}, 2: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	headless := classifier(t, 3, 11)
	for _, role := range gbert.LayerRoles {
		headless.Share(1, role, 0)
	}
	if headless, err = surgery.RemoveHeads(headless, map[int][]int{0: {0, 1}, 1: {0, 1}}); err != nil {
		t.Fatal(err)
	}
	return map[string]*gbert.Model{"dense": classifier(t, 3, 7), "factored": factored, "tied": tied, "with heads removed": fewer, "tied, without heads": headless}
}

func TestADroppedModelIsTheModelBuiltFromItsLayers(t *testing.T) {
	d := tiny.Sentences(5, 1)
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
				want := tiny.Logits(t, built(t, model, kept), d)
				if far := tiny.Apart(tiny.Logits(t, smaller, d), want); far > 1e-5 {
					t.Errorf("without %v the logits differ by %g", gone, far)
				}
				if !slices.Equal(origins(smaller), kept) || smaller.NumParameters() >= model.NumParameters() {
					t.Errorf("without %v: layers %v, %d parameters", gone, origins(smaller), smaller.NumParameters())
				}
				if bits%3 == 1 {
					throughFile(t, smaller)
					dense, err := smaller.Dense()
					if err != nil {
						t.Fatal(err)
					}
					if far := tiny.Apart(tiny.Logits(t, dense, d), want); far > 1e-5 || !dense.Config.IsPlain() {
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
	d := tiny.Sentences(5, 1)
	if !reflect.DeepEqual(tiny.Logits(t, loaded, d), tiny.Logits(t, m, d)) || len(loaded.Carried()) > 0 {
		t.Errorf("a saved model gives other logits, or ignores %v", loaded.Carried())
	}
	if !reflect.DeepEqual(origins(loaded), origins(m)) {
		t.Error("a saved model forgets where its layers come from")
	}
}

func TestDropInTwoStepsIsDropInOne(t *testing.T) {
	model := classifier(t, 5, 3)
	once := drop(t, model, 1, 3)
	twice := drop(t, drop(t, model, 1), 2)
	d := tiny.Sentences(4, 2)
	if !reflect.DeepEqual(tiny.Logits(t, once, d), tiny.Logits(t, twice, d)) || !reflect.DeepEqual(once.Config.Layers, twice.Config.Layers) {
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
