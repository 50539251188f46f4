package gbert

// MACs are the multiply-accumulate operations of one forward pass of one example, by component: the linear maps, Q·Kᵀ and the
// attention-weighted sum of V. Additions of biases, LayerNorms, softmax and activations are not counted.
type MACs struct {
	QueryKeyValue   int `json:"query_key_value"`
	Scores          int `json:"scores"`  // Q·Kᵀ
	Context         int `json:"context"` // probabilities · V
	AttentionOutput int `json:"attention_output"`
	FeedForward     int `json:"feed_forward"`
	Pooler          int `json:"pooler"`
}

// Total is the sum of the components.
func (m MACs) Total() int {
	return m.QueryKeyValue + m.Scores + m.Context + m.AttentionOutput + m.FeedForward + m.Pooler
}

// MACs counts the encoder and the pooler for a sequence of the given length. With onlyCLS the last layer is counted as
// [Forward.Encode] computes it for a classifier: queries, outputs and feed-forward network at [CLS] alone.
func (c *Config) MACs(length int, onlyCLS bool) MACs {
	var m MACs
	for l, shape := range c.Layers {
		asking := length
		if onlyCLS && l == len(c.Layers)-1 {
			asking = 1
		}
		width := len(shape.Heads) * c.HeadSize()
		m.QueryKeyValue += asking*c.mapMACs(l, Query) + length*(c.mapMACs(l, Key)+c.mapMACs(l, Value))
		m.Scores += asking * length * width
		m.Context += asking * length * width
		m.AttentionOutput += asking * c.mapMACs(l, AttentionOutput)
		m.FeedForward += asking * (c.mapMACs(l, FFNIn) + c.mapMACs(l, FFNOut))
	}
	m.Pooler = c.HiddenSize * c.HiddenSize
	return m
}

// mapMACs are the operations of a layer's linear map at one position.
func (c *Config) mapMACs(layer int, role Role) int {
	out, in := c.linearDims(layer, role)
	form := c.Layers[layer].Form(role)
	if form.Kind == Tied {
		form = c.Layers[form.Layer].Form(role)
	}
	if form.Kind == Factored {
		return form.Rank * (out + in)
	}
	return out * in
}
