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
	// Bank is what maps compute from weights alone, once a pass whatever its tokens: mixed cores and products of a bank's factors.
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
		alone, together := passMACs{once: &m.Bank}, passMACs{once: &m.Bank, read: map[int]bool{}}
		m.QueryKeyValue += c.mapMACs(l, Query, asking, together) + c.mapMACs(l, Key, all, together) + c.mapMACs(l, Value, all, together)
		m.Scores += asking * length * width
		m.Context += asking * length * width
		m.AttentionOutput += c.mapMACs(l, AttentionOutput, asking, alone)
		m.FeedForward += c.mapMACs(l, FFNIn, asking, alone) + c.mapMACs(l, FFNOut, asking, alone)
	}
	m.Pooler = rows * c.HiddenSize * c.HiddenSize
	m.Embedding = c.Embedding.form().macs(c, rows*length)
	return m
}

// passMACs are what the operations of a map depend on beside the map itself, and what is computed for more than the map.
type passMACs struct {
	// once are operations on weights alone, which do not depend on the number of tokens.
	once *int
	// read are the numbers of tokens for which maps with the same input have multiplied it by a factor that they share; nil where no
	// other map reads the input.
	read map[int]bool
}

// mapMACs are the operations of a layer's linear map for a number of tokens.
func (c *Config) mapMACs(layer int, role Role, tokens int, pass passMACs) int {
	of := c.heldMap(layer, role)
	return of.form().macs(of, tokens, pass)
}
