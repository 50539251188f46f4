package sharing

import (
	"context"
	"math"
	"reflect"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
	"bertlab/techniques/tucker"
)

func factorEmbedding(t testing.TB, m *gbert.Model, size int) (*gbert.Model, *EmbeddingReport) {
	t.Helper()
	factored, report, err := FactorEmbedding(m, size)
	if err != nil {
		t.Fatal(err)
	}
	return factored, report
}

func TestAWordTableOfFullRankComputesTheSame(t *testing.T) {
	model, d := classifier(t, 2, 1), sentences(6, 1)
	before := fingerprint(t, model)
	factored, report := factorEmbedding(t, model, 8)
	if far := apart(logits(t, factored, d), logits(t, model, d)); far > 1e-5 || report.RelativeError > 1e-6 {
		t.Errorf("logits differ by %g, the table by %g", far, report.RelativeError)
	}
	if fingerprint(t, model) != before {
		t.Error("the model was changed")
	}
}

func TestErrorsOfTheWordTableAreThoseOfItsProduct(t *testing.T) {
	model := classifier(t, 1, 2)
	words, err := model.WordTable()
	if err != nil {
		t.Fatal(err)
	}
	curve, err := EmbeddingErrors(model)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1; size <= 8; size++ {
		factored, report := factorEmbedding(t, model, size)
		product, err := factored.WordTable()
		if err != nil {
			t.Fatal(err)
		}
		far, norm := 0.0, 0.0
		for i, x := range words {
			far += math.Pow(float64(x-product[i]), 2)
			norm += float64(x) * float64(x)
		}
		if got := math.Sqrt(far / norm); math.Abs(got-report.RelativeError) > 1e-6 || math.Abs(got-curve[size-1]) > 1e-6 {
			t.Errorf("size %d: the table is %g away, reported %g, on the curve %g", size, got, report.RelativeError, curve[size-1])
		}
		if size > 1 && curve[size-1] > curve[size-2] {
			t.Errorf("the error rises at size %d", size)
		}
		saved := model.NumParameters() - factored.NumParameters()
		if saved != report.Before-report.After || (saved > 0) != (size <= report.BreakEven) {
			t.Errorf("size %d saves %d parameters, reported %d, with %d as the last that saves", size, saved, report.Before-report.After, report.BreakEven)
		}
		count := Count(factored)
		if count.Total() != factored.NumParameters() || count.Projection != 8*size {
			t.Errorf("size %d: %+v", size, count)
		}
	}
}

func TestAFactoredWordTableIsTrainedSavedAndCompressedFurther(t *testing.T) {
	d := sentences(8, 3)
	model, _ := factorEmbedding(t, classifier(t, 4, 3), 3)
	shared, _ := tie(t, model, Options{Groups: 2})
	result, err := finetune.Train(context.Background(), backend(t), shared, d, nil, finetune.Options{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	trained := result.Model
	for _, spec := range shared.Config.WordWeights() {
		name := spec.Name
		a, _, err := shared.Weight(name)
		if err != nil {
			t.Fatal(err)
		}
		if b, _, err := trained.Weight(name); err != nil || reflect.DeepEqual(a, b) {
			t.Errorf("%s is not trained (%v)", name, err)
		}
	}
	fewer, err := surgery.RemoveHeads(trained, heads.Set{0: {1}, 1: {1}})
	if err != nil {
		t.Fatal(err)
	}
	if fewer, err = surgery.DropLayers(fewer, []int{2}); err != nil {
		t.Fatal(err)
	}
	if fewer, _, err = tucker.Factorise(context.Background(), fewer, tucker.FactoriseOptions{Rank: 3}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := fewer.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	loaded, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	want := logits(t, fewer, d)
	if !reflect.DeepEqual(logits(t, loaded, d), want) || loaded.Config.Embedding != model.Config.Embedding {
		t.Error("the saved model computes something else")
	}
	dense := plain(t, loaded)
	if far := apart(logits(t, dense, d), want); far > 1e-5 || !dense.Config.IsPlain() {
		t.Errorf("the dense model differs by %g", far)
	}
	again, report := factorEmbedding(t, loaded, 2)
	if again.Config.Embedding.Size() != 2 || report.Before != 3*(16+8) || report.RelativeError == 0 {
		t.Errorf("factored again: %+v", report)
	}
}

func TestSizesOfTheWordTableHaveARange(t *testing.T) {
	model := classifier(t, 1, 4)
	for _, size := range []int{-1, 0, 9} {
		if _, _, err := FactorEmbedding(model, size); err == nil || !strings.Contains(err.Error(), "1…8") {
			t.Errorf("size %d: %v", size, err)
		}
	}
	broken := model.Clone()
	table := make([]float32, 16*8)
	table[17] = float32(math.NaN())
	set(t, broken, gbert.WordTableName(), []int{16, 8}, table)
	if _, _, err := FactorEmbedding(broken, 2); err == nil || !strings.Contains(err.Error(), "word 2") {
		t.Errorf("a word that is not a number: %v", err)
	}
}
