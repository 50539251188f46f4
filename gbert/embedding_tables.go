package gbert

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// tableEmbedding is BERT's: a word table [V, D].
type tableEmbedding struct {
	Size int `json:"size"` // which only the other kinds have
}

func (tableEmbedding) kind() EmbeddingKind   { return "" }
func (tableEmbedding) size() int             { return 0 }
func (tableEmbedding) width(c *Config) int   { return c.HiddenSize }
func (tableEmbedding) projects() bool        { return false }
func (tableEmbedding) plain() EmbeddingForm  { return EmbeddingForm{} }
func (tableEmbedding) macs(*Config, int) int { return 0 }

func (t tableEmbedding) check() error {
	if t.Size != 0 {
		return fmt.Errorf("has the size %d but no kind; the kinds are %s", t.Size, embeddingKinds())
	}
	return nil
}

func (tableEmbedding) words(c *Config) []WeightSpec {
	return []WeightSpec{normal(wordEmbeddings, c.VocabSize, c.HiddenSize)}
}

func (tableEmbedding) checkValues(*Model) error { return nil }

func (tableEmbedding) projection(*Config) []WeightSpec { return nil }

func (tableEmbedding) isMap(string) bool { return false }

func (tableEmbedding) lookUp(f *Forward, ids *Node) *Node {
	return Gather(f.Weight(wordEmbeddings), ExpandAxes(ids, -1))
}

func (tableEmbedding) project(_ *Forward, x *Node) *Node { return x }

func (tableEmbedding) decode(f *Forward, x, bias *Node) *Node {
	return f.affine(x, f.Weight(wordEmbeddings), bias)
}

func (tableEmbedding) table(m *Model) ([]float32, error) {
	table, _, err := m.Weight(wordEmbeddings)
	return table, err
}

func (tableEmbedding) keepWords(m *Model, rows []int) error { return m.keepRows(wordEmbeddings, rows) }

func (tableEmbedding) portLookUp(p *portable, ids *onnx.Value) *onnx.Value {
	return p.rows("embeddings/words", wordEmbeddings, ids)
}

func (tableEmbedding) portProject(_ *portable, x *onnx.Value) *onnx.Value { return x }

func (tableEmbedding) portDecode(p *portable, x *onnx.Value) *onnx.Value {
	return p.decode(x, wordEmbeddings)
}
