package heads

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"bertlab/gbert"
)

// attentionRoles are the maps whose rows or columns are heads.
var attentionRoles = []gbert.Role{gbert.Query, gbert.Key, gbert.Value, gbert.AttentionOutput}

// Sharing divides a model's layers into groups that share an attention map, as those of an ALBERT's group do, and as [sharing] makes
// them: a head leaves all layers of a group or none. The layers of a group are in ascending order, groups in that of their first
// layers. In a BERT every layer is a group of its own.
func Sharing(c *gbert.Config) [][]int {
	group := make([]int, len(c.Layers)) // the first layer of each layer's group
	for l := range group {
		group[l] = l
	}
	for l, shape := range c.Layers {
		for _, role := range attentionRoles {
			if form := shape.Form(role); form.Kind == gbert.Tied {
				from, to := max(group[l], group[form.Layer]), min(group[l], group[form.Layer])
				for other := range group {
					if group[other] == from {
						group[other] = to
					}
				}
			}
		}
	}
	var groups [][]int
	place := map[int]int{}
	for l, first := range group {
		if _, ok := place[first]; !ok {
			place[first] = len(groups)
			groups = append(groups, nil)
		}
		groups[place[first]] = append(groups[place[first]], l)
	}
	return groups
}

// Units lists the heads that can only go together, by layer and head: each head of a BERT by itself, of a model whose layers share
// their attention the head at the same place in each layer of a group.
func Units(c *gbert.Config) [][]Head {
	var units [][]Head
	for _, layers := range Sharing(c) {
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

// CheckShared reports heads of a set that leave a layer but not the others that share an attention map with it, and says which set
// would do.
func CheckShared(c *gbert.Config, set Set) error {
	for _, unit := range Units(c) {
		var in, out []Head
		for _, head := range unit {
			if slices.Contains(set[head.Layer], head.Head) {
				in = append(in, head)
			} else {
				out = append(out, head)
			}
		}
		if len(in) == 0 || len(out) == 0 {
			continue
		}
		var layers []string
		for _, head := range slices.Concat(in, out) {
			layers = append(layers, strconv.Itoa(head.Layer))
		}
		last, all := len(layers)-1, "all of them"
		if len(layers) == 2 {
			all = "both"
		}
		return fmt.Errorf("heads: layers %s and %s share their attention: remove the same heads from %s, with %s also %s",
			strings.Join(layers[:last], ", "), layers[last], all, NewSet(in...), NewSet(out...))
	}
	return nil
}

// Share is the number of a model's heads that a share of them is, rounded.
func Share(c *gbert.Config, fraction float64) int {
	return int(math.Round(fraction * float64(len(All(c)))))
}
