package profile

import (
	"fmt"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/internal/testbed"
	"bertlab/techniques/heads"
	"bertlab/techniques/sharing"
	"bertlab/techniques/tucker"
)

var goBackend = testbed.Go

const (
	tinyVocab, tinyHidden, tinyHeads, tinyIntermediate = 16, 8, 2, 12
)

// tiny is a random BERT with a pooler and no head.
func tiny(t testing.TB, layers int) *gbert.Model {
	t.Helper()
	config, err := gbert.ParseConfig(fmt.Appendf(nil, `{"model_type": "bert", "vocab_size": %d, "hidden_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
		"intermediate_size": %d, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.5}`,
		tinyVocab, tinyHidden, layers, tinyHeads, tinyIntermediate))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// compressed are models in the forms that gbert stores.
func compressed(t *testing.T) map[string]*gbert.Model {
	t.Helper()
	models := map[string]*gbert.Model{"plain": tiny(t, 4), "one layer": tiny(t, 1)}
	add := func(name string, m *gbert.Model, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(name, err)
		}
		models[name] = m
	}
	pruned, err := surgery.RemoveHeads(tiny(t, 4), heads.Set{0: {1}, 2: {0, 1}})
	add("heads removed", pruned, err)
	dropped, err := surgery.DropLayers(pruned, []int{3})
	add("layers dropped", dropped, err)
	classifier, err := tiny(t, 2).WithClassifier(3, nil, 1)
	add("classifier", classifier, err)
	factored, _, err := tucker.Factorise(t.Context(), pruned, tucker.FactoriseOptions{Rank: 3})
	add("factored", factored, err)
	tied, _, err := sharing.Tie(tiny(t, 4), sharing.Options{Groups: 2})
	add("tied", tied, err)
	narrow := tiny(t, 2)
	narrow.Config.Layers[1].IntermediateSize = 0
	for _, name := range []string{gbert.WeightName(1, gbert.FFNIn), gbert.BiasName(1, gbert.FFNIn), gbert.WeightName(1, gbert.FFNOut)} {
		narrow.DeleteWeight(name)
	}
	add("no feed-forward network", narrow, nil)
	for _, core := range []gbert.CoreKind{gbert.DiagonalCore, gbert.FullCore, gbert.MixedCore} {
		config := tiny(t, 3).Config.Clone()
		config.Bank = gbert.Bank{LeftRank: 3, RightRank: 3, Core: core}
		if core == gbert.MixedCore {
			config.Bank.Cores = 2
		}
		for l := range config.Layers {
			config.Layers[l].Forms = map[gbert.Role]gbert.Form{}
			for _, role := range gbert.LayerRoles {
				slices := 1
				if role == gbert.FFNIn || role == gbert.FFNOut {
					slices = 2
				}
				if l < 2 || role != gbert.Value { // and one map stays dense
					config.Layers[l].Forms[role] = gbert.Banked(slices)
				}
			}
		}
		banked, err := gbert.New(config, 1)
		add("banked, cores "+string(core), banked, err)
	}
	for _, form := range []gbert.EmbeddingForm{gbert.FactoredWords(3), gbert.Projected(3)} {
		config := tiny(t, 2).Config.Clone()
		config.Embedding = form
		factorised, err := gbert.New(config, 1)
		add("embeddings "+string(form.Kind()), factorised, err)
	}
	albert, _, err := sharing.Tie(models["embeddings projected"], sharing.Options{What: sharing.All})
	add("ALBERT", albert, err)
	return models
}
