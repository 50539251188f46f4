package sharing

import (
	"strings"

	"bertlab/gbert"
)

// Parts are numbers of parameters, by what they belong to. A weight that layers share counts once.
type Parts struct {
	// Embeddings are the tables of words, positions and token types and their LayerNorm.
	Embeddings int `json:"embeddings"`
	// Projection is the map, in ALBERT with a bias, from the embedding size to the hidden size where these differ.
	Projection int `json:"projection,omitempty"`
	// Bank is what the banked maps of all layers share.
	Bank      int `json:"bank,omitempty"`
	Attention int `json:"attention"`
	FFN       int `json:"feed_forward"`
	// LayerNorms are those of the layers.
	LayerNorms int `json:"layer_norms"`
	Pooler     int `json:"pooler"`
	// Head is the classifier or the masked-language-model head.
	Head int `json:"head"`
}

// Total is the sum of the parts.
func (p Parts) Total() int {
	return p.Embeddings + p.Projection + p.Encoder() + p.Pooler + p.Head
}

// Encoder is the sum of the parts of the layers.
func (p Parts) Encoder() int { return p.Bank + p.Attention + p.FFN + p.LayerNorms }

// Count counts a model's parameters.
func Count(m *gbert.Model) Parts {
	var p Parts
	for _, spec := range m.Weights() {
		size := spec.Size()
		switch name := spec.Name; {
		case m.Config.IsEmbeddingMap(name):
			p.Projection += size
		case gbert.IsEmbedding(name):
			p.Embeddings += size
		case strings.HasPrefix(name, "bert.pooler."):
			p.Pooler += size
		case !strings.HasPrefix(name, "bert.encoder."):
			p.Head += size
		case gbert.IsShared(name):
			p.Bank += size
		case strings.Contains(name, ".LayerNorm."):
			p.LayerNorms += size
		case strings.Contains(name, ".attention."):
			p.Attention += size
		default:
			p.FFN += size
		}
	}
	return p
}
