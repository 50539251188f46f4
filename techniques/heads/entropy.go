package heads

import (
	"context"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// Entropy is the mean entropy of each head's attention, −Σ p log p over the keys, in nats, [layers][heads]: the mean over the
// tokens of an example, then over the examples. 0 is a head that looks at one token; log n one that looks at n tokens alike.
// Heads that the model does not have are 0.
func Entropy(ctx context.Context, s *gbert.Session, p *finetune.Prepared, progress func(done, total int)) ([][]float64, error) {
	config := s.Model().Config
	if config.NumHiddenLayers == 0 {
		return nil, fmt.Errorf("heads: the model has no layers")
	}
	program, err := gbert.NewProgram[weighedBatch[*tensors.Tensor]](s, "heads.entropy", entropyGraph)
	if err != nil {
		return nil, err
	}
	result, err := sumPerHead(ctx, s, program, p, func(batch *gbert.Batch) weighedBatch[*tensors.Tensor] {
		weights := make([]float32, batch.Rows) // 1/tokens for a real row
		for row, example := range batch.Index {
			weights[row] = 1 / float32(len(p.Encodings[example].IDs))
		}
		return weighedBatch[*tensors.Tensor]{batch.Tensors().BatchOf, tensors.FromFlatDataAndDimensions(weights, batch.Rows)}
	}, progress)
	if err != nil {
		return nil, err
	}
	for _, row := range result {
		floats.Scale(1/float64(len(p.Encodings)), row)
	}
	return result, nil
}

// weighedBatch is a batch with a weight for each token of a row [B].
type weighedBatch[T any] struct {
	gbert.BatchOf[T]
	TokenWeights T
}

func entropyGraph(begin func(gbert.Taps) *gbert.Forward, in weighedBatch[*Node]) []*Node {
	weights := in.TokenWeights
	forward := begin(gbert.Taps{Attention: true})
	out := forward.Encode(in.BatchOf, false)
	tokenWeights := ExpandAxes(Mul(in.Mask, ExpandAxes(weights, -1)), 1) // [B, 1, S]
	config := forward.Config()
	rows := make([]*Node, len(out.Attention))
	for l, probs := range out.Attention {
		if probs == nil {
			zero := Slice(weights, AxisRange(0, 1))
			rows[l] = ExpandAxes(BroadcastToDims(Sub(zero, zero), config.NumAttentionHeads), 0)
			continue
		}
		plogp := Mul(probs, Log(MaxScalar(probs, 1e-30)))
		perToken := Neg(ReduceSum(plogp, -1)) // [B, A, S]
		rows[l] = spread(ReduceSum(Mul(perToken, tokenWeights), 0, 2), config.Layers[l].Heads, config.NumAttentionHeads)
	}
	return []*Node{Concatenate(rows, 0)}
}
