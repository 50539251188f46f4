package gbert

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// LayerPass is the forward pass in pieces: the embeddings, each layer, and the last layer with the head, at [CLS] where that reads no
// other position. A pass can begin at any layer, with what enters it; see [Prefix]. Layers of the same shape share an executable, so a
// deep model compiles no longer than a shallow one.
type LayerPass struct {
	session *Session
	embed   *Program[BatchOf[*tensors.Tensor]]
	layers  []*Program[State] // all but the last
	last    *Program[State]
}

// StateOf is what enters a layer: hidden states [N, S, D], and the mask [N, S] of their tokens.
type StateOf[T any] struct {
	Hidden, Mask T
}

// State is what enters a layer, for a program.
type State = StateOf[*tensors.Tensor]

// NewLayerPass makes the programs of a pass. They are the session's.
func NewLayerPass(s *Session) (*LayerPass, error) {
	p := &LayerPass{session: s}
	var err error
	p.embed, err = NewProgram[BatchOf[*tensors.Tensor]](s, "embeddings", func(begin func(Taps) *Forward, in Input) []*Node {
		return []*Node{begin(Taps{}).Embed(in)}
	})
	if err != nil {
		return nil, err
	}
	n := s.model.Config.NumHiddenLayers
	for l := range n - 1 {
		program, err := NewLayerProgram[State](s, "layer", l, func(begin func(Taps) *Forward, layer int, in StateOf[*Node]) []*Node {
			return []*Node{begin(Taps{}).Layers(layer, layer+1, in.Hidden, AttentionBias(in.Mask), false, nil)}
		})
		if err != nil {
			return nil, err
		}
		p.layers = append(p.layers, program)
	}
	p.last, err = NewProgram[State](s, "last layer and head", func(begin func(Taps) *Forward, in StateOf[*Node]) []*Node {
		f := begin(Taps{})
		return []*Node{f.Classify(f.Layers(max(n-1, 0), n, in.Hidden, AttentionBias(in.Mask), f.config.Head.ReadsCLS(), nil))}
	})
	return p, err
}

// Finish runs the layers from the given one on what enters it, and the head: logits, in the shape of [Forward.Classify].
func (p *LayerPass) Finish(layer int, state State) (*Results, error) {
	w := &walk{state: state}
	defer w.close()
	if err := w.through(p.layers[layer:]); err != nil {
		return nil, err
	}
	return p.last.Run(w.state)
}

// walk takes a state through layers. It frees what it leaves behind, but not what it began with.
type walk struct {
	state State
	made  *Results // holds the state; nil: it is what the walk began with
}

func (w *walk) through(layers []*Program[State]) error {
	for _, layer := range layers {
		next, err := layer.Run(w.state)
		if err != nil {
			return err
		}
		w.made.Close()
		w.made, w.state.Hidden = next, next.At(0)
	}
	return nil
}

func (w *walk) close() { w.made.Close() }

// Prefix is a batch on its way through a pass, with what enters some of the layers. A sweep that changes something above them computes
// them once. Kept states stand for the weights that the session had when they were computed. Close frees it.
type Prefix struct {
	pass   *LayerPass
	inputs *BatchTensors
	first  int        // the layer that kept[0] enters
	kept   []*Results // each one state
}

// Begin makes a prefix of a batch that keeps nothing yet.
func (p *LayerPass) Begin(b *Batch) (*Prefix, error) {
	if err := b.Check(p.session.model.Config); err != nil {
		return nil, err
	}
	return &Prefix{pass: p, inputs: b.Tensors()}, nil
}

// embed begins a walk with the embeddings.
func (x *Prefix) embed() (*walk, error) {
	embedded, err := x.pass.embed.Run(x.inputs.BatchOf)
	if err != nil {
		return nil, err
	}
	return &walk{state: State{embedded.At(0), x.inputs.Mask}, made: embedded}, nil
}

// Keep computes what enters the layers first…last, and keeps it in place of what was kept.
func (x *Prefix) Keep(first, last int) error {
	x.Forget()
	w, err := x.embed()
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.through(x.pass.layers[:first]); err != nil {
		return err
	}
	x.first, x.kept, w.made = first, append(x.kept, w.made), nil
	for _, layer := range x.pass.layers[first:last] {
		next, err := layer.Run(x.Entering(x.last()))
		if err != nil {
			return err
		}
		x.kept = append(x.kept, next)
	}
	return nil
}

// last is the uppermost layer of which is known what enters it.
func (x *Prefix) last() int { return x.first + len(x.kept) - 1 }

// Entering is what enters a layer, which must be kept. It stays the prefix's.
func (x *Prefix) Entering(layer int) State {
	return State{x.kept[layer-x.first].At(0), x.inputs.Mask}
}

// Logits runs the rest of the pass: from the uppermost layer of which is kept what enters it, or from the embeddings if nothing is.
// They are what [LayerPass.Finish] gives.
func (x *Prefix) Logits() (*Results, error) {
	if len(x.kept) > 0 {
		return x.pass.Finish(x.last(), x.Entering(x.last()))
	}
	w, err := x.embed()
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.through(x.pass.layers); err != nil {
		return nil, err
	}
	return x.pass.last.Run(w.state)
}

// Forget frees what is kept.
func (x *Prefix) Forget() {
	for _, state := range x.kept {
		state.Close()
	}
	x.first, x.kept = 0, nil
}

// Close frees the batch and what is kept.
func (x *Prefix) Close() {
	x.Forget()
	x.inputs.Close()
}
