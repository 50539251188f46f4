package heads

import (
	"context"
	"fmt"
	"slices"
	"sync"

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
// the same shape share their executables. The session's devices share the batches.
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
	var mu sync.Mutex
	done, total := 0, len(p.Encodings)*(len(variants)+1)
	report := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		done += n
		if progress != nil {
			progress(done, total)
		}
	}
	err = finetune.Deal(ctx, s.Devices(), len(p.Batches), func(on *gbert.Session, i int) error {
		pass, err := gbert.NewLayerPass(on)
		if err != nil {
			return err
		}
		c := &chain{ctx: ctx, session: on, pass: pass, batch: p.Batches[i], report: report}
		return c.run(func() error {
			err := c.base(func(_, example int, logits []float32) { base[example] = logits })
			for layer := 0; layer < len(perLayer) && err == nil; layer++ {
				err = c.variants(layer, perLayer[layer], variants, func(v, example int, logits []float32) { swept[v][example] = logits })
			}
			return err
		})
	})
	if err != nil {
		return nil, nil, err
	}
	return base, swept, nil
}

// chain runs one batch through the model, and variants of each layer from there on.
type chain struct {
	ctx     context.Context
	session *gbert.Session
	pass    *gbert.LayerPass
	batch   *gbert.Batch
	prefix  *gbert.Prefix // what enters each layer
	report  func(examples int)
}

func (c *chain) run(do func() error) (err error) {
	if c.prefix, err = c.pass.Begin(c.batch); err != nil {
		return err
	}
	defer c.prefix.Close()
	if err := c.prefix.Keep(0, max(c.session.Model().Config.NumHiddenLayers-1, 0)); err != nil {
		return err
	}
	return do()
}

// base runs the model itself.
func (c *chain) base(store func(variant, example int, logits []float32)) error {
	logits, err := c.prefix.Logits()
	if err != nil {
		return err
	}
	defer logits.Close()
	if err := scatter(logits, c.batch, c.session.Model(), store); err != nil {
		return err
	}
	c.report(len(c.batch.Index))
	return nil
}

// layerVariants are the inputs of the rest of a layer for V variants of ξ: what enters the layer [B, S, D], its contexts [B, A, Q, d],
// ξ [V, heads].
type layerVariants[T any] struct {
	Entering, Contexts, Masks T
}

// variants runs the variants of one layer, as many at once as stay in the cache.
func (c *chain) variants(layer int, indices []int, variants []variant, store func(variant, example int, logits []float32)) error {
	if len(indices) == 0 {
		return nil
	}
	config := c.session.Model().Config
	width := config.NumAttentionHeads
	isLast := layer == config.NumHiddenLayers-1
	attention, program, err := layerPrograms(c.session, layer, isLast)
	if err != nil {
		return err
	}
	entering := c.prefix.Entering(layer)
	contexts, err := attention.Run(entering)
	if err != nil {
		return err
	}
	defer contexts.Close()
	calls := ceilDiv(width, min(max(sweepTokens/(c.batch.Rows*c.batch.Length), 1), width))
	together := ceilDiv(width, calls) // the same for all layers, so that shapes are few
	mask := tensors.FromFlatDataAndDimensions(slices.Repeat(c.batch.Mask, together), together*c.batch.Rows, c.batch.Length)
	defer mask.MustFinalizeAll()
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
		changed, err := program.Run(layerVariants[*tensors.Tensor]{entering.Hidden, contexts.At(0), xi})
		xi.MustFinalizeAll()
		if err != nil {
			return err
		}
		if err := c.finish(layer, changed, mask, func(row, example int, logits []float32) {
			if row < len(chunk) {
				store(chunk[row], example, logits)
			}
		}); err != nil {
			return err
		}
		c.report(len(chunk) * len(c.batch.Index))
	}
	return nil
}

// finish runs what is above a changed layer, and hands out the logits. It closes what leaves that layer.
func (c *chain) finish(layer int, changed *gbert.Results, mask *tensors.Tensor, store func(row, example int, logits []float32)) error {
	defer changed.Close()
	model := c.session.Model()
	if layer == model.Config.NumHiddenLayers-1 {
		return scatter(changed, c.batch, model, store)
	}
	logits, err := c.pass.Finish(layer+1, gbert.State{Hidden: changed.At(0), Mask: mask})
	if err != nil {
		return err
	}
	defer logits.Close()
	return scatter(logits, c.batch, model, store)
}

// layerPrograms are a layer's attention, and its rest for several variants of ξ.
func layerPrograms(s *gbert.Session, layer int, isLast bool) (attention *gbert.Program[gbert.State], rest *gbert.Program[layerVariants[*tensors.Tensor]], err error) {
	name := "heads.sweep.variants"
	if isLast {
		name = "heads.sweep.last.variants"
	}
	attention, err = gbert.NewLayerProgram[gbert.State](s, name+".contexts", layer, func(begin func(gbert.Taps) *gbert.Forward, layer int, in gbert.StateOf[*Node]) []*Node {
		forward := begin(gbert.Taps{})
		contexts, _ := forward.Attention(layer, queriesOf(forward, in.Hidden, isLast), in.Hidden, gbert.AttentionBias(in.Mask))
		return []*Node{contexts}
	})
	if err != nil {
		return nil, nil, err
	}
	rest, err = gbert.NewLayerProgram[layerVariants[*tensors.Tensor]](s, name, layer, func(begin func(gbert.Taps) *gbert.Forward, layer int, in layerVariants[*Node]) []*Node {
		return variantsGraph(begin(gbert.Taps{}), layer, isLast, in)
	})
	return attention, rest, err
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// scatter hands out the logits [variants × rows, …] of a batch's real rows.
func scatter(logits *gbert.Results, batch *gbert.Batch, model *gbert.Model, store func(variant, example int, logits []float32)) error {
	flat, err := logits.Values(0)
	if err != nil {
		return fmt.Errorf("heads: %w", err)
	}
	variants := logits.At(0).Shape().Dimensions[0] / batch.Rows
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

// variantsGraph is the rest of a layer for V variants of ξ: what leaves it, [V·B, S, D], or for the last layer the logits,
// [V·B, labels] or, of tokens, [V·B, S, labels].
func variantsGraph(forward *gbert.Forward, layer int, isLast bool, in layerVariants[*Node]) []*Node {
	queries := queriesOf(forward, in.Entering, isLast)
	contexts := variantsOf(in.Contexts, in.Masks, forward.Config().Layers[layer].Heads)
	y := forward.Output(layer, contexts, repeat(queries, in.Masks.Shape().Dimensions[0])) // [V·B, Q, D]
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
