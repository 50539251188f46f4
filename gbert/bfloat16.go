package gbert

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Where the taps ask for it, the encoder multiplies matrices in bfloat16, which sums in float32 and rounds the sums to bfloat16: the maps of
// the layers, and scores and contexts of attention. All between, such as LayerNorm, softmax, residual sums and the loss, is in float32, and so
// are weights, gradients and moments: a weight is rounded where it is read, and XLA makes both one pass. Embeddings, pooler and heads, which
// multiply little, and maps in int8 stay in float32.

// rounded is an array as a product reads it.
func (f *Forward) rounded(x *Node) *Node {
	if !f.taps.BFloat16 {
		return x
	}
	return ConvertDType(x, dtypes.BFloat16)
}

// widened is what a product gave, in float32 where it was rounded.
func widened(y *Node) *Node {
	if y.DType() != dtypes.BFloat16 {
		return y
	}
	return ConvertDType(y, dtypes.Float32)
}
