package gbert

import (
	"slices"
	"strings"
	"testing"

	"bertlab/gbert/safetensors"
)

// kindWords are the words of the models in testdata/kinds.
const kindWords = 60

// A head that predicts words beside the one that is computed is carried, and loses the rows of the words that go.
func TestACarriedHeadLosesTheRowsOfWords(t *testing.T) {
	const class = "BertForSequenceClassification"
	model, err := Load(kindFolder(t, class, nil, with(floats(predictionBias, safetensors.F32, kindWords), floats(decoderWeight, safetensors.F32, kindWords, 8), floats("scorer.weight", safetensors.F32, kindWords))))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	ids := []int{0, 2, 3, 7, kindWords - 1}
	smaller := model.Clone()
	if err := smaller.KeepWords(ids, nil); err != nil {
		t.Fatal(err)
	}
	if err := smaller.Check(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := smaller.Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, width := range map[string]int{predictionBias: 1, decoderWeight: 8} {
		tensor, ok := file.Tensor(name)
		if !ok {
			t.Fatalf("%s is gone", name)
		}
		is, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		was, err := model.carried[name].tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		for i, id := range ids {
			if !slices.Equal(is[i*width:(i+1)*width], was[id*width:(id+1)*width]) {
				t.Errorf("row %d of %s is not that of word %d", i, name, id)
			}
		}
	}
	if tensor, ok := file.Tensor("scorer.weight"); !ok || tensor.Shape[0] != kindWords {
		t.Errorf("a head of another kind was cut to %v (%v)", tensor.Shape, ok)
	}
}

func TestWordsThatCannotGoAreRefused(t *testing.T) {
	model := load(t, "tiny")
	for want, ids := range map[string][]int{
		"they must be ascending, from 0 to 59": {0, 60}, "word 5, number 2 of those that stay": {0, 6, 5}, "word 0 would be lost, which config.json names": {1, 2},
	} {
		if err := model.Clone().KeepWords(ids, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", ids, err, want)
		}
	}
}
