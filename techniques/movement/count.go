package movement

import (
	"fmt"

	"bertlab/gbert"
)

// Remaining counts what is left of the encoder's matrices, which is what the paper's sparsity is about: no biases, LayerNorms,
// embeddings, pooler or head. What was removed for real counts as pruned.
type Remaining struct {
	// Total is the number of weights of the same layers uncompressed, Kept that of the nonzero values in the model.
	Total int `json:"total"`
	Kept  int `json:"kept"`
	// ByWeight are the matrices, in the order of the computation.
	ByWeight []RemainingWeight `json:"by_weight"`
}

// RemainingWeight is what is left of one matrix. Layers are counted from 0, as they are now.
type RemainingWeight struct {
	Name  string     `json:"name"`
	Layer int        `json:"layer"`
	Role  gbert.Role `json:"role"`
	Total int        `json:"total"`
	Kept  int        `json:"kept"`
}

// Share is Kept / Total, between 0 and 1.
func (r *Remaining) Share() float64 { return share(r.Kept, r.Total) }

// Share is Kept / Total, between 0 and 1.
func (r RemainingWeight) Share() float64 { return share(r.Kept, r.Total) }

func share(kept, total int) float64 {
	if total == 0 {
		return 0
	}
	return float64(kept) / float64(total)
}

// Count counts the values of a model that are not zero. A factored map counts the values of its factors, a banked one those of its
// own slices without what all share; a tied one has none of its own.
func Count(m *gbert.Model) (*Remaining, error) {
	r := &Remaining{}
	for layer := range m.Config.Layers {
		for _, role := range gbert.LayerRoles {
			w := RemainingWeight{Name: gbert.WeightName(layer, role), Layer: layer, Role: role, Total: m.Config.HiddenSize * m.Config.HiddenSize}
			if role == gbert.FFNIn || role == gbert.FFNOut {
				w.Total = m.Config.HiddenSize * m.Config.IntermediateSize
			}
			for _, spec := range m.Config.MapWeights(layer, role) {
				if spec.Name == gbert.BiasName(layer, role) {
					continue
				}
				values, _, err := m.Weight(spec.Name)
				if err != nil {
					return nil, fmt.Errorf("movement: %w", err)
				}
				for _, value := range values {
					if value != 0 {
						w.Kept++
					}
				}
			}
			r.Total, r.Kept, r.ByWeight = r.Total+w.Total, r.Kept+w.Kept, append(r.ByWeight, w)
		}
	}
	return r, nil
}

// Shares are the shares of the matrices by layer, in the order of [gbert.LayerRoles]; Sizes the numbers of weights that they refer to.
func (r *Remaining) Shares() [][]float64 { return inLayers(r.ByWeight, RemainingWeight.Share) }

// Sizes is described at [Remaining.Shares].
func (r *Remaining) Sizes() [][]int {
	return inLayers(r.ByWeight, func(w RemainingWeight) int { return w.Total })
}

// inLayers is something of each matrix, [layers][matrices].
func inLayers[T any](list []RemainingWeight, of func(RemainingWeight) T) (layers [][]T) {
	for _, w := range list {
		if w.Layer == len(layers) {
			layers = append(layers, nil)
		}
		layers[w.Layer] = append(layers[w.Layer], of(w))
	}
	return layers
}

// ByRole sums the matrices of each role over the layers.
func (r *Remaining) ByRole() map[gbert.Role]RemainingWeight {
	sums := map[gbert.Role]RemainingWeight{}
	for _, w := range r.ByWeight {
		sum := sums[w.Role]
		sums[w.Role] = RemainingWeight{Name: string(w.Role), Layer: -1, Role: w.Role, Total: sum.Total + w.Total, Kept: sum.Kept + w.Kept}
	}
	return sums
}

// ByLayer sums the matrices of each layer.
func (r *Remaining) ByLayer() []RemainingWeight {
	var sums []RemainingWeight
	for _, w := range r.ByWeight {
		if w.Layer == len(sums) {
			sums = append(sums, RemainingWeight{Name: gbert.LayerPrefix(w.Layer), Layer: w.Layer})
		}
		sums[w.Layer].Total += w.Total
		sums[w.Layer].Kept += w.Kept
	}
	return sums
}
