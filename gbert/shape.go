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

// FormKind says how a linear map is stored.
type FormKind string

// The forms of a linear map y = x·Wᵀ + b with W [out, in].
const (
	Dense    FormKind = "dense"    // W itself
	Factored FormKind = "factored" // W = U·V, U [out, rank], V [rank, in]
	Tied     FormKind = "tied"     // the weight and the bias of the same role in another layer
	Banked   FormKind = "banked"   // slices of the model's [Bank]
)

// Form is the form of one linear map and its numbers.
type Form struct {
	Kind FormKind `json:"kind"`
	// Rank is the inner width of a factored map.
	Rank int `json:"rank,omitempty"`
	// Layer is the layer (its present number, from 0) that holds the map of a tied one.
	Layer int `json:"layer,omitempty"`
	// Slices is the number of a banked map's slices.
	Slices int `json:"slices,omitempty"`
}

// Operation is one line of a model's history: what was done to it.
type Operation struct {
	// Name is the technique, such as "heads.remove".
	Name string `json:"name"`
	// Arguments are its arguments, as they were given.
	Arguments map[string]any `json:"arguments,omitempty"`
}

// Form returns the form of a linear map; dense when nothing else is said.
func (s LayerShape) Form(role Role) Form {
	if form, ok := s.Forms[role]; ok {
		return form
	}
	return Form{Kind: Dense}
}

func (s LayerShape) clone() LayerShape {
	s.Heads, s.Neurons = slices.Clone(s.Heads), slices.Clone(s.Neurons)
	s.Forms = maps.Clone(s.Forms)
	return s
}

// IsPlain reports whether the model has the shape of an ordinary Hugging Face BERT: all heads, full intermediate size,
// dense maps, in every layer; or that of an ALBERT, whose layers share as its groups do.
func (c *Config) IsPlain() bool {
	if c.Embedding.Kind != "" {
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
	if err := c.Embedding.check(); err != nil {
		return err
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
			if !slices.Contains(TieRoles, role) {
				return fmt.Errorf("bertlab.layers[%d].forms names %q; the roles are %v", l, role, TieRoles)
			}
			if isNorm(role) && form.Kind != Dense && form.Kind != Tied {
				return fmt.Errorf("bertlab.layers[%d].forms.%s has the kind %q; a LayerNorm is %q or %q", l, role, form.Kind, Dense, Tied)
			}
			out, in := c.linearDims(l, role)
			switch form.Kind {
			case Dense:
			case Factored:
				if form.Rank < 1 || form.Rank > maxDimension {
					return fmt.Errorf("bertlab.layers[%d].forms.%s has rank %d; it must be at least 1", l, role, form.Rank)
				}
				if out == 0 || in == 0 {
					return fmt.Errorf("bertlab.layers[%d].forms.%s is factored, but the map is empty", l, role)
				}
			case Tied:
				if form.Layer < 0 || form.Layer >= c.NumHiddenLayers || form.Layer == l {
					return fmt.Errorf("bertlab.layers[%d].forms.%s is tied to layer %d; the other layers are among 0…%d", l, role, form.Layer, c.NumHiddenLayers-1)
				}
				if c.Layers[form.Layer].Form(role).Kind == Tied {
					return fmt.Errorf("bertlab.layers[%d].forms.%s is tied to layer %d, which is itself tied", l, role, form.Layer)
				}
				if o, i := c.linearDims(form.Layer, role); o != out || i != in {
					return fmt.Errorf("bertlab.layers[%d].forms.%s is [%d, %d], but is tied to layer %d where it is [%d, %d]", l, role, out, in, form.Layer, o, i)
				}
				if err := c.validateTiedBank(l, role, form.Layer); err != nil {
					return err
				}
			case Banked:
				if err := c.validateBanked(l, role, form); err != nil {
					return err
				}
			default:
				return fmt.Errorf("bertlab.layers[%d].forms.%s has the kind %q; the kinds are %q, %q, %q and %q", l, role, form.Kind, Dense, Factored, Tied, Banked)
			}
		}
	}
	return nil
}
