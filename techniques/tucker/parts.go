package tucker

import (
	"strings"

	"bertlab/gbert"
)

// Parts are the parameters of a model by part, all that its file holds.
type Parts struct {
	Embeddings  int `json:"embeddings"`
	Attention   int `json:"attention"`    // of all layers, with LayerNorms
	FeedForward int `json:"feed_forward"` // of all layers, with LayerNorms
	Pooler      int `json:"pooler"`
	Heads       int `json:"heads"` // the classifier's, the masked-language model's
	Total       int `json:"total"`
}

// CountParts counts the parameters of a model by part. A tied map counts once, where it is held.
func CountParts(m *gbert.Model) Parts {
	var p Parts
	for _, spec := range m.Weights() {
		size := spec.Size()
		p.Total += size
		switch {
		case gbert.IsEmbedding(spec.Name):
			p.Embeddings += size
		case strings.Contains(spec.Name, "encoder.layer.") && strings.Contains(spec.Name, ".attention."):
			p.Attention += size
		case strings.Contains(spec.Name, "encoder.layer."):
			p.FeedForward += size
		case strings.Contains(spec.Name, "pooler."):
			p.Pooler += size
		default:
			p.Heads += size
		}
	}
	return p
}
