package profile

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
)

// passSteps cuts a pass over a batch [batch, length] into steps, in the order of the computation.
func passSteps(m *gbert.Model, batch, length int) []step {
	c := m.Config
	x := hidden("x", batch, length, c.HiddenSize)
	y := hidden("y", batch, length, c.HiddenSize)
	ids, mask := batchInputs(batch, length)
	steps := []step{{Embedding, ids, func(f *gbert.Forward, in arguments) (results, kept []*Node) {
		out := f.Embed(gbert.Input{IDs: in.get(idsInput), Types: in.get(typesInput)})
		return []*Node{out}, []*Node{out}
	}}}
	for layer, shape := range c.Layers {
		if heads := len(shape.Heads); heads > 0 {
			width := heads * c.HeadSize()
			q, k, v := hidden("q", batch, length, width), hidden("k", batch, length, width), hidden("v", batch, length, width)
			steps = append(steps,
				step{QueryKeyValue, []input{x}, func(f *gbert.Forward, in arguments) (results, kept []*Node) {
					q, k, v := f.QueryKeyValue(layer, in.get("x"), in.get("x"))
					return []*Node{q, k, v}, nil
				}},
				step{Attention, []input{q, k, v, mask}, func(f *gbert.Forward, in arguments) (results, kept []*Node) {
					context, probs := f.Attend(in.get("q"), in.get("k"), in.get("v"), gbert.AttentionBias(in.get(maskInput)))
					return []*Node{context}, []*Node{probs}
				}},
				step{AttentionOutput, []input{hidden("context", batch, heads, length, c.HeadSize())}, func(f *gbert.Forward, in arguments) (results, kept []*Node) {
					return []*Node{f.MergeHeads(layer, in.get("context"))}, nil
				}})
		}
		steps = append(steps, step{Norm, []input{y, x}, func(f *gbert.Forward, in arguments) (results, kept []*Node) {
			out := f.NormAttention(layer, in.get("y"), in.get("x"))
			return []*Node{out}, []*Node{out}
		}})
		if shape.IntermediateSize > 0 {
			steps = append(steps, step{FeedForward, []input{x}, func(f *gbert.Forward, in arguments) (results, kept []*Node) {
				out, h := f.FeedForwardMaps(layer, in.get("x"))
				return []*Node{out}, []*Node{h}
			}})
		}
		steps = append(steps, step{Norm, []input{y, x}, func(f *gbert.Forward, in arguments) (results, kept []*Node) {
			out := f.NormFeedForward(layer, in.get("y"), in.get("x"))
			return []*Node{out}, []*Node{out}
		}})
	}
	if m.HasPooler() {
		steps = append(steps, step{Pooler, []input{x}, func(f *gbert.Forward, in arguments) (results, kept []*Node) {
			out := f.Pool(in.get("x"))
			return []*Node{out}, []*Node{out}
		}})
	}
	return steps
}

// batchInputs are a batch: ids and types, and the mask.
func batchInputs(batch, length int) (ids []input, mask input) {
	whole := shapes.Make(dtypes.Int32, batch, length)
	return []input{{idsInput, whole}, {typesInput, whole}}, hidden(maskInput, batch, length)
}

// wholePass is the whole pass as one step. It hands back every position of the last layer, so that none can be left out.
func wholePass(m *gbert.Model, batch, length int) step {
	ids, mask := batchInputs(batch, length)
	return step{"pass", append(ids, mask), func(f *gbert.Forward, in arguments) (results, kept []*Node) {
		out := f.Encode(gbert.Input{IDs: in.get(idsInput), Types: in.get(typesInput), Mask: in.get(maskInput)}, false).Hidden
		if m.HasPooler() {
			return []*Node{out, f.Pool(out)}, nil
		}
		return []*Node{out}, nil
	}}
}

// nothing is a step that does as good as nothing: what is left of its time is that of a call.
func nothing() step {
	return step{"call", []input{hidden("x", 1)}, func(_ *gbert.Forward, in arguments) (results, kept []*Node) {
		return []*Node{AddScalar(in.get("x"), 1)}, nil
	}}
}
