package heads

import (
	"context"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// variant is ξ of one layer, [heads], all other layers being at 1.
type variant struct {
	layer int
	row   []float32
}

// sweepTokens bounds the rows × length of one call, so that what passes between two operations stays in the cache.
var sweepTokens = 2048 // a variable so that tests make it small

// sweep evaluates variants of ξ that change one layer each, and the model itself. It returns the logits of the model and of each
// variant, [examples][labels]. A variant changes nothing below its layer, so a batch's hidden states there are computed once,
// and the layer's per-head contexts too; the variants of a layer then go through the rest of the model together.
func sweep(ctx context.Context, s *gbert.Session, p *finetune.Prepared, variants []variant, progress func(done, total int)) (base [][]float32, swept [][][]float32, err error) {
	config := s.Model().Config
	if err := p.CheckLabels(s.Model()); err != nil {
		return nil, nil, err
	}
	perLayer := make([][]int, config.NumHiddenLayers)
	for i, v := range variants {
		perLayer[v.layer] = append(perLayer[v.layer], i)
	}
	prefix, err := s.Program("heads.sweep.prefix", prefixGraph)
	if err != nil {
		return nil, nil, err
	}
	base = make([][]float32, p.Dataset.Len())
	swept = make([][][]float32, len(variants))
	for i := range swept {
		swept[i] = make([][]float32, p.Dataset.Len())
	}
	labels := s.Model().NumLabels()
	done, total := 0, p.Dataset.Len()*(len(variants)+1)
	report := func(n int) {
		done += n
		if progress != nil {
			progress(done, total)
		}
	}
	for _, batch := range p.Batches {
		if err := batch.Check(config); err != nil {
			return nil, nil, err
		}
		inputs := gbert.BatchInputs(batch)
		outputs, err := prefix.Run(inputs...)
		if err != nil {
			gbert.Free(inputs)
			return nil, nil, err
		}
		err = scatter(outputs[0], batch, labels, func(_, example int, logits []float32) { base[example] = logits })
		report(len(batch.Index))
		for layer := 0; layer < len(perLayer) && err == nil; layer++ {
			err = sweepLayer(ctx, s, batch, layer, perLayer[layer], variants, outputs[1+layer], inputs[2].(*tensors.Tensor), func(v, example int, logits []float32) {
				swept[v][example] = logits
			}, report)
		}
		gbert.Free(inputs, outputs)
		if err != nil {
			return nil, nil, err
		}
	}
	return base, swept, nil
}

// sweepLayer runs the variants of one layer on one batch, as many at once as fit.
func sweepLayer(ctx context.Context, s *gbert.Session, batch *gbert.Batch, layer int, indices []int, variants []variant, hidden, mask *tensors.Tensor,
	store func(variant, example int, logits []float32), report func(int)) error {
	if len(indices) == 0 {
		return nil
	}
	program, err := s.Program(fmt.Sprintf("heads.sweep.layer%d", layer), suffixGraph(layer))
	if err != nil {
		return err
	}
	together := min(max(sweepTokens/(batch.Rows*batch.Length), 1), len(indices))
	width := s.Model().Config.NumAttentionHeads
	for begin := 0; begin < len(indices); begin += together {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := indices[begin:min(begin+together, len(indices))]
		rows := make([]float32, together*width) // unused rows of the last chunk mask all heads; nothing is read from them
		for i, index := range chunk {
			copy(rows[i*width:], variants[index].row)
		}
		xi := tensors.FromFlatDataAndDimensions(rows, together, width)
		outputs, err := program.Run(hidden, mask, xi)
		gbert.Free(xi)
		if err != nil {
			return err
		}
		err = scatter(outputs[0], batch, s.Model().NumLabels(), func(row, example int, logits []float32) {
			if row < len(chunk) {
				store(chunk[row], example, logits)
			}
		})
		gbert.Free(outputs)
		if err != nil {
			return err
		}
		report(len(chunk) * len(batch.Index))
	}
	return nil
}

// scatter hands out the logits [variants × rows, labels] of a batch's real rows.
func scatter(output *tensors.Tensor, batch *gbert.Batch, labels int, store func(variant, example int, logits []float32)) error {
	flat, err := tensors.CopyFlatData[float32](output)
	if err != nil {
		return fmt.Errorf("heads: %w", err)
	}
	for v := 0; v < len(flat)/(batch.Rows*labels); v++ {
		for row, example := range batch.Index {
			at := (v*batch.Rows + row) * labels
			store(v, example, flat[at:at+labels])
		}
	}
	return nil
}

// prefixGraph is the model itself: a batch to its logits and the hidden states that enter each layer, [B, S, D].
func prefixGraph(begin func(gbert.Taps) *gbert.Forward, inputs []*Node) []*Node {
	batch := gbert.InputNodes(inputs)
	forward := begin(gbert.Taps{})
	layers := forward.Config().NumHiddenLayers
	bias := gbert.AttentionBias(batch.Mask)
	x := forward.Embed(batch)
	entering := make([]*Node, 0, layers)
	for l := range layers {
		entering = append(entering, x)
		x = forward.Layers(l, l+1, x, bias, l == layers-1, nil)
	}
	return append([]*Node{forward.Classify(x)}, entering...)
}

// suffixGraph is the model from a layer on, for V variants of ξ there. Inputs: what enters the layer [B, S, D], the mask
// [B, S], ξ [V, heads]. Output: logits [V·B, labels].
func suffixGraph(layer int) func(func(gbert.Taps) *gbert.Forward, []*Node) []*Node {
	return func(begin func(gbert.Taps) *gbert.Forward, inputs []*Node) []*Node {
		x, mask, xi := inputs[0], inputs[1], inputs[2]
		forward := begin(gbert.Taps{})
		config := forward.Config()
		count := xi.Shape().Dimensions[0]
		queries, isLast := x, layer == config.NumHiddenLayers-1
		if isLast {
			queries = gbert.CLS(x)
		}
		contexts, _ := forward.Attention(layer, queries, x, gbert.AttentionBias(mask)) // [B, A, Q, d]
		repeated := repeat(queries, count)
		if contexts != nil {
			contexts = variantsOf(contexts, xi, config.Layers[layer].Heads)
		}
		y := forward.Output(layer, contexts, repeated) // [V·B, Q, D]
		if !isLast {
			y = forward.Layers(layer+1, config.NumHiddenLayers, y, gbert.AttentionBias(repeat(mask, count)), true, nil)
		}
		return []*Node{forward.Classify(y)}
	}
}

// variantsOf multiplies a context [B, A, Q, d] by each row of ξ [V, heads]: [V·B, A, Q, d].
func variantsOf(context, xi *Node, kept []int) *Node {
	columns := make([]*Node, len(kept))
	for i, head := range kept {
		columns[i] = Slice(xi, AxisRange(), AxisRange(head, head+1))
	}
	dims := context.Shape().Dimensions
	masks := Reshape(Concatenate(columns, 1), xi.Shape().Dimensions[0], 1, len(kept), 1, 1)
	return Reshape(Mul(ExpandAxes(context, 0), masks), -1, dims[1], dims[2], dims[3])
}

// repeat copies x [B, …] count times: [count·B, …].
func repeat(x *Node, count int) *Node {
	dims := x.Shape().Dimensions
	repeated := BroadcastToDims(ExpandAxes(x, 0), append([]int{count}, dims...)...)
	return Reshape(repeated, append([]int{count * dims[0]}, dims[1:]...)...)
}
