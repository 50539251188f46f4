package heads

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
)

// maskedText is a batch with ξ [L, A].
type maskedText[T any] struct {
	gbert.BatchOf[T]
	HeadMask T
}

// Look is what [CLS] attends to in a text, [layers][tokens]: the attention probabilities of its query, the mean over the heads that the mask
// leaves. A layer without heads is NaN. Masked heads are gone for the layers above them.
func Look(s *gbert.Session, e tokenizer.Encoding, mask gbert.HeadMask) ([][]float64, error) {
	config := s.Model().Config
	if mask == nil {
		mask = gbert.NewHeadMask(config)
	}
	if err := checkMask(mask, config); err != nil {
		return nil, err
	}
	program, err := gbert.NewProgram[maskedText[*tensors.Tensor]](s, "heads.look", lookGraph)
	if err != nil {
		return nil, err
	}
	batch := gbert.PadBatch([]tokenizer.Encoding{e}, []int{0}, 1, nil, config.PadTokenID)
	if err := batch.Check(config); err != nil {
		return nil, err
	}
	results, err := program.Consume(maskedText[*tensors.Tensor]{batch.Tensors().BatchOf, mask.Tensor()})
	if err != nil {
		return nil, err
	}
	defer results.Close()
	table, next := make([][]float64, config.NumHiddenLayers), 0
	for l, layer := range config.Layers {
		table[l] = make([]float64, len(e.IDs))
		var rows []float32 // of the layer's heads
		if len(layer.Heads) > 0 {
			if rows, err = results.Values(next); err != nil {
				return nil, fmt.Errorf("heads: %w", err)
			}
			next++
		}
		left := 0.0
		for i, h := range layer.Heads {
			if mask[l][h] == 0 {
				continue
			}
			left++
			for token := range table[l] {
				table[l][token] += float64(rows[i*len(rows)/len(layer.Heads)+token])
			}
		}
		for token := range table[l] {
			if table[l][token] /= left; left == 0 {
				table[l][token] = math.NaN()
			}
		}
	}
	return table, nil
}

// lookGraph gives the attention of the first query of each layer that has heads, [A, S].
func lookGraph(begin func(gbert.Taps) *gbert.Forward, in maskedText[*Node]) (rows []*Node) {
	out := begin(gbert.Taps{HeadMask: in.HeadMask, Attention: true}).Encode(in.BatchOf, false)
	for _, probs := range out.Attention {
		if probs != nil {
			dims := probs.Shape().Dimensions // [1, A, S, S]
			rows = append(rows, Reshape(Slice(probs, AxisRange(), AxisRange(), AxisRange(0, 1)), dims[1], dims[3]))
		}
	}
	return rows
}

// Pieces are the tokens of a text as they stand in it, to name the columns of [Look].
func Pieces(text string, e tokenizer.Encoding) []string {
	list := make([]string, len(e.IDs))
	for i, at := range e.Offsets {
		if list[i] = text[at.Start:at.End]; at.Text < 0 {
			list[i] = map[bool]string{true: "[CLS]", false: "[SEP]"}[i == 0]
		}
	}
	return list
}
