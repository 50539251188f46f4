package gbert

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Legend of the shapes below: B examples, S positions, D hidden size, A heads kept in a layer, d head size, F
// intermediate size.

// Forward builds the forward pass of a model in a graph. Its methods are the stages of the pass; [Forward.Encode] is all of
// them. Methods that go from one stage to the next let an experiment begin in the middle, with what lies below computed once.
//
// As every graph-building function of GoMLX they panic with an error when shapes do not fit; [Program.Run] and GoMLX's
// executors turn that into an error.
type Forward struct {
	config *Config
	graph  *Graph
	weight func(name string) *Node
	taps   Taps
	sites  uint64 // dropout sites passed so far

	shared   map[string]*Node  // what banked maps share, by name
	readings map[reading]*Node // what banked maps made of the same inputs
}

// NewForward begins a forward pass. weight gives the node of a weight by its name, in the shape of [Model.Weights].
func NewForward(config *Config, g *Graph, weight func(name string) *Node, taps Taps) *Forward {
	return &Forward{config: config, graph: g, weight: weight, taps: taps, shared: map[string]*Node{}, readings: map[reading]*Node{}}
}

// Config is the configuration of the model.
func (f *Forward) Config() *Config { return f.config }

// Weight is a weight as the forward pass sees it: after the transform of the taps.
func (f *Forward) Weight(name string) *Node {
	w := f.weight(name)
	if f.taps.Weight != nil {
		w = f.taps.Weight(name, w)
	}
	return w
}

// Embed sums word, position and token type embeddings and normalises: [B, S] to [B, S, D].
func (f *Forward) Embed(in Input) *Node {
	s := in.IDs.Shape().Dimensions[1]
	if s > f.config.MaxPositionEmbeddings {
		exceptions.Panicf("gbert: %d positions, but the model has embeddings for %d", s, f.config.MaxPositionEmbeddings)
	}
	words := f.config.Embedding.form().lookUp(f, in.IDs)              // [B, S, D]
	positions := Slice(f.Weight(positionEmbeddings), AxisRange(0, s)) // [S, D]
	types := f.embedTypes(in.Types)
	x := Add(Add(words, types), ExpandAxes(positions, 0))
	return f.config.Embedding.form().project(f, f.dropout(f.LayerNorm(embeddingsNorm, x), f.config.HiddenDropoutProb))
}

// embedTypes looks token types up. With the usual two types it is e₀ + t·(e₁ − e₀), whose gradient is a sum instead of a
// scatter.
func (f *Forward) embedTypes(types *Node) *Node {
	table := f.Weight(typeEmbeddings)
	if f.config.TypeVocabSize != 2 {
		return Gather(table, ExpandAxes(types, -1))
	}
	first := Slice(table, AxisRange(0, 1))  // [1, D]
	second := Slice(table, AxisRange(1, 2)) // [1, D]
	t := ExpandAxes(ConvertDType(types, table.DType()), -1)
	return Add(ExpandAxes(first, 0), Mul(t, ExpandAxes(Sub(second, first), 0)))
}

// LayerNorm normalises the last axis to mean 0 and variance 1, then scales and shifts (Ba et al. 2016, arXiv:1607.06450).
func (f *Forward) LayerNorm(path string, x *Node) *Node {
	mean := ReduceAndKeep(x, ReduceMean, -1)
	centered := Sub(x, mean)
	variance := ReduceAndKeep(Square(centered), ReduceMean, -1)
	normed := Mul(centered, Inverse(Sqrt(AddScalar(variance, f.config.LayerNormEps)))) // GoMLX's Rsqrt has no gradient
	return Add(Mul(normed, f.lastAxis(path+".weight", x)), f.lastAxis(path+".bias", x))
}

// lastAxis is a weight [D] made ready to be combined with x [..., D].
func (f *Forward) lastAxis(name string, x *Node) *Node {
	w := f.Weight(name)
	dims := make([]int, x.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[len(dims)-1] = w.Shape().Dimensions[0]
	return Reshape(w, dims...)
}

// AttentionBias turns a mask [B, S] into what is added to attention scores: 0 for a token, a very negative number for
// padding; [B, 1, 1, S].
func AttentionBias(mask *Node) *Node {
	return ExpandAxes(MulScalar(OneMinus(mask), -1e9), 1, 2)
}

// heads splits [B, S, A·d] into [B, A, S, d].
func (f *Forward) heads(x *Node) *Node {
	dims := x.Shape().Dimensions
	split := Reshape(x, dims[0], dims[1], dims[2]/f.config.HeadSize(), f.config.HeadSize())
	return TransposeAllAxes(split, 0, 2, 1, 3)
}

// Attention computes a layer's per-head context Att_h: x [B, S, D] to [B, A, S, d], and the attention probabilities
// [B, A, S, S]. queries is what asks, [B, Q, D]: x itself, or x at [CLS] alone, which makes both results Q instead of S
// positions long. bias is that of [AttentionBias]. Both results are nil for a layer without heads.
func (f *Forward) Attention(layer int, queries, x, bias *Node) (context, probs *Node) {
	if len(f.config.Layers[layer].Heads) == 0 {
		return nil, nil
	}
	q, k, v := f.QueryKeyValue(layer, queries, x)
	return f.Attend(q, k, v, bias)
}

// QueryKeyValue is the first part of [Forward.Attention], the linear maps: queries [B, Q, D] and x [B, S, D] to q [B, Q, A·d] and
// k, v [B, S, A·d]. The layer must have heads.
func (f *Forward) QueryKeyValue(layer int, queries, x *Node) (q, k, v *Node) {
	return f.Linear(layer, Query, queries), f.Linear(layer, Key, x), f.Linear(layer, Value, x)
}

// Attend is the second part of [Forward.Attention], which has no weights: softmax(q·kᵀ/√d + bias)·v for each head.
func (f *Forward) Attend(q, k, v, bias *Node) (context, probs *Node) {
	q, k, v = f.heads(q), f.heads(k), f.heads(v) // [B, A, Q, d], [B, A, S, d]
	q = MulScalar(q, 1/math.Sqrt(float64(f.config.HeadSize())))
	scores := DotGeneral(f.rounded(q), []int{3}, []int{0, 1}, f.rounded(k), []int{3}, []int{0, 1}) // [B, A, Q, S]
	probs = Softmax(Add(widened(scores), bias), -1)
	kept := f.rounded(f.dropout(probs, f.config.AttentionProbsDropoutProb))
	return widened(DotGeneral(kept, []int{3}, []int{0, 1}, f.rounded(v), []int{2}, []int{0, 1})), probs
}

// MaskHeads multiplies each head's context [B, A, Q, d] by ξ of the taps.
func (f *Forward) MaskHeads(layer int, context *Node) *Node {
	if f.taps.HeadMask == nil || context == nil {
		return context
	}
	return MulHeads(context, f.layerMask(layer))
}

// MulHeads multiplies a context [B, A, Q, d] by a mask [A] or [B, A].
func MulHeads(context, mask *Node) *Node {
	if mask.Rank() == 1 {
		return Mul(context, ExpandAxes(mask, 0, 2, 3))
	}
	return Mul(context, ExpandAxes(mask, 2, 3))
}

// layerMask is ξ of one layer's kept heads, [A] or [B, A].
func (f *Forward) layerMask(layer int) *Node {
	mask := f.taps.HeadMask
	row := Squeeze(Slice(mask, AxisElem(layer)), 0) // [H] or [B, H]
	kept := f.config.Layers[layer].Heads
	if len(kept) == f.config.NumAttentionHeads {
		return row
	}
	columns := make([]*Node, len(kept))
	for i, head := range kept {
		columns[i] = SliceAxis(row, -1, AxisElem(head))
	}
	return Concatenate(columns, -1)
}

// Output finishes a layer from its per-head context [B, A, Q, d] (nil without heads) and the residual [B, Q, D] that
// entered it: attention output, residual, LayerNorm, feed-forward network, residual, LayerNorm; [B, Q, D].
func (f *Forward) Output(layer int, context, residual *Node) *Node {
	return f.FeedForward(layer, f.AttentionOutput(layer, context, residual))
}

// AttentionOutput is the first half of [Forward.Output]: LayerNorm(residual + W·concat(heads) + b).
func (f *Forward) AttentionOutput(layer int, context, residual *Node) *Node {
	var y *Node
	if context == nil {
		y = BroadcastToDims(ExpandAxes(f.Weight(BiasName(f.config.Holder(layer, AttentionOutput), AttentionOutput)), 0, 1), residual.Shape().Dimensions...)
	} else {
		y = f.MergeHeads(layer, context)
	}
	return f.NormAttention(layer, y, residual)
}

// MergeHeads is the linear part of [Forward.AttentionOutput]: W·concat(heads) + b, [B, A, Q, d] to [B, Q, D].
func (f *Forward) MergeHeads(layer int, context *Node) *Node {
	dims := context.Shape().Dimensions                                                          // [B, A, Q, d]
	merged := Reshape(TransposeAllAxes(context, 0, 2, 1, 3), dims[0], dims[2], dims[1]*dims[3]) // [B, Q, A·d]
	return f.Linear(layer, AttentionOutput, merged)
}

// NormAttention is the rest of [Forward.AttentionOutput]: LayerNorm(residual + y), both [B, Q, D].
func (f *Forward) NormAttention(layer int, y, residual *Node) *Node {
	y = f.dropout(y, f.config.HiddenDropoutProb)
	return f.LayerNorm(modulePath(f.config.Holder(layer, AttentionNorm), AttentionNorm), Add(y, residual))
}

// FeedForward is the second half of [Forward.Output]: LayerNorm(x + W₂·act(W₁·x + b₁) + b₂).
func (f *Forward) FeedForward(layer int, x *Node) *Node {
	var y *Node
	if f.config.Layers[layer].IntermediateSize == 0 {
		y = BroadcastToDims(ExpandAxes(f.Weight(BiasName(f.config.Holder(layer, FFNOut), FFNOut)), 0, 1), x.Shape().Dimensions...)
	} else {
		y, _ = f.FeedForwardMaps(layer, x)
	}
	return f.NormFeedForward(layer, y, x)
}

// FeedForwardMaps is the linear part of [Forward.FeedForward] with its activation: y = W₂·h + b₂, h = act(W₁·x + b₁); [B, Q, D] to
// [B, Q, D], and h [B, Q, F]. The layer's intermediate size must not be 0.
func (f *Forward) FeedForwardMaps(layer int, x *Node) (y, h *Node) {
	h = f.Activate(f.Linear(layer, FFNIn, x))
	return f.Linear(layer, FFNOut, h), h
}

// NormFeedForward is the rest of [Forward.FeedForward]: LayerNorm(x + y), both [B, Q, D].
func (f *Forward) NormFeedForward(layer int, y, x *Node) *Node {
	y = f.dropout(y, f.config.HiddenDropoutProb)
	return f.LayerNorm(modulePath(f.config.Holder(layer, OutputNorm), OutputNorm), Add(y, x))
}

// Activate is the activation function of the feed-forward network, entry by entry.
func (f *Forward) Activate(x *Node) *Node { return activations[f.config.HiddenAct].apply(x) }

// CLS is the first position of x [B, S, D], as [B, 1, D].
func CLS(x *Node) *Node { return SliceAxis(x, 1, AxisRange(0, 1)) }

// Layers runs the encoder layers from…to-1 on x [B, S, D]. With onlyCLS the last of them computes [CLS] alone, [B, 1, D]:
// nothing above reads the other positions, so their queries, outputs and feed-forward passes are not computed.
func (f *Forward) Layers(from, to int, x, bias *Node, onlyCLS bool, out *Outputs) *Node {
	for l := from; l < to; l++ {
		queries := x
		if onlyCLS && l == to-1 {
			queries = CLS(x)
		}
		context, probs := f.Attention(l, queries, x, bias)
		context = f.MaskHeads(l, context)
		x = f.Output(l, context, queries)
		if out != nil {
			out.record(f.taps, x, context, probs)
		}
	}
	if onlyCLS && to == from {
		x = CLS(x)
	}
	return x
}

func (o *Outputs) record(taps Taps, x, context, probs *Node) {
	if taps.HiddenStates {
		o.HiddenStates = append(o.HiddenStates, x)
	}
	if taps.Attention {
		o.Attention = append(o.Attention, probs)
	}
	if taps.Context {
		o.Context = append(o.Context, context)
	}
}

// Encode is embeddings and encoder. With onlyCLS, and no taps that observe, the result's Hidden is [B, 1, D].
func (f *Forward) Encode(in Input, onlyCLS bool) *Outputs {
	out := &Outputs{}
	x := f.Embed(in)
	if f.taps.HiddenStates {
		out.HiddenStates = append(out.HiddenStates, x)
	}
	out.Hidden = f.Layers(0, f.config.NumHiddenLayers, x, AttentionBias(in.Mask), onlyCLS && !f.taps.observes(), out)
	return out
}

// Pool is the pooler: tanh of a dense map of [CLS]; [B, S, D] to [B, D].
func (f *Forward) Pool(hidden *Node) *Node {
	first := Squeeze(CLS(hidden), 1)
	path := modulePath(0, PoolerDense)
	return Tanh(f.affine(first, f.Weight(path+".weight"), f.Weight(path+".bias")))
}

// Classify is the head on the last layer's output [B, S, D], of which a head of texts reads [CLS] alone: logits [B, labels] of texts,
// [B, S, labels] of tokens, or [B, S, 2] of spans, see [Head]. A head that is only carried has none.
func (f *Forward) Classify(hidden *Node) *Node {
	probability := f.config.ClassifierDropout
	if probability < 0 {
		probability = f.config.HiddenDropoutProb
	}
	role := ClassifierDense
	switch f.config.Head {
	case SequenceHead:
		hidden = f.dropout(f.Pool(hidden), probability)
	case TokenHead:
		hidden = f.dropout(hidden, probability)
	case SpanHead: // without dropout, as in transformers
		role = SpanDense
	default:
		exceptions.Panicf("gbert: the model has no classification head, but %s", f.config.Head)
	}
	path := modulePath(0, role)
	return f.affine(hidden, f.Weight(path+".weight"), f.Weight(path+".bias"))
}

// Logits is the whole model: a batch to the logits of [Forward.Classify].
func (f *Forward) Logits(in Input) *Node {
	return f.Classify(f.Encode(in, f.config.Head.ReadsCLS()).Hidden)
}

// PredictTokens is the masked-language-model head: [B, S, D] to logits over the vocabulary [B, S, V]. The decoder is the
// word embedding table.
func (f *Forward) PredictTokens(hidden *Node) *Node {
	path := modulePath(0, TransformDense)
	x := f.Activate(f.affine(hidden, f.Weight(path+".weight"), f.Weight(path+".bias")))
	x = f.LayerNorm(transformNorm, x)
	return f.decodeWords(x)
}

// dropout zeroes each element with the given probability and scales the rest to keep the mean, when the taps have a seed
// (Srivastava et al. 2014). Element i of site n is kept when a hash of (seed, n, i) says so: no random state is carried from
// step to step, XLA fuses it into its neighbours, and every backend draws the same masks.
func (f *Forward) dropout(x *Node, probability float64) *Node {
	if f.taps.Seed == nil || probability <= 0 {
		return x
	}
	f.sites++
	keep := 1 - probability
	hash := hashBits(f.taps.Seed, f.sites, x.Shape().Dimensions)
	threshold := Scalar(f.graph, dtypes.Uint32, uint32(keep*math.MaxUint32))
	return Where(LessThan(hash, threshold), MulScalar(x, 1/keep), ZerosLike(x))
}

// hashBits are 32 random bits for each element of an array: a hash of (seed, site, element). seed is a scalar uint32; arrays of
// different sites are independent.
func hashBits(seed *Node, site uint64, dims []int) *Node {
	size := shapes.Make(dtypes.Uint32, dims...).Size()
	index := Reshape(Iota(seed.Graph(), shapes.Make(dtypes.Uint32, size), 0), dims...)
	at := AddScalar(seed, uint32(site*0x9E3779B9))
	return mix32(BitwiseXor(mix32(index), BroadcastToShape(mix32(at), index.Shape())))
}

// Uniform draws float32 numbers above 0 and below 1 for an array of the given dimensions: a hash of (seed, site, element), the
// same on every backend. seed is a scalar uint32. Sites from 1<<20 on are not used by dropout.
func Uniform(seed *Node, site uint64, dims ...int) *Node {
	bits := BitwiseShiftRightLogicalScalar(hashBits(seed, site, dims), 9) // 23 bits: every value plus a half is exact
	return MulScalar(AddScalar(ConvertDType(bits, dtypes.Float32), 0.5), 1.0/(1<<23))
}

// mix32 is a bijective hash of 32 bits (Wellons 2018, "lowbias32").
func mix32(x *Node) *Node {
	shift := func(x *Node, n uint32) *Node { return BitwiseXor(x, BitwiseShiftRightLogicalScalar(x, n)) }
	x = MulScalar(shift(x, 16), uint32(0x7feb352d))
	x = MulScalar(shift(x, 15), uint32(0x846ca68b))
	return shift(x, 16)
}
