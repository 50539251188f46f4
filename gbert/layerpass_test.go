package gbert

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// passLogits are the logits of a prefix.
func passLogits(t *testing.T, x *Prefix) []float32 {
	t.Helper()
	results, err := x.Logits()
	return valuesOf(t, results, err)
}

func TestAPassLayerByLayerEqualsTheWholeFromWhateverLayerItBegins(t *testing.T) {
	for _, name := range []string{"tiny", "tiny-regression"} {
		model := load(t, name)
		s, batch := session(t, goBackend(t), model), readGolden().batch()
		rows, err := s.BatchLogits(batch, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Concat(rows...)
		pass, err := NewLayerPass(s)
		if err != nil {
			t.Fatal(err)
		}
		prefix, err := pass.Begin(batch)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+" with nothing kept", passLogits(t, prefix), want, 1e-6)
		last := model.Config.NumHiddenLayers - 1
		for first := range last + 1 {
			for to := first; to <= last; to++ {
				if err := prefix.Keep(first, to); err != nil {
					t.Fatal(err)
				}
				about := fmt.Sprintf("%s with what enters %d…%d", name, first, to)
				near(t, about, passLogits(t, prefix), want, 1e-6)
				for layer := first; layer <= to; layer++ {
					results, err := pass.Finish(layer, prefix.Entering(layer))
					near(t, fmt.Sprint(about, ", from ", layer), valuesOf(t, results, err), want, 1e-6)
				}
			}
		}
		prefix.Close()
	}
}

func TestAPassWithoutLayersIsTheHead(t *testing.T) {
	model, err := fresh(t, tinyConfig(func(c *Config) { c.NumHiddenLayers = 0 })).WithClassifier(2, []string{"a", "b"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, batch := session(t, goBackend(t), model), readGolden().batch()
	rows, err := s.BatchLogits(batch, nil)
	if err != nil {
		t.Fatal(err)
	}
	pass, err := NewLayerPass(s)
	if err != nil {
		t.Fatal(err)
	}
	prefix, err := pass.Begin(batch)
	if err != nil {
		t.Fatal(err)
	}
	defer prefix.Close()
	near(t, "no layers", passLogits(t, prefix), slices.Concat(rows...), 1e-6)
	if err := prefix.Keep(0, 0); err != nil {
		t.Fatal(err)
	}
	near(t, "no layers, kept", passLogits(t, prefix), slices.Concat(rows...), 1e-6)
}

func TestAPrefixFreesWhatItKeepsAndNothingElse(t *testing.T) {
	model := load(t, "tiny")
	s := session(t, goBackend(t), model)
	pass, err := NewLayerPass(s)
	if err != nil {
		t.Fatal(err)
	}
	prefix, err := pass.Begin(readGolden().batch())
	if err != nil {
		t.Fatal(err)
	}
	if err := prefix.Keep(0, 1); err != nil {
		t.Fatal(err)
	}
	kept := []*tensors.Tensor{prefix.Entering(0).Hidden, prefix.Entering(1).Hidden}
	mask := prefix.Entering(0).Mask
	passLogits(t, prefix)
	for layer, state := range kept {
		if !state.Ok() {
			t.Errorf("the logits freed what enters layer %d", layer)
		}
	}
	if err := prefix.Keep(1, 1); err != nil {
		t.Fatal(err)
	}
	if kept[0].Ok() || kept[1].Ok() || !prefix.Entering(1).Hidden.Ok() || !mask.Ok() {
		t.Error("keeping anew frees what was kept, and nothing else")
	}
	prefix.Close()
	if mask.Ok() {
		t.Error("the batch is there after Close")
	}
}

func TestAKeptStateStandsForTheWeightsOfItsTime(t *testing.T) {
	model := load(t, "tiny")
	s := session(t, goBackend(t), model)
	pass, err := NewLayerPass(s)
	if err != nil {
		t.Fatal(err)
	}
	prefix, err := pass.Begin(readGolden().batch())
	if err != nil {
		t.Fatal(err)
	}
	defer prefix.Close()
	if err := prefix.Keep(1, 1); err != nil {
		t.Fatal(err)
	}
	before := passLogits(t, prefix)
	name := WeightName(0, FFNIn)
	values, shape, err := model.Weight(name)
	if err != nil {
		t.Fatal(err)
	}
	changed := tensors.FromFlatDataAndDimensions(make([]float32, len(values)), shape...)
	defer changed.MustFinalizeAll()
	s.Bind(name, changed)
	if below := passLogits(t, prefix); !slices.Equal(below, before) {
		t.Error("a weight below what is kept changes the logits")
	}
	prefix.Forget()
	if whole := passLogits(t, prefix); difference(whole, before) < 1e-4 {
		t.Error("a pass from the embeddings on does not see the new weight")
	}
}

func TestABatchThatDoesNotFitTheModelBeginsNoPass(t *testing.T) {
	model := load(t, "tiny")
	pass, err := NewLayerPass(session(t, goBackend(t), model))
	if err != nil {
		t.Fatal(err)
	}
	batch := readGolden().batch()
	batch.IDs[1] = int32(model.Config.VocabSize)
	if _, err := pass.Begin(batch); err == nil {
		t.Error("a token beyond the word table is taken")
	}
}
