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
	// Bank is what banked maps compute from weights alone, once a pass whatever its tokens: mixed cores and products of factors.
	Bank int `json:"bank,omitempty"`
	// Embedding is the map of factorised embeddings from the embedding size to the hidden size.
	Embedding int `json:"embedding,omitempty"`
}

// Total is the sum of the components.
func (m MACs) Total() int {
	return m.QueryKeyValue + m.Scores + m.Context + m.AttentionOutput + m.FeedForward + m.Pooler + m.Bank + m.Embedding
}

// MACs counts encoder, pooler and the map of factorised embeddings for a sequence of the given length. With onlyCLS the last layer
// is counted as [Forward.Encode] computes it for a classifier: queries, outputs and feed-forward network at [CLS] alone.
func (c *Config) MACs(length int, onlyCLS bool) MACs { return c.BatchMACs(1, length, onlyCLS) }

// MACs counts what the model computes for a sequence of the given length: for a head that reads [CLS] alone the last layer is computed
// there alone, for one that reads all tokens it is computed whole, and the pooler is not.
func (m *Model) MACs(length int) MACs {
	macs := m.Config.MACs(length, m.Head().ReadsCLS())
	if !m.Head().ReadsCLS() {
		macs.Pooler = 0
	}
	return macs
}

// BatchMACs counts one pass over a batch of sequences of the same length, as [Config.MACs] does for one.
func (c *Config) BatchMACs(rows, length int, onlyCLS bool) MACs {
	var m MACs
	for l, shape := range c.Layers {
		all := rows * length
		asking := all
		if onlyCLS && l == len(c.Layers)-1 {
			asking = rows
		}
		width := len(shape.Heads) * c.HeadSize()
		read := map[int]bool{} // numbers of tokens for which banked maps have multiplied their input by its factor already
		m.QueryKeyValue += c.mapMACs(l, Query, asking, &m, read) + c.mapMACs(l, Key, all, &m, read) + c.mapMACs(l, Value, all, &m, read)
		m.Scores += asking * length * width
		m.Context += asking * length * width
		m.AttentionOutput += c.mapMACs(l, AttentionOutput, asking, &m, nil)
		m.FeedForward += c.mapMACs(l, FFNIn, asking, &m, nil) + c.mapMACs(l, FFNOut, asking, &m, nil)
	}
	m.Pooler = rows * c.HiddenSize * c.HiddenSize
	m.Embedding = rows * length * c.Embedding.Size * c.HiddenSize
	return m
}

// mapMACs are the operations of a layer's linear map for a number of tokens. What a banked map computes from its weights goes to total.
func (c *Config) mapMACs(layer int, role Role, tokens int, total *MACs, read map[int]bool) int {
	out, in := c.linearDims(layer, role)
	form := c.Layers[layer].Form(role)
	if form.Kind == Tied {
		layer = form.Layer
		form = c.Layers[layer].Form(role)
	}
	switch form.Kind {
	case Factored:
		return tokens * form.Rank * (out + in)
	case Banked:
		m := c.bankedMap(layer, role)
		cost := m.cost(m.order(tokens), tokens)
		total.Bank += cost.weights
		if cost.read > 0 && read != nil {
			if read[tokens] {
				cost.read = 0
			}
			read[tokens] = true
		}
		return cost.read + cost.tokens
	}
	return tokens * out * in
}
