package heads

import (
	"context"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// Estimator says where the absolute value is taken in the estimate of a head's importance.
type Estimator string

const (
	// PerExample is equation 2 of Michel et al. 2019: I_h = E_x |∂L(x)/∂ξ_h| = E_x |Att_h(x)ᵀ ∂L(x)/∂Att_h(x)|, the absolute
	// value of each example's derivative.
	PerExample Estimator = "example"
	// PerToken is what the authors' published code computes: the absolute value at each token of an example, summed over the
	// tokens; all layers but the last are then divided by the number of tokens, the last one, where of a classifier of texts only
	// [CLS] has a gradient, by the number of examples. It is at least as large as the other, per layer up to that divisor. (The code's loss is a
	// batch's mean; here it is each example's own, so that a short last batch does not count for more.)
	PerToken Estimator = "token"
)

// Importance is an estimate of what each head contributes.
type Importance struct {
	Variant Estimator `json:"variant"`
	// Examples is the number of examples that the mean is over; a window of a long text counts as one.
	Examples int `json:"examples"`
	// Raw is I_h, [layers][heads], in nats of loss; 0 for heads that the model does not have.
	Raw [][]float64 `json:"importance"`
	// Normalized is Raw divided by its ℓ2 norm over each layer (Molchanov et al. 2017), by which heads are compared across
	// layers; 0 in a layer whose norm is 0.
	Normalized [][]float64 `json:"normalized"`
}

// Measure estimates the importance of every head on a data set, with one backward pass a batch. The data should not be those
// on which the pruned model is judged. mask is the present ξ, at which derivatives are taken (nil: all heads); progress may be
// nil.
func Measure(ctx context.Context, s *gbert.Session, p *finetune.Prepared, v Estimator, mask gbert.HeadMask, progress func(done, total int)) (*Importance, error) {
	config := s.Model().Config
	if config.NumHiddenLayers == 0 {
		return nil, fmt.Errorf("heads: the model has no layers")
	}
	if mask == nil {
		mask = gbert.NewHeadMask(config)
	} else if err := checkMask(mask, config); err != nil {
		return nil, err
	}
	if err := p.CheckLabels(s.Model()); err != nil {
		return nil, err
	}
	build, ok := map[Estimator]func(func(gbert.Taps) *gbert.Forward, maskedBatch[*Node]) []*Node{PerExample: perExample, PerToken: perToken}[v]
	if !ok {
		return nil, fmt.Errorf("heads: importance variant %q is not one of %q, %q", v, PerExample, PerToken)
	}
	program, err := gbert.NewProgram[maskedBatch[*tensors.Tensor]](s, "heads.importance."+string(v), build)
	if err != nil {
		return nil, err
	}
	result := &Importance{Variant: v, Examples: len(p.Encodings), Normalized: zeros(config)}
	result.Raw, err = sumPerHead(ctx, s, program, p, func(b *gbert.Batch) maskedBatch[*tensors.Tensor] {
		return maskedBatch[*tensors.Tensor]{p.LabelledTensors(b), mask.Tensor()}
	}, progress)
	if err != nil {
		return nil, err
	}
	tokens, _ := p.Tokens()
	for l, row := range result.Raw {
		divisor := float64(result.Examples)
		if v == PerToken && (l < len(result.Raw)-1 || !config.Head.ReadsCLS()) {
			divisor = float64(tokens)
		}
		for h := range row {
			row[h] /= divisor
		}
	}
	result.normalize()
	return result, nil
}

// checkMask reports a mask whose dimensions are not those of the model.
func checkMask(mask gbert.HeadMask, c *gbert.Config) error {
	if len(mask) != c.NumHiddenLayers {
		return fmt.Errorf("heads: the head mask has %d layers, the model %d", len(mask), c.NumHiddenLayers)
	}
	for l, row := range mask {
		if len(row) != c.NumAttentionHeads {
			return fmt.Errorf("heads: the head mask has %d heads in layer %d, the model %d", len(row), l, c.NumAttentionHeads)
		}
	}
	return nil
}

// sumPerHead runs a program on all batches and sums its result [layers, heads].
func sumPerHead[In any](ctx context.Context, s *gbert.Session, program *gbert.Program[In], p *finetune.Prepared, inputs func(*gbert.Batch) In, progress func(done, total int)) ([][]float64, error) {
	config := s.Model().Config
	total := zeros(config)
	err := finetune.Each(ctx, p, config, program, inputs, progress, func(_ *gbert.Batch, sums []float32) {
		for _, h := range All(config) {
			total[h.Layer][h.Head] += float64(sums[h.Layer*config.NumAttentionHeads+h.Head])
		}
	})
	if err != nil {
		return nil, err
	}
	for _, h := range All(config) {
		if x := total[h.Layer][h.Head]; math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("heads: what was measured of head %s is %g: on the way to it numbers grew beyond what float32 holds; the model's weights are finite, but too large", h, x)
		}
	}
	return total, nil
}

// normalize sets Normalized from Raw.
func (i *Importance) normalize() {
	for l, row := range i.Raw {
		i.Normalized[l] = make([]float64, len(row))
		if norm := floats.Norm(row, 2); norm > 0 {
			floats.ScaleTo(i.Normalized[l], 1/norm, row)
		}
	}
}

// Combine is the importance over all the examples of several estimates [PerExample] of the same model, weighted by their numbers.
func Combine(parts ...*Importance) (*Importance, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("heads: no estimates to combine")
	}
	all := &Importance{Variant: PerExample, Raw: make([][]float64, len(parts[0].Raw)), Normalized: make([][]float64, len(parts[0].Raw))}
	for _, part := range parts {
		if part.Variant != PerExample || len(part.Raw) != len(all.Raw) {
			return nil, fmt.Errorf("heads: only estimates of variant %q of one model can be combined", PerExample)
		}
		all.Examples += part.Examples
	}
	for l := range all.Raw {
		all.Raw[l] = make([]float64, len(parts[0].Raw[l]))
		for _, part := range parts {
			floats.AddScaled(all.Raw[l], float64(part.Examples)/float64(all.Examples), part.Raw[l])
		}
	}
	all.normalize()
	return all, nil
}

// maskedBatch is a labelled batch with the present ξ [layers, heads].
type maskedBatch[T any] struct {
	finetune.LabelledBatch[T]
	HeadMask T
}

// perExample sums |∂L_i/∂ξ| over a batch's examples, [layers, heads]. ξ has a copy an example, [layers, batch, heads], so that
// the gradient of the summed loss holds each example's own derivative.
func perExample(begin func(gbert.Taps) *gbert.Forward, in maskedBatch[*Node]) []*Node {
	dims := in.HeadMask.Shape().Dimensions
	rows := in.IDs.Shape().Dimensions[0]
	xi := BroadcastToDims(ExpandAxes(in.HeadMask, 1), dims[0], rows, dims[1])
	losses := finetune.ExampleLosses(begin(gbert.Taps{HeadMask: xi, Differentiated: true}).Logits(in.BatchOf), in.Labels)
	gradient := Gradient(ReduceAllSum(Mul(losses, in.RowWeights)), xi)[0]
	return []*Node{ReduceSum(Abs(gradient), 1)}
}

// perToken sums |Att_h(x)ᵀ ∂L/∂Att_h(x)| over a batch's tokens, [layers, heads].
func perToken(begin func(gbert.Taps) *gbert.Forward, in maskedBatch[*Node]) []*Node {
	mask := in.HeadMask
	forward := begin(gbert.Taps{HeadMask: mask, Context: true, Differentiated: true})
	out := forward.Encode(in.BatchOf, false)
	losses := finetune.ExampleLosses(forward.Classify(out.Hidden), in.Labels)
	var contexts []*Node
	for _, context := range out.Context {
		if context != nil {
			contexts = append(contexts, context)
		}
	}
	gradients := Gradient(ReduceAllSum(Mul(losses, in.RowWeights)), contexts...)
	width := mask.Shape().Dimensions[1]
	rows := make([]*Node, len(out.Context))
	for l, context := range out.Context {
		if context == nil {
			rows[l] = Zeros(mask.Graph(), mask.Shape().Clone())
			rows[l] = Slice(rows[l], AxisRange(0, 1))
			continue
		}
		perHead := ReduceSum(Abs(ReduceSum(Mul(gradients[0], context), -1)), 0, 2) // [A]
		gradients = gradients[1:]
		rows[l] = spread(perHead, forward.Config().Layers[l].Heads, width)
	}
	return []*Node{Concatenate(rows, 0)}
}

// spread puts the values of a layer's kept heads [A] at their original numbers: [1, heads].
func spread(values *Node, kept []int, width int) *Node {
	columns := make([]*Node, width)
	for h := range columns {
		columns[h] = ZerosLike(Slice(values, AxisRange(0, 1)))
	}
	for i, h := range kept {
		columns[h] = Slice(values, AxisRange(i, i+1))
	}
	return ExpandAxes(Concatenate(columns, 0), 0)
}

func zeros(c *gbert.Config) [][]float64 {
	table := make([][]float64, c.NumHiddenLayers)
	for l := range table {
		table[l] = make([]float64, c.NumAttentionHeads)
	}
	return table
}
