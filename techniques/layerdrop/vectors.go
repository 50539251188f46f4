package layerdrop

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
)

// SentenceVectors computes the sentence vectors of a batch after the lowest layers, the mean over all positions, to be timed: every layer
// counts alike, where a classifier's last one computes [CLS] alone. No layers are the embeddings.
func SentenceVectors(session *gbert.Session, batch *gbert.Batch, layers int) error {
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](session, fmt.Sprintf("layerdrop.vectors %d", layers), func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*Node {
		forward := begin(gbert.Taps{})
		x := forward.Layers(0, layers, forward.Embed(in), gbert.AttentionBias(in.Mask), false, nil)
		return []*Node{Add(ReduceMean(x, 1), MulScalar(ReduceMean(in.Mask, 1, 0), 0))} // the mask is an input that must be read
	})
	if err != nil {
		return err
	}
	results, err := program.Consume(batch.Tensors().BatchOf)
	results.Close()
	return err
}
