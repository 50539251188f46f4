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

// silenced is the model with the columns of W_out of some neurons at zero: what is read of them is nothing.
func silenced(t *testing.T, m *gbert.Model, neurons map[int][]int) *gbert.Model {
	t.Helper()
	changed := m.Clone()
	for layer, list := range neurons {
		weight, _, err := m.DenseMap(layer, gbert.FFNOut)
		if err != nil {
			t.Fatal(err)
		}
		out, in := m.Config.MapShape(layer, gbert.FFNOut)
		weight = slices.Clone(weight)
		for row := range out {
			for _, neuron := range list {
				weight[row*in+neuron] = 0
			}
		}
		if err := changed.Store(layer, gbert.FFNOut, gbert.Form{}, weight); err != nil {
			t.Fatal(err)
		}
	}
	return changed
}

func TestARemovedNeuronIsOneThatNothingReads(t *testing.T) {
	factored := classifier(t, 3, 2)
	tiny.Factor(t, factored, 0, gbert.FFNIn, 3)
	tiny.Factor(t, factored, 1, gbert.FFNOut, 4)
	for name, model := range map[string]*gbert.Model{"dense": classifier(t, 3, 1), "factored": factored} {
		for _, neurons := range []map[int][]int{
			{0: {0}}, {0: {11, 3, 3}, 2: {5}}, {1: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}, {0: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 1: {4}}, {},
		} {
			smaller, err := surgery.RemoveNeurons(model, neurons)
			if err != nil {
				t.Fatalf("%s, %v: %v", name, neurons, err)
			}
			d := tiny.Sentences(5, 1)
			if far := tiny.Apart(tiny.Logits(t, smaller, d), tiny.Logits(t, silenced(t, model, neurons), d)); far > 1e-5 {
				t.Errorf("%s, %v: logits differ by %g", name, neurons, far)
			}
			throughFile(t, smaller)
			for layer, list := range neurons {
				if got, want := smaller.Config.Layers[layer].IntermediateSize, 12-len(slices.Compact(slices.Sorted(slices.Values(list)))); got != want {
					t.Errorf("%s, %v: layer %d has %d neurons, want %d", name, neurons, layer, got, want)
				}
			}
		}
	}
}

func TestRemovingNeuronsWritesTheirNumberIntoTheHistory(t *testing.T) {
	smaller, err := surgery.RemoveNeurons(classifier(t, 3, 1), map[int][]int{0: {1, 2}, 1: {}, 2: {5, 5}})
	if err != nil {
		t.Fatal(err)
	}
	want := []gbert.Operation{{Name: "neurons.remove", Arguments: map[string]any{"neurons": map[string]int{"0": 2, "2": 1}}}}
	if !reflect.DeepEqual(smaller.Config.History, want) {
		t.Errorf("%v", smaller.Config.History)
	}
}

func TestWrongNeuronsAreNamed(t *testing.T) {
	m := classifier(t, 2, 1)
	none, err := surgery.RemoveNeurons(m, map[int][]int{1: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}})
	if err != nil {
		t.Fatal(err)
	}
	tied := m.Clone()
	tied.Share(1, gbert.FFNIn, 0)
	for _, test := range []struct {
		model    *gbert.Model
		neurons  map[int][]int
		mentions string
	}{
		{m, map[int][]int{2: {0}}, "0…1"}, {m, map[int][]int{-1: {0}}, "0…1"}, {m, map[int][]int{0: {12}}, "0…11: cannot remove 12"},
		{m, map[int][]int{0: {-1, 3}}, "cannot remove -1"}, {none, map[int][]int{1: {0}}, "layer 1 has no neurons left"},
		{tied, map[int][]int{0: {1}}, "layers 1 and 0 share their ffn_in map"}, {tied, map[int][]int{1: {1}}, "share"},
	} {
		if _, err := surgery.RemoveNeurons(test.model, test.neurons); err == nil || !strings.Contains(err.Error(), test.mentions) {
			t.Errorf("%v: %v; %q was expected", test.neurons, err, test.mentions)
		}
	}
}
