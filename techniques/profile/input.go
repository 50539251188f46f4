package profile

import (
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Names of inputs whose values matter.
const (
	idsInput   = "ids"
	typesInput = "types"
	maskInput  = "mask"
)

// values makes an input: token ids of the whole vocabulary, so that the table is read as widely as by a text; types 0; a mask
// without padding; hidden states as a LayerNorm leaves them, normally distributed. The same name and shape give the same values.
func (d *device) values(in input) *tensors.Tensor {
	n, dims := in.shape.Size(), in.shape.Dimensions
	rng := rand.New(rand.NewPCG(uint64(n), uint64(len(in.name))))
	if in.shape.DType == dtypes.Int32 {
		ids := make([]int32, n)
		if in.name == idsInput {
			for i := range ids {
				ids[i] = rng.Int32N(int32(d.model.Config.VocabSize))
			}
		}
		return tensors.FromFlatDataAndDimensions(ids, dims...)
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = 1
		if in.name != maskInput {
			values[i] = float32(rng.NormFloat64())
		}
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}
