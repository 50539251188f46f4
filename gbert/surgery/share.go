package surgery

import (
	"fmt"

	"bertlab/gbert"
)

// Sharing divides a model's layers into groups that share a map of some roles, as those of an ALBERT's group do, and as [Tie] makes
// them. The layers of a group are in ascending order, groups in that of their first layers. In a BERT every layer is a group of its own.
func Sharing(c *gbert.Config, roles ...gbert.Role) [][]int {
	group := make([]int, len(c.Layers)) // the first layer of each layer's group
	for l := range group {
		group[l] = l
	}
	for l := range c.Layers {
		for _, role := range roles {
			holder := c.Holder(l, role)
			from, to := max(group[l], group[holder]), min(group[l], group[holder])
			for other := range group {
				if group[other] == from {
					group[other] = to
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

// A Group is layers that share maps or LayerNorms from now on; the first holds them.
type Group struct {
	Layers []int
	// Source is the layer whose maps the group has, in whatever form they are stored.
	Source int
	// Values are the matrix [out, in], row-major, and the bias of each role in place of a source's; nil: those of Source.
	Values map[gbert.Role]Values
}

// Values are a linear map as a matrix [out, in], row-major, and its bias [out]; or the scale and the shift of a LayerNorm.
type Values struct{ Weight, Bias []float32 }

// Tie lets the layers of each group share the maps and LayerNorms of the roles; done is what the history says. The maps of a group have
// the same shape.
func Tie(m *gbert.Model, groups []Group, roles []gbert.Role, done gbert.Operation) (*gbert.Model, error) {
	tied := m.Clone()
	for _, group := range groups {
		for _, role := range roles {
			holder := group.Layers[0]
			if err := hold(tied, m, holder, role, group); err != nil {
				return nil, fmt.Errorf("surgery: %w", err)
			}
			for _, layer := range group.Layers[1:] {
				tied.Share(layer, role, holder)
			}
		}
	}
	return finish(tied, done)
}

// hold stores the map of a group in the layer that holds it.
func hold(tied, m *gbert.Model, holder int, role gbert.Role, group Group) error {
	if group.Values == nil {
		tied.CopyMap(holder, role, m, group.Source)
		return nil
	}
	tied.CopyMap(holder, role, m, holder)
	values := group.Values[role]
	for _, weight := range []struct {
		name   string
		values []float32
	}{{gbert.WeightName(holder, role), values.Weight}, {gbert.BiasName(holder, role), values.Bias}} {
		if _, shape, err := tied.Weight(weight.name); err == nil { // without heads or neurons there is a bias at most
			if err := tied.SetWeight(weight.name, shape, weight.values); err != nil {
				return err
			}
		}
	}
	return nil
}
