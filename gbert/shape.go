package gbert

import (
	"fmt"
	"maps"
	"slices"
)

// Role names a linear map of the model. The maps of the encoder exist once a layer; the others once.
type Role string

// The linear maps of a BERT.
const (
	Query           Role = "query"            // [kept heads × head size, hidden]
	Key             Role = "key"              // [kept heads × head size, hidden]
	Value           Role = "value"            // [kept heads × head size, hidden]
	AttentionOutput Role = "attention_output" // [hidden, kept heads × head size]
	FFNIn           Role = "ffn_in"           // [intermediate, hidden]
	FFNOut          Role = "ffn_out"          // [hidden, intermediate]
	PoolerDense     Role = "pooler"           // [hidden, hidden]
	ClassifierDense Role = "classifier"       // [labels, hidden]
	SpanDense       Role = "qa_outputs"       // [2, hidden]
	TransformDense  Role = "mlm_transform"    // [hidden, hidden]
)

// The LayerNorms of a layer. They are no linear maps, but layers may share them: in [LayerShape.Forms] they are dense or tied.
const (
	AttentionNorm Role = "attention_norm" // after attention
	OutputNorm    Role = "output_norm"    // after the feed-forward network
)

// LayerRoles are the linear maps of one encoder layer, in the order of the computation.
var LayerRoles = []Role{Query, Key, Value, AttentionOutput, FFNIn, FFNOut}

// TieRoles are all parts of a layer that may be tied: its linear maps and its LayerNorms.
var TieRoles = append(slices.Clone(LayerRoles), AttentionNorm, OutputNorm)

func isNorm(role Role) bool { return role == AttentionNorm || role == OutputNorm }

// LayerShape is the shape of one encoder layer: what is left of it.
type LayerShape struct {
	// Origin is the number of this layer in the pretrained model, from 0.
	Origin int `json:"origin"`
	// Heads are the kept heads by their original numbers, ascending, in the order in which their rows are stored.
	Heads []int `json:"heads"`
	// IntermediateSize is the width of the layer's feed-forward network.
	IntermediateSize int `json:"intermediate_size"`
	// Neurons are the kept neurons of banked maps by their places in the slices, ascending; nil means the first IntermediateSize.
	Neurons []int `json:"neurons,omitempty"`
	// Forms says how each linear map is stored; a missing role is dense.
	Forms map[Role]Form `json:"forms,omitempty"`
}

// Operation is one line of a model's history: what was done to it.
type Operation struct {
	// Name is the technique, such as "heads.remove".
	Name string `json:"name"`
	// Arguments are its arguments, as they were given.
	Arguments map[string]any `json:"arguments,omitempty"`
}

// Form returns the form of a linear map; dense when nothing else is said.
func (s LayerShape) Form(role Role) Form { return s.Forms[role] }

// setForm says how a linear map is stored.
func (s *LayerShape) setForm(role Role, form Form) {
	if form.IsDense() {
		delete(s.Forms, role)
		return
	}
	if s.Forms == nil {
		s.Forms = map[Role]Form{}
	}
	s.Forms[role] = form
}

// Holder is the layer that stores a layer's map or LayerNorm: the layer itself, or the one that it is tied to.
func (c *Config) Holder(layer int, role Role) int {
	return c.Layers[layer].Form(role).form().holder(layer)
}

// HeldForm is the form of a layer's map where it is stored.
func (c *Config) HeldForm(layer int, role Role) Form {
	return c.Layers[c.Holder(layer, role)].Form(role)
}

// SharesLayers says whether a layer has a map or a LayerNorm that another one stores.
func (c *Config) SharesLayers() bool {
	for l, shape := range c.Layers {
		for role := range shape.Forms {
			if c.Holder(l, role) != l {
				return true
			}
		}
	}
	return false
}

func (s LayerShape) clone() LayerShape {
	s.Heads, s.Neurons = slices.Clone(s.Heads), slices.Clone(s.Neurons)
	s.Forms = maps.Clone(s.Forms)
	return s
}

// IsPlain reports whether the model has the shape of an ordinary Hugging Face BERT: all heads, full intermediate size,
// dense maps, in every layer; or that of an ALBERT, whose layers share as its groups do.
func (c *Config) IsPlain() bool {
	if !c.Embedding.IsPlain() {
		_, albert := c.albert()
		return albert
	}
	for i, layer := range c.Layers {
		if layer.Origin != i || len(layer.Heads) != c.NumAttentionHeads || layer.IntermediateSize != c.IntermediateSize || len(layer.Forms) > 0 || layer.Neurons != nil {
			return false
		}
	}
	return true
}

// plainLayers are the shapes of an uncompressed model's layers.
func plainLayers(c *Config) []LayerShape {
	layers := make([]LayerShape, c.NumHiddenLayers)
	for i := range layers {
		heads := make([]int, c.NumAttentionHeads)
		for h := range heads {
			heads[h] = h
		}
		layers[i] = LayerShape{Origin: i, Heads: heads, IntermediateSize: c.IntermediateSize}
	}
	return layers
}

// MapShape is the shape [out, in] of a layer's linear map, whatever form it is stored in.
func (c *Config) MapShape(layer int, role Role) (out, in int) { return c.linearDims(layer, role) }

// linearDims are the dimensions [out, in] of a layer's linear map.
func (c *Config) linearDims(layer int, role Role) (out, in int) {
	shape := c.Layers[layer]
	heads := len(shape.Heads) * c.HeadSize()
	switch role {
	case Query, Key, Value:
		return heads, c.HiddenSize
	case AttentionOutput:
		return c.HiddenSize, heads
	case FFNIn:
		return shape.IntermediateSize, c.HiddenSize
	case FFNOut:
		return c.HiddenSize, shape.IntermediateSize
	case AttentionNorm, OutputNorm: // a scale and a shift of each entry
		return c.HiddenSize, 1
	}
	panic(fmt.Sprintf("gbert: %q is not a linear map of a layer", role))
}

func (c *Config) validateLayers() error {
	if len(c.Layers) != c.NumHiddenLayers {
		return fmt.Errorf("bertlab.layers describes %d layers, num_hidden_layers is %d", len(c.Layers), c.NumHiddenLayers)
	}
	if err := c.Embedding.form().check(); err != nil {
		return fmt.Errorf("bertlab.embedding %w", err)
	}
	for _, form := range c.usedForms() {
		if err := form.checkShared(c); err != nil {
			return err
		}
	}
	for l, shape := range c.Layers {
		if shape.Origin < 0 || shape.Origin >= maxLayers {
			return fmt.Errorf("bertlab.layers[%d].origin is %d; it must be between 0 and %d", l, shape.Origin, maxLayers-1)
		}
		for i, head := range shape.Heads {
			if head < 0 || head >= c.NumAttentionHeads {
				return fmt.Errorf("bertlab.layers[%d].heads has head %d; the heads are 0…%d", l, head, c.NumAttentionHeads-1)
			}
			if i > 0 && head <= shape.Heads[i-1] {
				return fmt.Errorf("bertlab.layers[%d].heads must be ascending without repetition, it is %v", l, shape.Heads)
			}
		}
		if shape.IntermediateSize < 0 || shape.IntermediateSize > maxDimension {
			return fmt.Errorf("bertlab.layers[%d].intermediate_size is %d; it must be between 0 and %d", l, shape.IntermediateSize, maxDimension)
		}
		if err := shape.validateNeurons(l); err != nil {
			return err
		}
		for role, form := range shape.Forms {
			if err := c.checkForm(l, role, form); err != nil {
				return err
			}
		}
	}
	return nil
}

// MatrixParameters counts the encoder's matrices as dense ones, without biases.
func (c *Config) MatrixParameters() int {
	count := 0
	for _, layer := range c.Layers {
		count += 4*c.HiddenSize*c.HiddenSize + 2*c.HiddenSize*layer.IntermediateSize
	}
	return count
}
