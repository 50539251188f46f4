package heads

import (
	"errors"
	"fmt"
	"math"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// Units lists the heads that can only go together, by layer and head: each head of a BERT by itself, of a model whose layers share
// their attention the head at the same place in each layer of a group.
func Units(c *gbert.Config) [][]Head {
	var units [][]Head
	for _, layers := range surgery.Sharing(c, surgery.AttentionRoles...) {
		for place := range c.Layers[layers[0]].Heads { // maps that are shared have as many heads
			var unit []Head
			for _, layer := range layers {
				unit = append(unit, Head{layer, c.Layers[layer].Heads[place]})
			}
			units = append(units, unit)
		}
	}
	return units
}

// unitImportance is the importance of each unit of [Units]: for a head by itself its normalised importance, for heads that go together
// the sum over the layers that share them, divided by the ℓ2 norm of these sums in the group.
func unitImportance(units [][]Head, importance *Importance) []float64 {
	values := make([]float64, len(units))
	groups := map[int][]int{} // first layers to units
	for i, unit := range units {
		first := unit[0]
		if len(unit) == 1 {
			values[i] = importance.Normalized[first.Layer][first.Head]
			continue
		}
		groups[first.Layer] = append(groups[first.Layer], i)
		for _, head := range unit {
			values[i] += importance.Raw[head.Layer][head.Head]
		}
	}
	for _, group := range groups {
		norm := 0.0
		for _, i := range group {
			norm = math.Hypot(norm, values[i])
		}
		for _, i := range group {
			if norm > 0 {
				values[i] /= norm
			}
		}
	}
	return values
}

// First takes heads from the beginning of a ranking, about the given number of them: what can only go together is taken whole where
// that comes nearer to the number.
func First(c *gbert.Config, ranking []Head, count int) Set {
	unitOf := map[Head][]Head{}
	for _, unit := range Units(c) {
		for _, head := range unit {
			unitOf[head] = unit
		}
	}
	taken := map[Head]bool{}
	for _, head := range ranking {
		if taken[head] {
			continue
		}
		unit := unitOf[head]
		if more := len(taken) + len(unit); len(taken) >= count || more-count > count-len(taken) {
			break
		}
		for _, other := range unit {
			taken[other] = true
		}
	}
	var heads []Head
	for head := range taken {
		heads = append(heads, head)
	}
	return NewSet(heads...)
}

// Share is the number of a model's heads that a share of them is, rounded.
func Share(c *gbert.Config, fraction float64) int {
	return int(math.Round(fraction * float64(len(All(c)))))
}

// FirstShare takes a share of a model's heads, see [Share], from the beginning of a ranking, as [First] does. A share that takes none is an
// error: it is less than half a head, or less than half of those that go together.
func FirstShare(c *gbert.Config, ranking []Head, fraction float64) (Set, error) {
	count := Share(c, fraction)
	set := First(c, ranking, count)
	switch all := len(All(c)); {
	case set.Len() > 0:
		return set, nil
	case all == 0:
		return nil, errors.New("heads: the model has no heads to remove")
	case count == 0:
		return nil, fmt.Errorf("heads: a share of %g of the model's %d heads is less than half a head: none would be removed", fraction, all)
	default:
		return nil, fmt.Errorf("heads: a share of %g of the model's %d heads is %d, less than half of those that go together in layers that share their attention: none would be removed", fraction, all, count)
	}
}
