package techniques

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/gbert/tokenizer"
	"bertlab/techniques/heads"
	"bertlab/techniques/movement"
	"bertlab/techniques/quantise"
	"bertlab/techniques/sharing"
	"bertlab/techniques/tucker"
	"bertlab/techniques/vocabulary"
)

// An operation makes a smaller model of a model, whatever was done to it before.
type operation struct {
	name string
	// cuts says that it takes parts out, and that what stays computes the same from a model as from its dense copy.
	cuts bool
	// rounds says that it rounds what enters maps: a dense copy does not, and one number that is rounded up here and down there moves
	// the logits by a step.
	rounds bool
	// apply cuts out of m what it would cut out of like, which is m or the model whose dense copy m is.
	apply func(m, like *gbert.Model) (*gbert.Model, error)
}

var operations = []operation{
	{"heads.remove", true, false, func(m, like *gbert.Model) (*gbert.Model, error) {
		set := heads.Set{}
		for layer, shape := range like.Config.Layers {
			if len(shape.Heads) > 1 {
				set[layer] = []int{shape.Heads[0]}
			}
		}
		return surgery.RemoveHeads(m, set)
	}},
	{"neurons.remove", true, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		neurons := map[int][]int{}
		for layer := range m.Config.Layers {
			neurons[layer] = []int{0, 3, 5}
		}
		return surgery.RemoveNeurons(m, neurons)
	}},
	{"movement.prune", false, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		pruned, err := movement.Prune(m, movement.Options{
			Attention: movement.Granularity{Unit: movement.Head}, FFN: movement.Granularity{Unit: movement.Neuron}, Remaining: 0.5,
		})
		if err != nil {
			return nil, err
		}
		return movement.RemoveEmpty(pruned)
	}},
	{"layers.drop", true, false, func(m, _ *gbert.Model) (*gbert.Model, error) { return surgery.DropLayers(m, []int{1}) }},
	{"tucker.svd", false, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		smaller, _, err := tucker.Factorise(context.Background(), m, tucker.FactoriseOptions{Rank: 2})
		return smaller, err
	}},
	{"tucker.shared", false, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		smaller, _, err := tucker.Bank(context.Background(), m, tucker.BankOptions{Core: gbert.FullCore, Rank: 5, Sweeps: 1})
		return smaller, err
	}},
	{"tucker.bank", false, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		smaller, _, err := tucker.Bank(context.Background(), m, tucker.BankOptions{LayerRank: 4, Rank: 5, Sweeps: 1})
		return smaller, err
	}},
	{"sharing.tie", false, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		tied, _, err := sharing.Tie(m, sharing.Options{What: sharing.All, Groups: 1, Init: sharing.First})
		return tied, err
	}},
	{"sharing.embedding", false, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		smaller, _, err := sharing.FactorEmbedding(m, 4)
		return smaller, err
	}},
	{"quantise.weights", false, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		smaller, _, err := quantise.Quantise(m, quantise.Options{})
		return smaller, err
	}},
	{"quantise.dynamic", false, true, func(m, _ *gbert.Model) (*gbert.Model, error) {
		smaller, _, err := quantise.Quantise(m, quantise.Options{Inputs: gbert.DynamicInputs})
		return smaller, err
	}},
	{"vocabulary.cut", true, false, func(m, _ *gbert.Model) (*gbert.Model, error) {
		var counts vocabulary.Counts
		counts.Add(m.Tokenizer, []tokenizer.Pair{{A: "a b c"}})
		choice, err := vocabulary.Choose(m, counts, 1)
		if err != nil {
			return nil, err
		}
		return vocabulary.Cut(m, choice)
	}},
}

// refused are the pairs, first and second, that cannot be: the reason is part of the message.
var refused = map[[2]string]string{
	// Pruning needs dense matrices of a layer's own: its scores and masks stand for them.
	{"tucker.svd", "movement.prune"}:    "factored: only dense maps are pruned; prune first, or make the model dense first",
	{"tucker.shared", "movement.prune"}: "banked: only dense maps are pruned; prune first, or make the model dense first",
	{"tucker.bank", "movement.prune"}:   "banked: only dense maps are pruned; prune first, or make the model dense first",
	{"sharing.tie", "movement.prune"}:   "tied: only dense maps are pruned; prune first, or make the model dense first",
	{"sharing.tie", "neurons.remove"}:   "neurons of shared maps cannot be removed",
	// What was decomposed is not decomposed again.
	{"tucker.svd", "tucker.svd"}:             "none of the 18 chosen maps is dense",
	{"tucker.svd", "tucker.shared"}:          "none of the 18 chosen maps is dense",
	{"tucker.svd", "tucker.bank"}:            "none of the 18 chosen maps is dense",
	{"tucker.shared", "tucker.svd"}:          "none of the 18 chosen maps is dense",
	{"tucker.shared", "tucker.shared"}:       "has a bank already",
	{"tucker.shared", "tucker.bank"}:         "has a bank already",
	{"tucker.bank", "tucker.svd"}:            "none of the 18 chosen maps is dense",
	{"tucker.bank", "tucker.shared"}:         "has a bank already",
	{"tucker.bank", "tucker.bank"}:           "has a bank already",
	{"quantise.weights", "movement.prune"}:   "int8: only dense maps are pruned; prune first, or make the model dense first",
	{"quantise.dynamic", "movement.prune"}:   "int8: only dense maps are pruned; prune first, or make the model dense first",
	{"quantise.weights", "tucker.svd"}:       "none of the 18 chosen maps is dense",
	{"quantise.weights", "tucker.shared"}:    "none of the 18 chosen maps is dense",
	{"quantise.weights", "tucker.bank"}:      "none of the 18 chosen maps is dense",
	{"quantise.dynamic", "tucker.svd"}:       "none of the 18 chosen maps is dense",
	{"quantise.dynamic", "tucker.shared"}:    "none of the 18 chosen maps is dense",
	{"quantise.dynamic", "tucker.bank"}:      "none of the 18 chosen maps is dense",
	{"quantise.weights", "quantise.weights"}: "is int8 already",
	{"quantise.weights", "quantise.dynamic"}: "is int8 already",
	{"quantise.dynamic", "quantise.weights"}: "is int8 already",
	{"quantise.dynamic", "quantise.dynamic"}: "is int8 already",
	// Nothing is left to take out.
	{"vocabulary.cut", "vocabulary.cut"}: "words stay",
	// Layers share what has the same shape in all of them; pruning by magnitude chose other heads in each.
	{"movement.prune", "sharing.tie"}: "the same heads were expected",
}

func TestEveryTechniqueWorksAfterEveryOther(t *testing.T) {
	met := 0
	for _, first := range operations {
		for _, second := range operations {
			t.Run(first.name+" then "+second.name, func(t *testing.T) {
				whole := classifier(t, 3, 1)
				before, err := first.apply(whole, whole)
				if err != nil {
					t.Fatal(err)
				}
				model, err := second.apply(before, before)
				if reason, ok := refused[[2]string{first.name, second.name}]; ok {
					met++
					if err == nil || !strings.Contains(err.Error(), reason) {
						t.Fatalf("it is refused with %v, want %q", err, reason)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				rounds := first.rounds || second.rounds
				compare(t, model, rounds)
				if !second.cuts {
					return
				}
				dense, err := before.Dense()
				if err != nil {
					t.Fatal(err)
				}
				if dense, err = second.apply(dense, before); err != nil {
					t.Fatal(err)
				}
				if d := apart(logits(t, model), logits(t, dense)); d > tolerance(rounds) {
					t.Errorf("what is left computes other logits than that of the dense copy, by %g", d)
				}
			})
		}
	}
	if met != len(refused) {
		t.Errorf("%d of the %d refused pairs were met", met, len(refused))
	}
}

// tolerance is how far logits may differ from those of the dense copy.
func tolerance(rounds bool) float64 {
	if rounds {
		return 0.2
	}
	return 1e-5
}

// compare saves and loads a model, which must give the same bits, and makes it dense, which must give the same logits.
func compare(t *testing.T, model *gbert.Model, rounds bool) {
	t.Helper()
	want := logits(t, model)
	dir := filepath.Join(t.TempDir(), "model")
	if err := model.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	loaded, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if got := logits(t, loaded); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("other logits after loading, by %g", apart(got, want))
	}
	if len(loaded.Carried()) > 0 || loaded.NumParameters() != model.NumParameters() || len(loaded.Config.History) != len(model.Config.History) {
		t.Errorf("loaded with %d of %d parameters, %d of %d operations, without %v", loaded.NumParameters(), model.NumParameters(), len(loaded.Config.History), len(model.Config.History), loaded.Carried())
	}
	dense, err := loaded.Dense()
	if err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := dense.Save(plain, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	exported, err := gbert.Load(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer exported.Close()
	if !exported.Config.IsPlain() {
		t.Errorf("the export has the shape %+v", exported.Config.Layers)
	}
	if d := apart(logits(t, exported), want); d > tolerance(rounds) {
		t.Errorf("the export's logits differ by %g", d)
	}
	if d := apart(portableLogits(t, loaded), want); d > tolerance(rounds) {
		t.Errorf("ONNX Runtime's logits differ by %g", d)
	}
}
