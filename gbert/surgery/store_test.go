package surgery_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/internal/tiny"
)

// same checks that a model computes what its dense copy does, saved and loaded too, and gives its logits.
func same(t *testing.T, m *gbert.Model) [][]float32 {
	t.Helper()
	dense, err := m.Dense()
	if err != nil {
		t.Fatal(err)
	}
	d := tiny.Sentences(5, 1)
	logits := tiny.Logits(t, m, d)
	if far := tiny.Apart(logits, tiny.Logits(t, dense, d)); far > 1e-5 || !dense.Config.IsPlain() {
		t.Errorf("the dense copy's logits differ by %g; plain: %v", far, dense.Config.IsPlain())
	}
	throughFile(t, m)
	return logits
}

func TestTiedLayersComputeWithTheMapsOfTheirSource(t *testing.T) {
	model := classifier(t, 4, 1)
	tiny.Factor(t, model, 2, gbert.Query, 3)
	done := gbert.Operation{Name: "test", Arguments: map[string]any{"a": "b"}}
	groups := []surgery.Group{{Layers: []int{0, 1, 2}, Source: 2}, {Layers: []int{3}, Source: 3}}
	tied, err := surgery.Tie(model, groups, gbert.TieRoles, done)
	if err != nil {
		t.Fatal(err)
	}
	copied := model.Clone()
	for _, role := range gbert.TieRoles {
		copied.CopyMap(0, role, model, 2)
		copied.CopyMap(1, role, model, 2)
	}
	if far := tiny.Apart(same(t, tied), same(t, copied)); far > 1e-5 {
		t.Errorf("logits differ by %g from those of copies", far)
	}
	if tied.Config.Layers[0].Form(gbert.Query) != gbert.Factored(3) || tied.Config.Layers[2].Form(gbert.Query) != gbert.Tied(0) {
		t.Errorf("the forms are %v and %v", tied.Config.Layers[0].Forms, tied.Config.Layers[2].Forms)
	}
	if !reflect.DeepEqual(tied.Config.History, []gbert.Operation{done}) || len(model.Config.History) != 0 {
		t.Errorf("the history is %v", tied.Config.History)
	}
	// Divided otherwise, the layers take what they have now.
	apart, err := surgery.Tie(tied, []surgery.Group{{Layers: []int{0}, Source: 0}, {Layers: []int{1}, Source: 1}, {Layers: []int{2, 3}, Source: 2}}, gbert.TieRoles, done)
	if err != nil {
		t.Fatal(err)
	}
	same(t, apart)
	if got := surgery.Sharing(apart.Config, gbert.TieRoles...); !reflect.DeepEqual(got, [][]int{{0}, {1}, {2, 3}}) {
		t.Errorf("the groups are %v", got)
	}
}

func TestTiedLayersMayTakeNewValues(t *testing.T) {
	model := classifier(t, 2, 1)
	rng := rand.New(rand.NewPCG(1, 1))
	values := surgery.Values{Weight: tiny.Normal(rng, 12*8), Bias: tiny.Normal(rng, 12)}
	tied, err := surgery.Tie(model, []surgery.Group{{Layers: []int{0, 1}, Values: map[gbert.Role]surgery.Values{gbert.FFNIn: values}}}, []gbert.Role{gbert.FFNIn}, gbert.Operation{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	weight, bias, err := tied.DenseMap(1, gbert.FFNIn)
	if err != nil || !slices.Equal(weight, values.Weight) || !slices.Equal(bias, values.Bias) {
		t.Errorf("other values, %v", err)
	}
	same(t, tied)
	// Where nothing is left of a map but its bias, that is all that is shared.
	if model, err = surgery.RemoveNeurons(model, map[int][]int{0: surgery.Without(12, nil), 1: surgery.Without(12, nil)}); err != nil {
		t.Fatal(err)
	}
	values = surgery.Values{Bias: tiny.Normal(rng, 8)}
	if tied, err = surgery.Tie(model, []surgery.Group{{Layers: []int{0, 1}, Values: map[gbert.Role]surgery.Values{gbert.FFNOut: values}}}, []gbert.Role{gbert.FFNOut}, gbert.Operation{Name: "test"}); err != nil {
		t.Fatal(err)
	}
	if _, bias, err := tied.DenseMap(1, gbert.FFNOut); err != nil || !slices.Equal(bias, values.Bias) {
		t.Errorf("the bias is %v, %v", bias, err)
	}
}

func TestStoredProductsAndSlicesAreWhatIsComputed(t *testing.T) {
	model := classifier(t, 2, 1)
	rng := rand.New(rand.NewPCG(2, 1))
	low, err := surgery.Store(model, []surgery.Map{
		surgery.Product(0, gbert.FFNIn, 3, tiny.Normal(rng, 12*3), tiny.Normal(rng, 3*8)), surgery.Product(1, gbert.Value, 2, tiny.Normal(rng, 8*2), tiny.Normal(rng, 2*8)),
	}, gbert.Operation{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if far := tiny.Apart(same(t, low), same(t, model)); far < 1e-3 {
		t.Errorf("logits differ by %g from those before", far)
	}
	bank, shared := gbert.Bank{LeftRank: 3, RightRank: 2, Core: gbert.MixedCore, Cores: 2}, surgery.Shared{Left: tiny.Normal(rng, 24), Right: tiny.Normal(rng, 16), Cores: tiny.Normal(rng, 12)}
	maps := []surgery.Map{surgery.Slices(0, gbert.Query, 1, tiny.Normal(rng, 2)), surgery.Slices(1, gbert.FFNOut, 2, tiny.Normal(rng, 4))}
	banked, err := surgery.Bank(low, bank, shared, maps, gbert.Operation{Name: "bank"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, banked)
	if !banked.Config.UsesBank() || len(banked.Config.History) != 2 || low.Config.UsesBank() {
		t.Errorf("history %v", banked.Config.History)
	}
	if _, err := surgery.Bank(banked, bank, shared, maps, gbert.Operation{Name: "bank"}); err == nil || !strings.Contains(err.Error(), "has a bank already") {
		t.Errorf("a second bank: %v", err)
	}
	u, v := tiny.Normal(rng, model.Config.VocabSize*3), tiny.Normal(rng, 3*8)
	words, err := surgery.StoreWords(banked, gbert.FactoredWords(3), gbert.Operation{Name: "words"}, u, v)
	if err != nil {
		t.Fatal(err)
	}
	same(t, words)
	if words.Config.Embedding != gbert.FactoredWords(3) || !banked.Config.Embedding.IsPlain() {
		t.Errorf("the embeddings are %v", words.Config.Embedding)
	}
}

func TestValuesThatDoNotFitTheirFormAreRefused(t *testing.T) {
	model := classifier(t, 2, 1)
	for name, part := range map[string]surgery.Map{
		"one factor":          {Layer: 0, Role: gbert.Query, Form: gbert.Factored(2), Values: [][]float32{make([]float32, 16)}},
		"a factor too short":  surgery.Product(0, gbert.Query, 2, make([]float32, 15), make([]float32, 16)),
		"rank 0":              surgery.Product(0, gbert.Query, 0, nil, nil),
		"no bank":             surgery.Slices(0, gbert.Query, 1, make([]float32, 4)),
		"a layer of its own":  {Layer: 1, Role: gbert.Query, Form: gbert.Tied(1)},
		"a tie with a matrix": {Layer: 1, Role: gbert.Query, Form: gbert.Tied(0), Values: [][]float32{make([]float32, 64)}},
	} {
		if m, err := surgery.Store(model, []surgery.Map{part}, gbert.Operation{Name: "test"}); err == nil {
			t.Errorf("%s: stored as %v", name, m.Config.Layers[part.Layer].Forms)
		}
	}
	if _, err := surgery.StoreWords(model, gbert.FactoredWords(3), gbert.Operation{Name: "test"}, make([]float32, 3)); err == nil {
		t.Error("a word table without its second factor is stored")
	}
}
