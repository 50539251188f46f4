package gbert

import (
	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// projectedEmbedding is ALBERT's: tables of the embedding size E.
type projectedEmbedding struct {
	Size int `json:"size"`
}

// Projected are ALBERT's embeddings: all tables and the LayerNorm after their sum have size E, and a linear map with a bias,
// "embedding_hidden_mapping_in", takes the normalised sum to D. The masked-language-model head works in size E.
func Projected(size int) EmbeddingForm { return EmbeddingForm{projectedEmbedding{size}} }

const (
	projectionWeight = "bert.embeddings.projection.weight"
	projectionBias   = "bert.embeddings.projection.bias"
)

func (projectedEmbedding) kind() EmbeddingKind    { return "projected" }
func (p projectedEmbedding) size() int            { return p.Size }
func (p projectedEmbedding) check() error         { return checkEmbeddingSize(p.Size) }
func (p projectedEmbedding) width(*Config) int    { return p.Size }
func (projectedEmbedding) projects() bool         { return true }
func (p projectedEmbedding) plain() EmbeddingForm { return EmbeddingForm{p} }

func (p projectedEmbedding) macs(c *Config, tokens int) int { return tokens * p.Size * c.HiddenSize }

func (p projectedEmbedding) words(c *Config) []WeightSpec {
	return []WeightSpec{normal(wordEmbeddings, c.VocabSize, p.Size)}
}

func (projectedEmbedding) checkValues(*Model) error { return nil }

func (p projectedEmbedding) projection(c *Config) []WeightSpec {
	return []WeightSpec{normal(projectionWeight, c.HiddenSize, p.Size), zero(projectionBias, c.HiddenSize)}
}

func (projectedEmbedding) isMap(name string) bool {
	return name == projectionWeight || name == projectionBias
}

func (projectedEmbedding) lookUp(f *Forward, ids *Node) *Node {
	return Gather(f.Weight(wordEmbeddings), ExpandAxes(ids, -1))
}

func (projectedEmbedding) project(f *Forward, x *Node) *Node {
	return f.affine(x, f.Weight(projectionWeight), f.Weight(projectionBias))
}

func (projectedEmbedding) decode(f *Forward, x, bias *Node) *Node {
	return f.affine(x, f.Weight(wordEmbeddings), bias)
}

func (projectedEmbedding) table(m *Model) ([]float32, error) {
	table, _, err := m.Weight(wordEmbeddings)
	return table, err
}

func (projectedEmbedding) keepWords(m *Model, rows []int) error {
	return m.keepRows(wordEmbeddings, rows)
}

func (projectedEmbedding) portLookUp(p *portable, ids *onnx.Value) *onnx.Value {
	return p.rows("embeddings/words", wordEmbeddings, ids)
}

func (projectedEmbedding) portProject(p *portable, x *onnx.Value) *onnx.Value {
	return p.graph.Add("embeddings/projection", p.product("embeddings/projection", x, projectionWeight), p.weight(projectionBias))
}

func (projectedEmbedding) portDecode(p *portable, x *onnx.Value) *onnx.Value {
	return p.decode(x, wordEmbeddings)
}
