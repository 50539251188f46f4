package gbert

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// HeadMask is ξ as numbers, [layers][heads], with heads as numbered in the pretrained model.
type HeadMask [][]float32

// NewHeadMask is the mask that keeps every head of the model.
func NewHeadMask(c *Config) HeadMask {
	mask := make(HeadMask, c.NumHiddenLayers)
	for l := range mask {
		mask[l] = make([]float32, c.NumAttentionHeads)
		for h := range mask[l] {
			mask[l][h] = 1
		}
	}
	return mask
}

// Clone returns a copy.
func (m HeadMask) Clone() HeadMask {
	clone := make(HeadMask, len(m))
	for l := range m {
		clone[l] = append([]float32(nil), m[l]...)
	}
	return clone
}

// Tensor is the mask as a tensor [layers, heads], for a model with at least one layer.
func (m HeadMask) Tensor() *tensors.Tensor {
	flat := make([]float32, 0, len(m)*len(m[0]))
	for _, row := range m {
		flat = append(flat, row...)
	}
	return tensors.FromFlatDataAndDimensions(flat, len(m), len(m[0]))
}

// check reports a mask that does not fit the model.
func (m HeadMask) check(c *Config) error {
	if len(m) != c.NumHiddenLayers {
		return fmt.Errorf("gbert: the head mask has %d layers, the model %d", len(m), c.NumHiddenLayers)
	}
	for l, row := range m {
		if len(row) != c.NumAttentionHeads {
			return fmt.Errorf("gbert: the head mask has %d heads in layer %d, the model %d", len(row), l, c.NumAttentionHeads)
		}
		for h, value := range row {
			if math.IsNaN(float64(value)) || math.IsInf(float64(value), 0) {
				return fmt.Errorf("gbert: the head mask of layer %d, head %d is %g", l, h, value)
			}
		}
	}
	return nil
}
