package profile

import (
	"strings"

	"bertlab/gbert"
)

// Component is a part of the model. Every weight belongs to one, and every step of a forward pass.
type Component string

// The components, after Ganesh et al. 2021, figure 1, with the parts that they leave out.
const (
	// Embedding looks words, positions and token types up, adds and normalises them; with factorised embeddings it maps them to the
	// hidden size, too.
	Embedding Component = "embedding"
	// QueryKeyValue are the three linear maps before attention.
	QueryKeyValue Component = "query_key_value"
	// Attention is Q·Kᵀ, softmax, and probabilities · V. It has no weights.
	Attention Component = "attention"
	// AttentionOutput is the linear map after attention.
	AttentionOutput Component = "attention_output"
	// FeedForward are the two linear maps of the feed-forward network and the activation between them.
	FeedForward Component = "feed_forward"
	// Norm are the residual sums and LayerNorms of the layers.
	Norm Component = "norm"
	// Pooler is tanh of a linear map of [CLS].
	Pooler Component = "pooler"
	// Head is a head for a task. It is no part of the pass that is measured: only its parameters are counted.
	Head Component = "head"
	// Shared are weights that several components read, such as the bank of a Tucker decomposition of the whole model.
	Shared Component = "shared"
)

// Components are all components in the order of the computation.
var Components = []Component{Embedding, QueryKeyValue, Attention, AttentionOutput, FeedForward, Norm, Pooler, Head, Shared}

// String is the component's name for readers.
func (c Component) String() string {
	switch c {
	case QueryKeyValue:
		return "query, key, value"
	case AttentionOutput:
		return "attention output"
	case FeedForward:
		return "feed-forward"
	case Norm:
		return "LayerNorm, residual"
	}
	return string(c)
}

// Of is the component of a weight, by its name.
func Of(weight string) Component {
	switch {
	case gbert.IsEmbedding(weight):
		return Embedding
	case strings.HasPrefix(weight, "bert.pooler."):
		return Pooler
	case strings.HasPrefix(weight, "classifier."), strings.HasPrefix(weight, "qa_outputs."), strings.HasPrefix(weight, "cls."):
		return Head
	}
	rest, ok := strings.CutPrefix(weight, "bert.encoder.layer.")
	if !ok {
		return Shared
	}
	switch _, part, _ := strings.Cut(rest, "."); {
	case strings.Contains(part, "LayerNorm"):
		return Norm
	case strings.HasPrefix(part, "attention.self."):
		return QueryKeyValue
	case strings.HasPrefix(part, "attention.output."):
		return AttentionOutput
	case strings.HasPrefix(part, "intermediate."), strings.HasPrefix(part, "output."):
		return FeedForward
	}
	return Shared
}
