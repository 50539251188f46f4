package heads

import (
	"context"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// SweepPasses is what [Ablate] and [KeepOne] take on a model, in forward passes over the data, less what they compile: as
// [finetune.Prepare] wants it for the choice of padded lengths. A head's variant costs about half a pass, and a shape's
// executables about twice those of a pass.
func SweepPasses(c *gbert.Config) int { return max(len(All(c))/4, 1) }

// variant is ξ of one layer, [heads], all other layers being at 1.
type variant struct {
	layer int
	row   []float32
}

// sweepTokens bounds the rows × length of one call, so that what passes between two operations stays in the cache.
var sweepTokens = 2048 // a variable so that tests make it small

// sweep evaluates variants of ξ that change one layer each, and the model itself. It returns the logits of the model and of each
// variant, as [finetune.Prepared.Logits] has them. A variant changes nothing below its layer, so a batch's hidden states there are computed once,
// and the layer's per-head contexts too; the variants of a layer then go through the rest of the model together. All layers of
// the same shape share their executables.
func sweep(ctx context.Context, s *gbert.Session, p *finetune.Prepared, variants []variant, progress func(done, total int)) (base [][]float32, swept [][][]float32, err error) {
	config := s.Model().Config
	if err := p.CheckLabels(s.Model()); err != nil {
		return nil, nil, err
	}
	perLayer := make([][]int, config.NumHiddenLayers)
	for i, v := range variants {
		perLayer[v.layer] = append(perLayer[v.layer], i)
	}
	base = make([][]float32, len(p.Encodings))
	swept = make([][][]float32, len(variants))
	for i := range swept {
		swept[i] = make([][]float32, len(p.Encodings))
	}
	done, total := 0, len(p.Encodings)*(len(variants)+1)
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
		err := sweepBatch(ctx, s, batch, func(c *chain) error {
			logits, err := c.finish(0, c.entering[0], c.mask)
			if err != nil {
				return err
			}
			err = scatter(logits, batch, s.Model(), func(_, example int, logits []float32) { base[example] = logits })
			gbert.Free(logits)
			report(len(batch.Index))
			for layer := 0; layer < len(perLayer) && err == nil; layer++ {
				err = c.variants(layer, perLayer[layer], variants, func(v, example int, logits []float32) { swept[v][example] = logits }, report)
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return base, swept, nil
}

// chain runs one batch through the model, a layer at a time.
type chain struct {
	ctx      context.Context
	session  *gbert.Session
	batch    *gbert.Batch
	mask     *tensors.Tensor   // [B, S]
	entering []*tensors.Tensor // what enters each layer, [B, S, D]; filled as far as it was computed
}

func sweepBatch(ctx context.Context, s *gbert.Session, batch *gbert.Batch, do func(*chain) error) error {
	inputs := gbert.BatchInputs(batch)
	defer gbert.Free(inputs)
	embed, err := s.Program("heads.sweep.embed", func(begin func(gbert.Taps) *gbert.Forward, inputs []*Node) []*Node {
		return []*Node{begin(gbert.Taps{}).Embed(gbert.InputNodes(inputs))}
	})
	if err != nil {
		return err
	}
	embedded, err := embed.Run(inputs...)
	if err != nil {
		return err
	}
	c := &chain{ctx: ctx, session: s, batch: batch, mask: inputs[2].(*tensors.Tensor), entering: embedded}
	defer func() { gbert.Free(c.entering) }()
	return do(c)
}

// finish runs the layers from the given one on x [N, S, D] with its mask [N, S], and the head: logits [N, labels], or of tokens [N, S, labels]. What
// enters the layers on the way is kept if x is the batch itself, and freed if not.
func (c *chain) finish(from int, x, mask *tensors.Tensor) (*tensors.Tensor, error) {
	layers := c.session.Model().Config.NumHiddenLayers
	own := mask != c.mask // x and what follows belong to this call
	for l := from; l < layers-1; l++ {
		program, err := c.session.LayerProgram("heads.sweep.layer", l, func(begin func(gbert.Taps) *gbert.Forward, layer int, inputs []*Node) []*Node {
			return []*Node{begin(gbert.Taps{}).Layers(layer, layer+1, inputs[0], gbert.AttentionBias(inputs[1]), false, nil)}
		})
		if err != nil {
			return nil, err
		}
		next, err := c.run(program, own && l > from, x, mask)
		if err != nil {
			return nil, err
		}
		if x = next; !own {
			c.entering = append(c.entering, x)
		}
	}
	last, err := c.session.Program("heads.sweep.last", func(begin func(gbert.Taps) *gbert.Forward, inputs []*Node) []*Node {
		forward := begin(gbert.Taps{})
		x := forward.Layers(max(layers-1, 0), layers, inputs[0], gbert.AttentionBias(inputs[1]), forward.Config().Head.ReadsCLS(), nil)
		return []*Node{forward.Classify(x)}
	})
	if err != nil {
		return nil, err
	}
	return c.run(last, own && from < layers-1, x, mask)
}

// run runs a program with one result, and frees its first input if asked to.
func (c *chain) run(program *gbert.Program, free bool, inputs ...any) (*tensors.Tensor, error) {
	outputs, err := program.Run(inputs...)
	if free {
		gbert.Free(inputs[0])
	}
	if err != nil {
		return nil, err
	}
	return outputs[0], nil
}

// variants runs the variants of one layer, as many at once as stay in the cache.
func (c *chain) variants(layer int, indices []int, variants []variant, store func(variant, example int, logits []float32), report func(int)) error {
	if len(indices) == 0 {
		return nil
	}
	config := c.session.Model().Config
	width := config.NumAttentionHeads
	isLast := layer == config.NumHiddenLayers-1
	name := "heads.sweep.variants"
	if isLast {
		name = "heads.sweep.last.variants"
	}
	attention, err := c.session.LayerProgram(name+".contexts", layer, func(begin func(gbert.Taps) *gbert.Forward, layer int, inputs []*Node) []*Node {
		forward := begin(gbert.Taps{})
		contexts, _ := forward.Attention(layer, queriesOf(forward, inputs[0], isLast), inputs[0], gbert.AttentionBias(inputs[1]))
		return []*Node{contexts}
	})
	if err != nil {
		return err
	}
	program, err := c.session.LayerProgram(name, layer, func(begin func(gbert.Taps) *gbert.Forward, layer int, inputs []*Node) []*Node {
		return variantsGraph(begin(gbert.Taps{}), layer, isLast, inputs)
	})
	if err != nil {
		return err
	}
	contexts, err := c.run(attention, false, c.entering[layer], c.mask)
	if err != nil {
		return err
	}
	defer gbert.Free(contexts)
	calls := ceilDiv(width, min(max(sweepTokens/(c.batch.Rows*c.batch.Length), 1), width))
	together := ceilDiv(width, calls) // the same for all layers, so that shapes are few
	flat := make([]float32, 0, together*len(c.batch.Mask))
	for range together {
		flat = append(flat, c.batch.Mask...)
	}
	mask := tensors.FromFlatDataAndDimensions(flat, together*c.batch.Rows, c.batch.Length)
	defer gbert.Free(mask)
	for begin := 0; begin < len(indices); begin += together {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		chunk := indices[begin:min(begin+together, len(indices))]
		rows := make([]float32, together*width) // unused rows of the last chunk mask all heads; nothing is read from them
		for i, index := range chunk {
			copy(rows[i*width:], variants[index].row)
		}
		xi := tensors.FromFlatDataAndDimensions(rows, together, width)
		result, err := c.run(program, false, c.entering[layer], contexts, xi)
		gbert.Free(xi)
		if err == nil && !isLast {
			changed := result
			result, err = c.finish(layer+1, changed, mask)
			gbert.Free(changed)
		}
		if err != nil {
			return err
		}
		err = scatter(result, c.batch, c.session.Model(), func(row, example int, logits []float32) {
			if row < len(chunk) {
				store(chunk[row], example, logits)
			}
		})
		gbert.Free(result)
		if err != nil {
			return err
		}
		report(len(chunk) * len(c.batch.Index))
	}
	return nil
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// scatter hands out the logits [variants × rows, …] of a batch's real rows.
func scatter(output *tensors.Tensor, batch *gbert.Batch, model *gbert.Model, store func(variant, example int, logits []float32)) error {
	flat, err := tensors.CopyFlatData[float32](output)
	if err != nil {
		return fmt.Errorf("heads: %w", err)
	}
	variants := output.Shape().Dimensions[0] / batch.Rows
	for v, part := 0, len(flat)/variants; v < variants; v++ {
		rows, err := model.RowLogits(batch, flat[v*part:(v+1)*part])
		if err != nil {
			return fmt.Errorf("heads: %w", err)
		}
		for row, logits := range rows {
			store(v, batch.Index[row], logits)
		}
	}
	return nil
}

// queriesOf are the positions that a layer computes: all, or for the last layer [CLS] alone where the head reads no other.
func queriesOf(forward *gbert.Forward, x *Node, isLast bool) *Node {
	if isLast && forward.Config().Head.ReadsCLS() {
		return gbert.CLS(x)
	}
	return x
}

// variantsGraph is the rest of a layer for V variants of ξ. Inputs: what enters the layer [B, S, D], its contexts [B, A, Q, d],
// ξ [V, heads]. Output: what leaves it, [V·B, S, D], or for the last layer the logits, [V·B, labels] or, of tokens, [V·B, S, labels].
func variantsGraph(forward *gbert.Forward, layer int, isLast bool, inputs []*Node) []*Node {
	queries, contexts, xi := queriesOf(forward, inputs[0], isLast), inputs[1], inputs[2]
	contexts = variantsOf(contexts, xi, forward.Config().Layers[layer].Heads)
	y := forward.Output(layer, contexts, repeat(queries, xi.Shape().Dimensions[0])) // [V·B, Q, D]
	if isLast {
		y = forward.Classify(y)
	}
	return []*Node{y}
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
