package heads

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/internal/tiny"
)

// factor stores a layer's map as a product of random factors.
func factor(t testing.TB, m *gbert.Model, layer int, role gbert.Role, rank int) {
	t.Helper()
	_, shape, err := m.Weight(gbert.WeightName(layer, role))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(uint64(layer), uint64(len(role))))
	random := func(n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(i%5-2)*0.2 + rng.Float32()*0.1
		}
		return values
	}
	if err := m.Store(layer, role, gbert.Factored(rank), random(shape[0]*rank), random(rank*shape[1])); err != nil {
		t.Fatal(err)
	}
}

func factored(t testing.TB) *gbert.Model {
	model := classifier(t, 2, 8)
	for i, role := range surgery.AttentionRoles {
		factor(t, model, 0, role, 2+i)
	}
	factor(t, model, 1, gbert.Key, 5)
	factor(t, model, 1, gbert.FFNIn, 3)
	return model
}

func tied(t testing.TB) *gbert.Model {
	model := classifier(t, 3, 9)
	factor(t, model, 0, gbert.Value, 5)
	for _, role := range surgery.AttentionRoles {
		model.Share(1, role, 0)
	}
	return model
}

func TestARemovedHeadIsAMaskedHead(t *testing.T) {
	d := sentences(5, 1)
	for name, model := range map[string]*gbert.Model{"dense": classifier(t, 2, 7), "factored": factored(t), "tied": tied(t)} {
		t.Run(name, func(t *testing.T) {
			if err := model.Check(); err != nil {
				t.Fatal(err)
			}
			fingerprint, err := model.Fingerprint()
			if err != nil {
				t.Fatal(err)
			}
			s, p := session(t, model), prepare(t, model, d, 5)
			whole := logits(t, s, p, nil)
			layers := model.Config.NumHiddenLayers
			try := func(t testing.TB, set Set) {
				mask, err := set.Mask(model.Config)
				if err != nil {
					t.Fatal(err)
				}
				want := logits(t, s, p, mask)
				smaller, err := surgery.RemoveHeads(model, set)
				if err != nil {
					t.Fatal(err)
				}
				// The same in two steps, one of which is through a file.
				first, second := Set{}, Set{}
				for layer, list := range set {
					first[layer], second[layer] = list[:len(list)/2], list[len(list)/2:]
				}
				half, err := surgery.RemoveHeads(model, first)
				if err != nil {
					t.Fatal(err)
				}
				dir := fmt.Sprintf("%s/%d", t.TempDir(), rand.Uint64())
				if err := half.Save(dir, gbert.Float32); err != nil {
					t.Fatal(err)
				}
				loaded, err := gbert.Load(dir)
				if err != nil {
					t.Fatal(err)
				}
				defer loaded.Close()
				twice, err := surgery.RemoveHeads(loaded, second)
				if err != nil {
					t.Fatal(err)
				}
				dense, err := smaller.Dense()
				if err != nil {
					t.Fatal(err)
				}
				if !dense.Config.IsPlain() {
					t.Fatalf("%v: the dense model is not plain", set)
				}
				for how, other := range map[string]*gbert.Model{"removed": smaller, "removed in two steps": twice, "removed, then dense": dense} {
					session := session(t, other)
					got := logits(t, session, p, nil)
					session.Close()
					if far := tiny.Apart(got, want); far > 1e-5 {
						t.Errorf("%s %v: logits differ by %g from those of the masked model", how, set, far)
					}
				}
				if set.Len() > 0 && (tiny.Apart(want, whole) < 1e-6 || smaller.NumParameters() >= model.NumParameters()) {
					t.Errorf("%v: the logits change by %g, the parameters from %d to %d", set, tiny.Apart(want, whole), model.NumParameters(), smaller.NumParameters())
				}
				if !slices.Equal(All(smaller.Config), All(twice.Config)) || len(All(smaller.Config))+set.Len() != len(All(model.Config)) {
					t.Errorf("%v: what is left is %v, in two steps %v", set, All(smaller.Config), All(twice.Config))
				}
			}
			every := NewSet(All(model.Config)...)
			last := layers - 1
			try(t, every)
			try(t, Set{last: every[last]})
			sets := rapid.Custom(func(r *rapid.T) Set { return drawSet(r, layers, tinyHeads) })
			for seed := range 8 { // a whole rapid.Check would compile hundreds of models
				set := sets.Example(seed)
				if name == "tied" {
					set[1] = slices.Clone(set[0])
				}
				try(t, set)
			}
			if after, _ := model.Fingerprint(); after != fingerprint {
				t.Error("the model was changed")
			}
		})
	}
}

func TestRemoveWritesItsLineOfTheHistory(t *testing.T) {
	model := remove(t, remove(t, classifier(t, 2, 1), "1:2,0"), "0:1")
	want := []gbert.Operation{
		{Name: "heads.remove", Arguments: map[string]any{"heads": "1:0,2"}}, {Name: "heads.remove", Arguments: map[string]any{"heads": "0:1"}},
	}
	if !reflect.DeepEqual(model.Config.History, want) {
		t.Errorf("%v", model.Config.History)
	}
}

func TestRemoveKeepsLayersThatShareAMapAlike(t *testing.T) {
	for text, mentions := range map[string]string{"0:1": "layers 0 and 1 share their", "1:0": "layers 1 and 0 share their", "0:1;1:2": "layers 0 and 1 share their"} {
		if _, err := surgery.RemoveHeads(tied(t), parse(t, text)); err == nil || !strings.Contains(err.Error(), mentions) || !strings.Contains(err.Error(), "the same heads from both") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if smaller := remove(t, tied(t), "0:1;1:1;2:0"); smaller.Config.Layers[1].Form(gbert.Key) != gbert.Tied(0) {
		t.Error("the layers no longer share their maps")
	}
}
