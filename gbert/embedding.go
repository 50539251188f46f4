package gbert

import (
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// EmbeddingForm is how the embeddings are stored and computed (Lan et al. 2020, arXiv:1909.11942, section 3.1, "factorized
// embedding parameterization"). The zero value is BERT's: tables of words, positions and token types of the hidden size D, whose
// rows are added and normalised; [FactoredWords] and [Projected] make the others. Forms are equal (==) where their kind and their
// numbers are.
//
// As with [Form], a form of embeddings is one file, embedding_<kind>.go, and a line in embeddings.
type EmbeddingForm struct{ stored embedding }

// EmbeddingKind is the name of an [EmbeddingForm], without its numbers; empty for BERT's.
type EmbeddingKind string

// embeddings are all forms of embeddings. The first is what a model without an entry in config.json has.
var embeddings = []embedding{tableEmbedding{}, factoredEmbedding{}, projectedEmbedding{}, int8Embedding{}}

// An embedding is one way to store the embeddings. Its value is the entry in config.json, as that of a [form]. V are the words, D is
// the hidden size.
type embedding interface {
	kind() EmbeddingKind
	// size is the embedding size E; 0 where it is the hidden size.
	size() int
	// check reports a size that cannot be.
	check() error
	// checkValues reports stored values that cannot be.
	checkValues(m *Model) error
	// width is that of the sum of the embeddings: D, or E where it is projected.
	width(c *Config) int
	projects() bool
	// words are the weights of the word table, projection those of the map from the sum to D.
	words(c *Config) []WeightSpec
	projection(c *Config) []WeightSpec
	// isMap says whether a weight takes E to D.
	isMap(name string) bool
	// lookUp takes ids [B, S] to their words' vectors [B, S, width].
	lookUp(f *Forward, ids *Node) *Node
	// project takes the normalised sum [B, S, width] to [B, S, D].
	project(f *Forward, x *Node) *Node
	// decode is x·Wᵀ + bias with the word table W, [B, S, width] to [B, S, V].
	decode(f *Forward, x, bias *Node) *Node
	// portLookUp, portProject and portDecode are the same in ONNX, for ids of int64.
	portLookUp(p *portable, ids *onnx.Value) *onnx.Value
	portProject(p *portable, x *onnx.Value) *onnx.Value
	portDecode(p *portable, x *onnx.Value) *onnx.Value
	// macs are the operations for a number of tokens.
	macs(c *Config, tokens int) int
	// table is the word table [V, width], row-major.
	table(m *Model) ([]float32, error)
	// keepWords keeps the rows of words, ascending, in a model whose configuration has the number of words that it had.
	keepWords(m *Model, rows []int) error
	// plain is what the form becomes in a model that any program reads.
	plain() EmbeddingForm
}

// form is the form, whose zero value stands for the first.
func (f EmbeddingForm) form() embedding {
	if f.stored == nil {
		return embeddings[0]
	}
	return f.stored
}

func embeddingOf(stored embedding) EmbeddingForm {
	if stored == embeddings[0] {
		return EmbeddingForm{}
	}
	return EmbeddingForm{stored}
}

// Kind is the form's name; empty for BERT's.
func (f EmbeddingForm) Kind() EmbeddingKind { return f.form().kind() }

// Size is the embedding size E; 0 for BERT's, which is the hidden size.
func (f EmbeddingForm) Size() int { return f.form().size() }

// IsPlain says whether the embeddings are BERT's.
func (f EmbeddingForm) IsPlain() bool { return f == EmbeddingForm{} }

// Projects says whether a map takes the sum of all embeddings to the hidden size, as in ALBERT.
func (f EmbeddingForm) Projects() bool { return f.form().projects() }

// String is the kind and the size.
func (f EmbeddingForm) String() string { return fmt.Sprintf("{%s %d}", f.Kind(), f.Size()) }

// MarshalJSON writes the form as its entry in config.json: its kind, then its numbers.
func (f EmbeddingForm) MarshalJSON() ([]byte, error) { return writeEntry(string(f.Kind()), f.form()) }

// UnmarshalJSON reads an entry of config.json. A kind that is not known is an error of [Config], not of the entry.
func (f *EmbeddingForm) UnmarshalJSON(data []byte) error {
	kind, err := entryKind("embedding", data)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(embeddings, func(known embedding) bool { return string(known.kind()) == kind })
	if at < 0 {
		f.stored = unknownEmbedding{name: EmbeddingKind(kind)}
		return nil
	}
	stored, err := readEntry("embedding", data, embeddings[at])
	if err == nil {
		*f = embeddingOf(stored)
	}
	return err
}

// unknownEmbedding is what a file has that no form here reads: good for an error alone.
type unknownEmbedding struct {
	tableEmbedding
	name EmbeddingKind
}

func (u unknownEmbedding) kind() EmbeddingKind { return u.name }

func (u unknownEmbedding) check() error {
	return fmt.Errorf("has the kind %q; the kinds are %s", u.name, embeddingKinds())
}

// embeddingKinds lists the kinds that have a name, for an error.
func embeddingKinds() string {
	var kinds []string
	for _, known := range embeddings {
		if known.kind() != "" {
			kinds = append(kinds, fmt.Sprintf("%q", known.kind()))
		}
	}
	return enumerate(kinds, " and ")
}

func checkEmbeddingSize(size int) error {
	if size < 1 || size > maxDimension {
		return fmt.Errorf("has the size %d; it must be between 1 and %d", size, maxDimension)
	}
	return nil
}

// WordTableName is the name of the word table [V, D] of BERT, [V, E] where embeddings are [Projected].
func WordTableName() string { return wordEmbeddings }

// embeddingWidth is the width of the sum of the embeddings.
func (c *Config) embeddingWidth() int { return c.Embedding.form().width(c) }

// WordWeights are the weights in which the word table is stored.
func (c *Config) WordWeights() []WeightSpec { return c.Embedding.form().words(c) }

// IsEmbeddingMap reports whether a weight takes the embedding size to the hidden size.
func (c *Config) IsEmbeddingMap(name string) bool { return c.Embedding.form().isMap(name) }

// embeddingParameters are the weights of the embeddings.
func embeddingParameters(c *Config) []WeightSpec {
	width := c.embeddingWidth()
	params := append(c.WordWeights(),
		normal(positionEmbeddings, c.MaxPositionEmbeddings, width),
		normal(typeEmbeddings, c.TypeVocabSize, width),
	)
	params = append(params, layerNormParameters(embeddingsNorm, width)...)
	return append(params, c.Embedding.form().projection(c)...)
}

// decodeWords is the decoder of the masked-language-model head, which is the word table again where it has no table of its own:
// [B, S, D], or [B, S, E] where embeddings are projected, to [B, S, V].
func (f *Forward) decodeWords(x *Node) *Node {
	bias := f.Weight(f.config.wordBias())
	if !f.config.tied() {
		return f.affine(x, f.Weight(decoderWeight), bias)
	}
	return f.config.Embedding.form().decode(f, x, bias)
}

// denseEmbeddings makes the embeddings of a copy such as any program reads.
func (m *Model) denseEmbeddings(plain *Model) error {
	form := m.Config.Embedding.form().plain()
	if form == m.Config.Embedding {
		return nil
	}
	table, err := m.WordTable()
	if err != nil {
		return err
	}
	return plain.StoreWords(form, table)
}

// WordTable is the word table [V, D], row-major, whatever form it is stored in; [V, E] where embeddings are [Projected]. The slice
// must not be changed.
func (m *Model) WordTable() ([]float32, error) { return m.Config.Embedding.form().table(m) }

// StoreWords stores the word table in another form: values are those of the weights that [Config.WordWeights] names then, in their
// order. Use it on a [Model.Clone].
func (m *Model) StoreWords(form EmbeddingForm, values ...[]float32) error {
	for _, spec := range m.Config.WordWeights() {
		m.DeleteWeight(spec.Name)
	}
	m.Config.Embedding = form
	return m.setAll(m.Config.WordWeights(), values)
}
