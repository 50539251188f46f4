package layerdrop

import (
	"slices"

	"bertlab/gbert"
)

// Canonical gives, of all sets of layers that leave the same model when they are dropped, the one that keeps the lowest layers: layers
// that share all their weights, as an ALBERT's do, stand for one another. It is the given set, ascending, where no two do. The models
// tell their layers' [Origins] and their history differently, and another layer may hold what is shared.
func Canonical(c *gbert.Config, drop []int) []int {
	kept, next := []int{}, 0
	for _, layer := range Without(c.NumHiddenLayers, drop) {
		for !alike(c, next, layer) {
			next++
		}
		kept = append(kept, next)
		next++
	}
	return Without(c.NumHiddenLayers, kept)
}

// alike says that two layers share all their weights.
func alike(c *gbert.Config, a, b int) bool {
	if a == b {
		return true
	}
	first, second := c.Layers[a], c.Layers[b]
	for _, role := range gbert.TieRoles {
		if holder(c, a, role) != holder(c, b, role) {
			return false
		}
	}
	return slices.Equal(first.Heads, second.Heads) && first.IntermediateSize == second.IntermediateSize && slices.Equal(first.Neurons, second.Neurons)
}

// holder is the layer that holds a layer's map or LayerNorm.
func holder(c *gbert.Config, layer int, role gbert.Role) int {
	if form := c.Layers[layer].Form(role); form.Kind == gbert.Tied {
		return form.Layer
	}
	return layer
}
