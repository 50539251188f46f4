package layerdrop

import (
	"context"
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
)

// Pooling says which vector stands for a sentence at a layer.
type Pooling string

// The poolings.
const (
	CLS       Pooling = "cls"  // the hidden state of [CLS], as in the paper
	MeanToken Pooling = "mean" // the mean of the hidden states of all tokens
)

// Similarity is how alike a sentence's representations are at the layers of a model.
type Similarity struct {
	Pooling  Pooling `json:"pooling"`
	Examples int     `json:"examples"`
	// Origins are the layers' numbers in the pretrained model.
	Origins []int `json:"origins"`
	// Layers is, for each layer, the mean cosine of its input and its output, −1…1: the higher, the less the layer changes.
	Layers []float64 `json:"layers"`
	// Matrix is the mean cosine between any two states, [layers+1][layers+1]: state 0 is the embeddings, state l+1 the output of
	// layer l. Layers is the diagonal beside the main one.
	Matrix [][]float64 `json:"matrix"`
}

// Measure computes the similarities on a sample: the cosine of an example's vectors, averaged over the examples. One forward pass,
// which needs no classification head and no labels.
func Measure(ctx context.Context, s *gbert.Session, p *finetune.Prepared, pooling Pooling, progress func(done, total int)) (*Similarity, error) {
	if pooling != CLS && pooling != MeanToken {
		return nil, fmt.Errorf("layerdrop: pooling %q is not one of %q, %q", pooling, CLS, MeanToken)
	}
	config := s.Model().Config
	states := config.NumHiddenLayers + 1
	if states == 1 {
		return nil, fmt.Errorf("layerdrop: the model has no layers to compare")
	}
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](s, "layerdrop.similarity."+string(pooling), func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*Node {
		return []*Node{cosines(begin, in, pooling)}
	})
	if err != nil {
		return nil, err
	}
	sum := make([]float64, states*states)
	err = finetune.Each(ctx, p, config, program, finetune.BatchAlone, progress, func(batch *gbert.Batch, flat []float32) {
		for i, cosine := range flat[:len(batch.Index)*len(sum)] { // the rows after these are padding
			sum[i%len(sum)] += float64(cosine)
		}
	})
	if err != nil {
		return nil, err
	}
	examples := len(p.Encodings)
	if examples == 0 {
		return nil, fmt.Errorf("layerdrop: no examples to compare layers on")
	}
	result := &Similarity{Pooling: pooling, Examples: examples, Origins: surgery.Origins(config, All(config))}
	for i := range states {
		row := make([]float64, states)
		for j := range row {
			row[j] = sum[i*states+j] / float64(examples)
		}
		if math.IsNaN(row[i]) {
			return nil, fmt.Errorf("layerdrop: the model's hidden states are not numbers (NaN): its weights are broken")
		}
		result.Matrix = append(result.Matrix, row)
		if i > 0 {
			result.Layers = append(result.Layers, row[i-1])
		}
	}
	return result, nil
}

// cosines are the cosines between an example's vectors at all states, [B, L+1, L+1].
func cosines(begin func(gbert.Taps) *gbert.Forward, in gbert.Input, pooling Pooling) *Node {
	out := begin(gbert.Taps{HiddenStates: true}).Encode(in, false)
	vectors := make([]*Node, len(out.HiddenStates)) // each [B, 1, D]
	for i, hidden := range out.HiddenStates {       // [B, S, D]
		if pooling == CLS {
			vectors[i] = gbert.CLS(hidden)
			continue
		}
		mask := ExpandAxes(in.Mask, -1)                                          // [B, S, 1]
		tokens := MaxScalar(ReduceAndKeep(mask, ReduceSum, 1), 1)                // [B, 1, 1]
		vectors[i] = Div(ReduceAndKeep(Mul(hidden, mask), ReduceSum, 1), tokens) // [B, 1, D]
	}
	x := Concatenate(vectors, 1) // [B, L+1, D]
	norm := MaxScalar(Sqrt(ReduceAndKeep(Square(x), ReduceSum, -1)), 1e-12)
	x = Div(x, norm)
	return DotGeneral(x, []int{2}, []int{0}, x, []int{2}, []int{0})
}

// ByContribution gives the layers that change the representation so little that the cosine of their input and output is above the
// threshold, ascending, by their present numbers: none, or several. The paper's thresholds for BERT are 0.9, 0.925 and 0.95. A
// threshold outside −1…1, or one that leaves no layer, is an error.
func ByContribution(similarity *Similarity, threshold float64) ([]int, error) {
	if !(threshold >= -1 && threshold <= 1) {
		return nil, fmt.Errorf("layerdrop: threshold %g: a cosine is between -1 and 1", threshold)
	}
	drop := []int{}
	for layer, cosine := range similarity.Layers {
		if cosine > threshold {
			drop = append(drop, layer)
		}
	}
	if len(drop) == len(similarity.Layers) {
		least := slices.Min(similarity.Layers)
		return nil, fmt.Errorf("layerdrop: all %d layers are more alike than %g: at least one layer stays, so the threshold is %.4f…1", len(drop), threshold, least)
	}
	return drop, nil
}
