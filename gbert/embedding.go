package gbert

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// EmbeddingForm is how the embeddings are stored and computed (Lan et al. 2020, arXiv:1909.11942, section 3.1, "factorized
// embedding parameterization"). The zero value is BERT's: tables of words, positions and token types of the hidden size D, whose
// rows are added and normalised.
type EmbeddingForm struct {
	Kind EmbeddingKind `json:"kind"`
	// Size is the embedding size E.
	Size int `json:"size"`
}

// EmbeddingKind is the kind of an [EmbeddingForm].
type EmbeddingKind string

// The kinds of factorised embeddings. With V words, P positions and T token types:
const (
	// FactoredWords is the word table alone as a product, U [V, E] · V [E, D]; all else is as in BERT. At E = D it computes what
	// any BERT computes, so it is the form of a converted one.
	FactoredWords EmbeddingKind = "factored"
	// Projected is ALBERT's: all tables and the LayerNorm after their sum have size E, and a linear map with a bias,
	// "embedding_hidden_mapping_in", takes the normalised sum to D. The masked-language-model head works in size E.
	Projected EmbeddingKind = "projected"
)

const (
	wordFactorU      = wordEmbeddings + "_u" // [V, E]
	wordFactorV      = wordEmbeddings + "_v" // [E, D]
	projectionWeight = "bert.embeddings.projection.weight"
	projectionBias   = "bert.embeddings.projection.bias"
)

// WordTableName is the name of the word table [V, D] of BERT, [V, E] where embeddings are [Projected].
func WordTableName() string { return wordEmbeddings }

// WordFactorNames are the names of U [V, E] and V [E, D] of [FactoredWords].
func WordFactorNames() (u, v string) { return wordFactorU, wordFactorV }

// IsEmbeddingMap reports whether a weight takes the embedding size to the hidden size.
func IsEmbeddingMap(name string) bool {
	return name == wordFactorV || name == projectionWeight || name == projectionBias
}

// check reports a form that cannot be.
func (f EmbeddingForm) check() error {
	switch f.Kind {
	case "":
		if f.Size != 0 {
			return fmt.Errorf("bertlab.embedding has the size %d but no kind; the kinds are %q and %q", f.Size, FactoredWords, Projected)
		}
	case FactoredWords, Projected:
		if f.Size < 1 || f.Size > maxDimension {
			return fmt.Errorf("bertlab.embedding has the size %d; it must be between 1 and %d", f.Size, maxDimension)
		}
	default:
		return fmt.Errorf("bertlab.embedding has the kind %q; the kinds are %q and %q", f.Kind, FactoredWords, Projected)
	}
	return nil
}

// embeddingWidth is the width of the sum of the embeddings.
func (c *Config) embeddingWidth() int {
	if c.Embedding.Kind == Projected {
		return c.Embedding.Size
	}
	return c.HiddenSize
}

// embeddingParameters are the weights of the embeddings.
func embeddingParameters(c *Config) []WeightSpec {
	width := c.embeddingWidth()
	words := []WeightSpec{{wordEmbeddings, []int{c.VocabSize, width}, initNormal}}
	if c.Embedding.Kind == FactoredWords {
		words = []WeightSpec{
			{wordFactorU, []int{c.VocabSize, c.Embedding.Size}, initNormal}, {wordFactorV, []int{c.Embedding.Size, c.HiddenSize}, initNormal},
		}
	}
	params := append(words,
		WeightSpec{positionEmbeddings, []int{c.MaxPositionEmbeddings, width}, initNormal},
		WeightSpec{typeEmbeddings, []int{c.TypeVocabSize, width}, initNormal},
	)
	params = append(params, layerNormParameters(embeddingsNorm, width)...)
	if c.Embedding.Kind == Projected {
		params = append(params, WeightSpec{projectionWeight, []int{c.HiddenSize, width}, initNormal}, WeightSpec{projectionBias, []int{c.HiddenSize}, initZero})
	}
	return params
}

// embedWords looks words up: [B, S] to [B, S, D], or [B, S, E] where embeddings are projected.
func (f *Forward) embedWords(ids *Node) *Node {
	rows := ExpandAxes(ids, -1)
	if f.config.Embedding.Kind != FactoredWords {
		return Gather(f.Weight(wordEmbeddings), rows)
	}
	u := Gather(f.Weight(wordFactorU), rows)                                                      // [B, S, E]
	v := f.Weight(wordFactorV)                                                                    // [E, D]
	words := DotGeneral(Reshape(u, -1, f.config.Embedding.Size), []int{1}, nil, v, []int{0}, nil) // [B·S, D]
	dims := ids.Shape().Dimensions
	return Reshape(words, dims[0], dims[1], f.config.HiddenSize)
}

// projectEmbeddings takes the normalised sum of projected embeddings [B, S, E] to [B, S, D].
func (f *Forward) projectEmbeddings(x *Node) *Node {
	if f.config.Embedding.Kind != Projected {
		return x
	}
	return affine(x, f.Weight(projectionWeight), f.Weight(projectionBias))
}

// decodeWords is the decoder of the masked-language-model head, which is the word table again where it has no table of its own:
// [B, S, D], or [B, S, E] where embeddings are projected, to [B, S, V].
func (f *Forward) decodeWords(x *Node) *Node {
	bias := f.Weight(f.config.wordBias())
	if !f.config.tied() {
		return affine(x, f.Weight(decoderWeight), bias)
	}
	if f.config.Embedding.Kind == FactoredWords {
		return affine(affine(x, f.Weight(wordFactorV), nil), f.Weight(wordFactorU), bias)
	}
	return affine(x, f.Weight(wordEmbeddings), bias)
}

// denseEmbeddings writes the product of a factored word table into plain.
func (m *Model) denseEmbeddings(plain *Model) error {
	if m.Config.Embedding.Kind != FactoredWords {
		return nil
	}
	table, err := m.WordTable()
	if err != nil {
		return err
	}
	plain.Config.Embedding = EmbeddingForm{}
	return plain.SetWeight(wordEmbeddings, []int{m.Config.VocabSize, m.Config.HiddenSize}, table)
}

// WordTable is the word table [V, D], row-major, whatever form it is stored in; [V, E] where embeddings are [Projected]. The slice
// must not be changed.
func (m *Model) WordTable() ([]float32, error) {
	c := m.Config
	if c.Embedding.Kind != FactoredWords {
		table, _, err := m.Weight(wordEmbeddings)
		return table, err
	}
	u, _, err := m.Weight(wordFactorU)
	if err != nil {
		return nil, err
	}
	v, _, err := m.Weight(wordFactorV)
	if err != nil {
		return nil, err
	}
	return multiply(u, v, c.VocabSize, c.Embedding.Size, c.HiddenSize), nil
}
