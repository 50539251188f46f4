package gbert

import (
	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// factoredEmbedding is the word table as a product, U [V, E] · V [E, D].
type factoredEmbedding struct {
	Size int `json:"size"`
}

// FactoredWords is the word table alone as a product, U [V, E] · V [E, D], stored in this order; all else is as in BERT. At E = D it
// computes what any BERT computes, so it is the form of a converted one.
func FactoredWords(size int) EmbeddingForm { return EmbeddingForm{factoredEmbedding{size}} }

const (
	wordFactorU = wordEmbeddings + "_u" // [V, E]
	wordFactorV = wordEmbeddings + "_v" // [E, D]
)

func (factoredEmbedding) kind() EmbeddingKind  { return "factored" }
func (f factoredEmbedding) size() int          { return f.Size }
func (f factoredEmbedding) check() error       { return checkEmbeddingSize(f.Size) }
func (factoredEmbedding) width(c *Config) int  { return c.HiddenSize }
func (factoredEmbedding) projects() bool       { return false }
func (factoredEmbedding) plain() EmbeddingForm { return EmbeddingForm{} }

func (f factoredEmbedding) macs(c *Config, tokens int) int { return tokens * f.Size * c.HiddenSize }

func (f factoredEmbedding) words(c *Config) []WeightSpec {
	return []WeightSpec{normal(wordFactorU, c.VocabSize, f.Size), normal(wordFactorV, f.Size, c.HiddenSize)}
}

func (factoredEmbedding) checkValues(*Model) error { return nil }

func (factoredEmbedding) projection(*Config) []WeightSpec { return nil }

func (factoredEmbedding) isMap(name string) bool { return name == wordFactorV }

func (e factoredEmbedding) lookUp(f *Forward, ids *Node) *Node {
	u := Gather(f.Weight(wordFactorU), ExpandAxes(ids, -1))                      // [B, S, E]
	v := f.Weight(wordFactorV)                                                   // [E, D]
	words := DotGeneral(Reshape(u, -1, e.Size), []int{1}, nil, v, []int{0}, nil) // [B·S, D]
	dims := ids.Shape().Dimensions
	return Reshape(words, dims[0], dims[1], f.config.HiddenSize)
}

func (factoredEmbedding) project(_ *Forward, x *Node) *Node { return x }

func (factoredEmbedding) decode(f *Forward, x, bias *Node) *Node {
	return f.affine(f.affine(x, f.Weight(wordFactorV), nil), f.Weight(wordFactorU), bias)
}

func (f factoredEmbedding) table(m *Model) ([]float32, error) {
	return m.product(wordFactorU, wordFactorV, m.Config.VocabSize, f.Size, m.Config.HiddenSize)
}

func (factoredEmbedding) keepWords(m *Model, rows []int) error { return m.keepRows(wordFactorU, rows) }

func (factoredEmbedding) portLookUp(p *portable, ids *onnx.Value) *onnx.Value {
	return p.graph.MatMul("embeddings/words", p.rows("embeddings/words", wordFactorU, ids), p.weight(wordFactorV))
}

func (factoredEmbedding) portProject(_ *portable, x *onnx.Value) *onnx.Value { return x }

func (factoredEmbedding) portDecode(p *portable, x *onnx.Value) *onnx.Value {
	g, node := p.graph, "predictions/decoder"
	return p.decode(g.MatMul(node+"/v", x, p.transposed(wordFactorV)), wordFactorU)
}
