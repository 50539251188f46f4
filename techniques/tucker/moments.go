package tucker

import (
	"context"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// SecondMoments are C = XᵀX/n of what the linear maps of a model's layers read, for [tensor.WeightedSVD]. Query, key and value read the
// same.
type SecondMoments struct {
	// Tokens is n, the number of tokens measured, padding left out.
	Tokens int
	// sums are XᵀX of each layer's sources, row-major; nil where a layer has no heads or neurons.
	sums [][sources]sum
}

// sum is XᵀX [width, width].
type sum struct {
	width  int
	values []float32
}

// The inputs of a layer's maps.
const (
	layerInput     = iota // of query, key and value
	mergedContext         // of the attention output
	attentionState        // of the first map of the feed-forward network
	activated             // of its second map
	sources
)

func sourceOf(role gbert.Role) int {
	switch role {
	case gbert.AttentionOutput:
		return mergedContext
	case gbert.FFNIn:
		return attentionState
	case gbert.FFNOut:
		return activated
	}
	return layerInput
}

func (m *SecondMoments) layers() int { return len(m.sums) }

func (m *SecondMoments) width(layer int, role gbert.Role) int {
	if layer < 0 || layer >= len(m.sums) {
		return 0
	}
	return m.sums[layer][sourceOf(role)].width
}

// Of is the second moment [in, in] of what a layer's map reads. A layer or a map that the model has not is an error.
func (m *SecondMoments) Of(layer int, role gbert.Role) (*mat.SymDense, error) {
	width := m.width(layer, role)
	if width == 0 {
		return nil, fmt.Errorf("tucker: there are no moments of layer %d, %s: the model has layers 0…%d, and this one may be without heads or neurons", layer, role, len(m.sums)-1)
	}
	values := m.sums[layer][sourceOf(role)].values
	c := mat.NewSymDense(width, nil)
	for i := range width {
		for j := i; j < width; j++ {
			c.SetSym(i, j, (float64(values[i*width+j])+float64(values[j*width+i]))/2/float64(m.Tokens))
		}
	}
	return c, nil
}

// Moments measures the second moments on a sample: one forward pass, which needs no classification head and no labels. All
// tokens count alike, also in the last layer, of which a classifier reads [CLS] alone. Sums are taken on the device in float32,
// and stay there until the end: a layer of a BERT-base has 45 MB of them.
func Moments(ctx context.Context, s *gbert.Session, p *finetune.Prepared, progress func(done, total int)) (*SecondMoments, error) {
	config := s.Model().Config
	if config.NumHiddenLayers == 0 {
		return nil, fmt.Errorf("tucker: the model has no layers to measure")
	}
	pass, err := gbert.NewLayerPass(s)
	if err != nil {
		return nil, err
	}
	sums := zeroSums(config)
	defer sums.Close()
	tokens, done := 0, 0
	for _, batch := range p.Batches {
		if err := batch.Check(config); err != nil {
			return nil, err
		}
		if err := addBatch(ctx, s, pass, batch, sums); err != nil {
			return nil, err
		}
		for _, value := range batch.Mask {
			tokens += int(value)
		}
		if done += len(batch.Index); progress != nil {
			progress(done, len(p.Encodings))
		}
	}
	if tokens == 0 {
		return nil, fmt.Errorf("tucker: no examples to measure moments on")
	}
	return fetch(config, sums, tokens)
}

// sourceWidths are the features of a layer's sources; 0 for one that is not there.
func sourceWidths(c *gbert.Config, shape gbert.LayerShape) [sources]int {
	widths := [sources]int{attentionState: c.HiddenSize, activated: shape.IntermediateSize}
	if heads := len(shape.Heads); heads > 0 {
		widths[layerInput], widths[mergedContext] = c.HiddenSize, heads*c.HeadSize()
	}
	return widths
}

// deviceSums are XᵀX of each layer's sources that are there. Close frees them.
type deviceSums [][]*tensors.Tensor

func zeroSums(c *gbert.Config) deviceSums {
	sums := make(deviceSums, c.NumHiddenLayers)
	for layer, shape := range c.Layers {
		for _, width := range sourceWidths(c, shape) {
			if width > 0 {
				sums[layer] = append(sums[layer], tensors.FromFlatDataAndDimensions(make([]float32, width*width), width, width))
			}
		}
	}
	return sums
}

func (s deviceSums) Close() {
	for _, layer := range s {
		for _, sum := range layer {
			sum.MustFinalizeAll()
		}
	}
}

// momentsOf are the inputs of a layer: what enters it, and the sums of its sources that are there.
type momentsOf[T any] struct {
	gbert.StateOf[T]
	Sums []T
}

// addBatch walks a batch through the layers and adds to their sums.
func addBatch(ctx context.Context, s *gbert.Session, pass *gbert.LayerPass, batch *gbert.Batch, sums deviceSums) error {
	prefix, err := pass.Begin(batch)
	if err != nil {
		return err
	}
	defer prefix.Close()
	if err := prefix.Keep(0, 0); err != nil {
		return err
	}
	state := prefix.Entering(0)
	var left *gbert.Results // of the layer below: it holds the state
	defer func() { left.Close() }()
	for layer := range sums {
		if err := ctx.Err(); err != nil {
			return err
		}
		program, err := gbert.NewLayerProgram[momentsOf[*tensors.Tensor]](s, "tucker.moments", layer, addMoments)
		if err != nil {
			return err
		}
		results, err := program.Run(momentsOf[*tensors.Tensor]{state, sums[layer]})
		if err != nil {
			return err
		}
		prefix.Forget()
		left.Close()
		left, state.Hidden = results, results.At(0)
		for i, old := range sums[layer] {
			old.MustFinalizeAll()
			sums[layer][i] = results.Take(i + 1)
		}
	}
	return nil
}

// addMoments is a layer's output for what enters it, [B, S, D], and its sums with what that adds to them.
func addMoments(begin func(gbert.Taps) *gbert.Forward, layer int, in momentsOf[*graph.Node]) []*graph.Node {
	f := begin(gbert.Taps{})
	x, mask, sums := in.Hidden, in.Mask, in.Sums
	context, _ := f.Attention(layer, x, x, gbert.AttentionBias(mask))
	state := f.AttentionOutput(layer, context, x)
	outputs := []*graph.Node{f.FeedForward(layer, state)}
	add := func(source *graph.Node) {
		width := source.Shape().Dimensions[source.Rank()-1]
		rows := graph.Reshape(source, -1, width)
		kept := graph.Mul(rows, graph.Reshape(mask, -1, 1))
		outputs = append(outputs, graph.Add(sums[len(outputs)-1], graph.DotGeneral(kept, []int{0}, nil, rows, []int{0}, nil)))
	}
	if context != nil { // [B, A, S, d]
		add(x)
		dims := context.Shape().Dimensions
		add(graph.Reshape(graph.TransposeAllAxes(context, 0, 2, 1, 3), dims[0], dims[2], dims[1]*dims[3]))
	}
	add(state)
	if f.Config().Layers[layer].IntermediateSize > 0 {
		add(f.Activate(f.Linear(layer, gbert.FFNIn, state)))
	}
	return outputs
}

// fetch brings the sums to the host.
func fetch(c *gbert.Config, device [][]*tensors.Tensor, tokens int) (*SecondMoments, error) {
	m := &SecondMoments{Tokens: tokens, sums: make([][sources]sum, len(device))}
	for layer, shape := range c.Layers {
		next := 0
		for source, width := range sourceWidths(c, shape) {
			if width == 0 {
				continue
			}
			values, err := tensors.CopyFlatData[float32](device[layer][next])
			if err != nil {
				return nil, fmt.Errorf("tucker: %w", err)
			}
			for _, value := range values {
				if math.IsNaN(float64(value)) || math.IsInf(float64(value), 0) {
					return nil, fmt.Errorf("tucker: the inputs of layer %d have no finite moments (%g): the model's weights are broken", layer, value)
				}
			}
			m.sums[layer][source] = sum{width, values}
			next++
		}
	}
	return m, nil
}
