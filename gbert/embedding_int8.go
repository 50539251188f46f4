package gbert

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// int8Embedding is a form of embeddings whose word table is in eight-bit integers, with a scale for each row.
type int8Embedding struct {
	// Of and Size are the kind and the size of the form whose table it is.
	Of   EmbeddingKind `json:"of,omitempty"`
	Size int           `json:"size,omitempty"`
}

// Int8Words is another form of embeddings with its word table [V, width] in symmetric codes from −127 to 127 and a scale for each word
// [V], stored in this order before what else the other form has of the words. Neither is trained. Of a form that is int8 already it is
// that form.
func Int8Words(of EmbeddingForm) EmbeddingForm {
	if IsInt8Words(of) {
		return of
	}
	return EmbeddingForm{int8Embedding{Of: of.Kind(), Size: of.Size()}}
}

// IsInt8Words says whether a form of embeddings is [Int8Words].
func IsInt8Words(form EmbeddingForm) bool {
	_, ok := form.stored.(int8Embedding)
	return ok
}

// base is the form whose table it is; nil where there is none of the kind.
func (e int8Embedding) base() embedding {
	switch e.Of {
	case tableEmbedding{}.kind():
		return tableEmbedding{Size: e.Size}
	case factoredEmbedding{}.kind():
		return factoredEmbedding{e.Size}
	case projectedEmbedding{}.kind():
		return projectedEmbedding{e.Size}
	}
	return nil
}

// rows is the table as a matrix.
func (e int8Embedding) rows(c *Config) int8Matrix {
	table := e.base().words(c)[0]
	return int8Matrix{table.Name, table.Shape[0], table.Shape[1]}
}

func (int8Embedding) kind() EmbeddingKind      { return "int8" }
func (e int8Embedding) size() int              { return e.Size }
func (e int8Embedding) width(c *Config) int    { return e.base().width(c) }
func (e int8Embedding) projects() bool         { return e.base() != nil && e.base().projects() }
func (e int8Embedding) isMap(name string) bool { return e.base().isMap(name) }
func (e int8Embedding) plain() EmbeddingForm   { return e.base().plain() }

func (e int8Embedding) check() error {
	if e.base() == nil {
		return fmt.Errorf("is int8 of the kind %q; it must be that of a table, \"factored\" or \"projected\"", e.Of)
	}
	return e.base().check()
}

func (e int8Embedding) checkValues(m *Model) error { return e.rows(m.Config).check(m, false) }

func (e int8Embedding) words(c *Config) []WeightSpec {
	return append(e.rows(c).weights(), e.base().words(c)[1:]...)
}

func (e int8Embedding) projection(c *Config) []WeightSpec { return e.base().projection(c) }

func (e int8Embedding) macs(c *Config, tokens int) int { return e.base().macs(c, tokens) }

// isFactored says whether rows of the table become vectors by a further map V.
func (e int8Embedding) isFactored() bool { return e.Of == factoredEmbedding{}.kind() }

func (e int8Embedding) lookUp(f *Forward, ids *Node) *Node {
	table, at := e.rows(f.config), ExpandAxes(ids, -1)
	rows := Mul(Gather(f.Weight(table.codes()), at), ExpandAxes(Gather(f.Weight(table.scales()), at), -1)) // [B, S, width]
	if !e.isFactored() {
		return rows
	}
	dims := ids.Shape().Dimensions
	words := DotGeneral(Reshape(rows, -1, e.Size), []int{1}, nil, f.Weight(wordFactorV), []int{0}, nil)
	return Reshape(words, dims[0], dims[1], f.config.HiddenSize)
}

func (e int8Embedding) project(f *Forward, x *Node) *Node { return e.base().project(f, x) }

func (e int8Embedding) decode(f *Forward, x, bias *Node) *Node {
	if e.isFactored() {
		x = f.affine(x, f.Weight(wordFactorV), nil)
	}
	table := e.rows(f.config)
	y := Mul(f.affine(x, f.Weight(table.codes()), nil), ExpandLeftToRank(f.Weight(table.scales()), x.Rank()))
	return Add(y, ExpandLeftToRank(bias, y.Rank()))
}

func (e int8Embedding) table(m *Model) ([]float32, error) {
	table := e.rows(m.Config)
	rows, err := table.matrix(m)
	if err != nil || !e.isFactored() {
		return rows, err
	}
	v, _, err := m.Weight(wordFactorV)
	if err != nil {
		return nil, err
	}
	return multiply(rows, v, table.out, e.Size, m.Config.HiddenSize), nil
}

func (e int8Embedding) keepWords(m *Model, rows []int) error {
	table := e.rows(m.Config)
	if err := m.keepRows(table.codes(), rows); err != nil {
		return err
	}
	return m.keepRows(table.scales(), rows)
}

func (e int8Embedding) portLookUp(p *portable, ids *onnx.Value) *onnx.Value {
	const node = "embeddings/words"
	table := e.rows(p.config)
	rows := p.int8Rows(node, p.stored(table.codes(), false), p.column(node, table.scales()), ids)
	if !e.isFactored() {
		return rows
	}
	return p.graph.MatMul(node, rows, p.weight(wordFactorV))
}

func (e int8Embedding) portProject(p *portable, x *onnx.Value) *onnx.Value {
	return e.base().portProject(p, x)
}

func (e int8Embedding) portDecode(p *portable, x *onnx.Value) *onnx.Value {
	const node = "predictions/decoder"
	if e.isFactored() {
		x = p.graph.MatMul(node+"/v", x, p.transposed(wordFactorV))
	}
	table := e.rows(p.config)
	return p.decodeWith(x, p.graph.Mul(node+"/table", p.weight(table.codes()), p.column(node, table.scales())))
}
