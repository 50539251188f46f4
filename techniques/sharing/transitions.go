package sharing

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// Transitions are how far each layer moves the vectors of tokens, from its input to its output (Lan et al. 2020, figure 1). Values are
// means over all tokens of a sample.
type Transitions struct {
	Tokens int `json:"tokens"`
	// L2 is ‖output − input‖ for each layer.
	L2 []float64 `json:"l2"`
	// Angle is the angle between input and output for each layer, in degrees.
	Angle []float64 `json:"angle"`
}

// Unevenness is the coefficient of variation over layers, the standard deviation divided by the mean, of both numbers.
func (t *Transitions) Unevenness() (l2, angle float64) {
	of := func(values []float64) float64 {
		mean, deviation := stat.MeanStdDev(values, nil)
		return deviation / mean
	}
	return of(t.L2), of(t.Angle)
}

// MeasureTransitions measures a model's transitions on a sample. It needs no classification head and no labels.
func MeasureTransitions(ctx context.Context, s *gbert.Session, p *finetune.Prepared, progress func(done, total int)) (*Transitions, error) {
	config := s.Model().Config
	layers := config.NumHiddenLayers
	if layers == 0 {
		return nil, fmt.Errorf("sharing: the model has no layers to compare")
	}
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](s, "sharing.transitions", func(begin func(gbert.Taps) *gbert.Forward, batch gbert.Input) []*graph.Node {
		states := begin(gbert.Taps{HiddenStates: true}).Encode(batch, false).HiddenStates
		var steps []*graph.Node // for each layer the distance and the cosine, [B, S, 1]
		for l := range layers {
			in, out := states[l], states[l+1] // [B, S, D]
			norms := graph.Mul(length(in), length(out))
			steps = append(steps, length(graph.Sub(out, in)), graph.Div(graph.ReduceAndKeep(graph.Mul(in, out), graph.ReduceSum, -1), graph.MaxScalar(norms, 1e-12)))
		}
		return []*graph.Node{graph.Concatenate(steps, -1)} // [B, S, 2L]
	})
	if err != nil {
		return nil, err
	}
	result := &Transitions{L2: make([]float64, layers), Angle: make([]float64, layers)}
	err = finetune.Each(ctx, p, config, program, finetune.BatchAlone, progress, func(batch *gbert.Batch, flat []float32) {
		for at := range len(batch.Index) * batch.Length { // the rows after these are padding
			if batch.Mask[at] == 0 {
				continue
			}
			result.Tokens++
			for l := range layers {
				step := flat[2*(at*layers+l):]
				result.L2[l] += float64(step[0])
				result.Angle[l] += math.Acos(max(-1, min(float64(step[1]), 1))) * 180 / math.Pi
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if result.Tokens == 0 {
		return nil, fmt.Errorf("sharing: no tokens to compare layers on")
	}
	for l := range layers {
		result.L2[l] /= float64(result.Tokens)
		result.Angle[l] /= float64(result.Tokens)
		if math.IsNaN(result.L2[l]) {
			return nil, fmt.Errorf("sharing: the model's hidden states are not numbers (NaN): its weights are broken")
		}
	}
	return result, nil
}

// length is the norm of the vectors of x [..., D], [..., 1].
func length(x *graph.Node) *graph.Node {
	return graph.Sqrt(graph.ReduceAndKeep(graph.Square(x), graph.ReduceSum, -1))
}
