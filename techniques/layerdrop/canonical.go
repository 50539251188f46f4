package layerdrop

import (
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// Canonical gives, of all sets of layers that leave the same model when they are dropped, the one that keeps the lowest layers: layers
// that share all their weights, as an ALBERT's do, stand for one another. It is the given set, ascending, where no two do. The models
// tell their layers' origins and their history differently, and another layer may hold what is shared.
func Canonical(c *gbert.Config, drop []int) []int {
	kept, next := []int{}, 0
	for _, layer := range surgery.Without(c.NumHiddenLayers, drop) {
		for !alike(c, next, layer) {
			next++
		}
		kept = append(kept, next)
		next++
	}
	return surgery.Without(c.NumHiddenLayers, kept)
}

// alike says that two layers share all their weights.
func alike(c *gbert.Config, a, b int) bool {
	if a == b {
		return true
	}
	first, second := c.Layers[a], c.Layers[b]
	for _, role := range gbert.TieRoles {
		if c.Holder(a, role) != c.Holder(b, role) {
			return false
		}
	}
	return slices.Equal(first.Heads, second.Heads) && first.IntermediateSize == second.IntermediateSize && slices.Equal(first.Neurons, second.Neurons)
}
