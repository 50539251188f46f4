package landscape

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
)

// programs are the forward pass in pieces: the embeddings, a layer, and the last layer with the head, at [CLS] where that reads no
// other position. Layers of the same
// shape share an executable, so a deep model compiles no longer than a shallow one, and a pass can begin at any layer.
type programs struct {
	embed  *gbert.Program
	layers []*gbert.Program // all but the last
	last   *gbert.Program
	model  *gbert.Model
}

func newPrograms(s *gbert.Session) (p programs, err error) {
	config := s.Model().Config
	p.model = s.Model()
	p.embed, err = s.Program("embeddings", func(begin func(gbert.Taps) *gbert.Forward, inputs []*Node) []*Node {
		return []*Node{begin(gbert.Taps{}).Embed(gbert.InputNodes(inputs))}
	})
	if err != nil {
		return p, err
	}
	for l := range config.NumHiddenLayers - 1 {
		program, err := s.LayerProgram("layer", l, func(begin func(gbert.Taps) *gbert.Forward, layer int, inputs []*Node) []*Node {
			return []*Node{begin(gbert.Taps{}).Layers(layer, layer+1, inputs[0], gbert.AttentionBias(inputs[1]), false, nil)}
		})
		if err != nil {
			return p, err
		}
		p.layers = append(p.layers, program)
	}
	n := config.NumHiddenLayers
	p.last, err = s.Program("last layer and head", func(begin func(gbert.Taps) *gbert.Forward, inputs []*Node) []*Node {
		f := begin(gbert.Taps{})
		return []*Node{f.Classify(f.Layers(n-1, n, inputs[0], gbert.AttentionBias(inputs[1]), config.Head.ReadsCLS(), nil))}
	})
	return p, err
}

// states are the hidden states of a batch that enter a layer, [B, S, D]. The caller frees them.
func (p programs) states(batch []any, layer int) (*tensors.Tensor, error) {
	outputs, err := p.embed.Run(batch...)
	if err != nil {
		return nil, err
	}
	return p.through(outputs[0], true, batch, 0, layer)
}

// through runs layers from…to−1. It frees state if that is the caller's wish, and what it makes on the way.
func (p programs) through(state *tensors.Tensor, free bool, batch []any, from, to int) (*tensors.Tensor, error) {
	for l := from; l < to; l++ {
		outputs, err := p.layers[l].Run(state, batch[2])
		if free {
			gbert.Free(state)
		}
		if err != nil {
			return nil, err
		}
		state, free = outputs[0], true
	}
	return state, nil
}

// logits of a batch's examples, as [gbert.Session.BatchLogits] has them. inputs are the batch's. With a state, which stays the caller's, the pass begins with it at the layer from; without,
// with the embeddings.
func (p programs) logits(b *gbert.Batch, batch []any, state *tensors.Tensor, from int) ([][]float32, error) {
	kept := state
	if state == nil {
		outputs, err := p.embed.Run(batch...)
		if err != nil {
			return nil, err
		}
		state, from = outputs[0], 0
	}
	state, err := p.through(state, kept == nil, batch, from, len(p.layers))
	if err != nil {
		return nil, err
	}
	outputs, err := p.last.Run(state, batch[2])
	if state != kept {
		gbert.Free(state)
	}
	if err != nil {
		return nil, err
	}
	defer gbert.Free(outputs)
	flat, err := tensors.CopyFlatData[float32](outputs[0])
	if err != nil {
		return nil, err
	}
	return p.model.SplitLogits(b, flat), nil
}
