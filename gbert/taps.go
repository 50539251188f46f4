package gbert

import . "github.com/gomlx/gomlx/core/graph"

// Taps are the places where a method attaches to the forward pass. All of them are graph nodes or build graph nodes, so
// that what they carry can change from call to call without a new compilation. The zero value taps nothing.
type Taps struct {
	// HeadMask is ξ: each head's context vectors are multiplied by it before the attention output map. Its shape is
	// [layers, heads], or [layers, batch, heads] for one mask an example. Heads are numbered as in the pretrained model:
	// entries of removed heads have no effect. nil leaves all heads as they are.
	HeadMask *Node
	// Weight transforms a weight as it is read: name and value to the value to use. nil reads weights as they are.
	Weight func(name string, w *Node) *Node
	// MapInput transforms what a matrix of the layers is multiplied with, x [..., in]; weight is the name of the matrix [out, in], which
	// layers that share it have in common. Of a product U·V there are two. Maps in a bank and in int8 are not asked. nil: as it is.
	MapInput func(weight string, x *Node) *Node
	// Seed is a scalar uint32 that drives dropout; nil turns dropout off. The same seed gives the same masks.
	Seed *Node
	// Differentiated says that a gradient is taken through the pass: products are then in an order that is fast both ways. It changes no result.
	Differentiated bool
	// BFloat16 multiplies the matrices of layers and attention in bfloat16, for training.
	BFloat16 bool
	// HiddenStates asks for the embeddings' output and every layer's output.
	HiddenStates bool
	// Attention asks for the attention probabilities of every layer, before dropout.
	Attention bool
	// Context asks for the per-head context of every layer, after ξ.
	Context bool
}

// observes reports whether something is handed back that needs every position of every layer.
func (t Taps) observes() bool { return t.HiddenStates || t.Attention || t.Context }

// Outputs is what a forward pass hands back. Dimensions: B examples, S positions, D hidden, A heads kept in the layer, d head
// size.
type Outputs struct {
	// Hidden is the last layer's output, [B, S, D]; [B, 1, D] when only [CLS] was asked for.
	Hidden *Node
	// HiddenStates are the embeddings' output and each layer's output, each [B, S, D].
	HiddenStates []*Node
	// Attention are each layer's attention probabilities, [B, A, S, S]; nil for a layer without heads.
	Attention []*Node
	// Context are each layer's per-head contexts, [B, A, S, d]; nil for a layer without heads.
	Context []*Node
}
