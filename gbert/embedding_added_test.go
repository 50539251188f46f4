package gbert

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/safetensors"
)

// roundedEmbedding is a form of the embeddings that lives in this file alone: the word table as rows of whole numbers, stored as bytes,
// with a scale each.
type roundedEmbedding struct {
	tableEmbedding
	Levels int `json:"levels"`
}

const roundedWords, roundedScales = wordEmbeddings + "_numbers", wordEmbeddings + "_scales"

func (roundedEmbedding) kind() EmbeddingKind { return "rounded" }
func (roundedEmbedding) check() error        { return nil }

func (roundedEmbedding) words(c *Config) []WeightSpec {
	numbers := normal(roundedWords, c.VocabSize, c.HiddenSize)
	numbers.DType = safetensors.I8
	return []WeightSpec{numbers, normal(roundedScales, c.VocabSize)}
}

func (roundedEmbedding) lookUp(f *Forward, ids *Node) *Node {
	rows := ExpandAxes(ids, -1)
	return Mul(Gather(f.Weight(roundedWords), rows), ExpandAxes(Gather(f.Weight(roundedScales), rows), -1))
}

func (roundedEmbedding) decode(f *Forward, x, bias *Node) *Node {
	return affine(x, Mul(f.Weight(roundedWords), ExpandAxes(f.Weight(roundedScales), -1)), bias)
}

func (roundedEmbedding) table(m *Model) ([]float32, error) {
	numbers, shape, err := m.Weight(roundedWords)
	if err != nil {
		return nil, err
	}
	scales, _, err := m.Weight(roundedScales)
	if err != nil {
		return nil, err
	}
	table := make([]float32, len(numbers))
	for i := range table {
		table[i] = numbers[i] * scales[i/shape[1]]
	}
	return table, nil
}

func TestAFormOfTheEmbeddingsIsOneFileAndOneLine(t *testing.T) {
	before := embeddings
	embeddings = append(slices.Clone(embeddings), roundedEmbedding{})
	defer func() { embeddings = before }()
	whole := fresh(t, tinyConfig(func(*Config) {}))
	table, err := whole.WordTable()
	if err != nil {
		t.Fatal(err)
	}
	rounded := whole.Clone()
	numbers, scales := RoundRows(table, whole.Config.VocabSize, 127)
	form := EmbeddingForm{roundedEmbedding{Levels: 127}}
	if err := rounded.StoreWords(form, numbers, scales); err != nil {
		t.Fatal(err)
	}
	batch := readGolden().batch()
	logits := slices.Concat(logitsOf(t, goBackend(t), rounded, batch)...)
	if d := difference(logits, slices.Concat(logitsOf(t, goBackend(t), whole, batch)...)); d == 0 || d > 0.1 {
		t.Errorf("rounding the word table changes the logits by %g", d)
	}
	dense, err := rounded.Dense()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the dense copy", slices.Concat(logitsOf(t, goBackend(t), dense, batch)...), logits, 1e-5)
	if !dense.Config.IsPlain() || dense.has(roundedWords) || rounded.Config.IsPlain() || rounded.Config.Embedding.Projects() {
		t.Error("the dense copy has the form's weights, or the model with them is plain")
	}
	dir := t.TempDir()
	if err := rounded.Save(dir, Float16); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if loaded.Config.Embedding != form || loaded.weights[roundedWords].DType != safetensors.I8 || len(loaded.Carried()) > 0 {
		t.Errorf("loaded with the embeddings %+v, numbers of %s, and %v", loaded.Config.Embedding, loaded.weights[roundedWords].DType, loaded.Carried())
	}
	near(t, "after loading", slices.Concat(logitsOf(t, goBackend(t), loaded, batch)...), logits, 1e-2)
	embeddings = before
	if _, err := Load(dir); err == nil {
		t.Error("the form loads although it is not known")
	}
}
