package movement

import (
	"fmt"

	"bertlab/gbert"
)

// group is a set of units that share an array of scores: the units of one matrix, or the heads or neurons of one layer.
type group struct {
	name       string // of the scores
	layer      int
	role       gbert.Role // of a group that is one matrix
	unit       Granularity
	units      int
	dims       []int  // shape of the scores
	parts      []part // what a unit is made of
	population string // units that Global compares
}

// part is a weight, or a bias seen as one column, cut into a grid of equal cells: one cell a unit.
type part struct {
	name   string
	dims   []int // of the weight
	grid   [2]int
	cell   [2]int
	bias   bool
	output bool // what follows the unit; the other parts make it
}

func (p part) size() int { return p.grid[0] * p.cell[0] * p.grid[1] * p.cell[1] }

// unitOf is the unit that the weight at a flat position belongs to.
func (p part) unitOf(at int) int {
	columns := p.grid[1] * p.cell[1]
	return at/columns/p.cell[0]*p.grid[1] + at%columns/p.cell[1]
}

// groups are the scored parts of a model, in the order of the computation.
func groups(m *gbert.Model, o Options) ([]group, error) {
	var all []group
	attention := []gbert.Role{gbert.Query, gbert.Key, gbert.Value, gbert.AttentionOutput}
	for layer, shape := range m.Config.Layers {
		for _, half := range []struct {
			unit  Granularity
			roles []gbert.Role
			units int // heads or neurons
		}{
			{o.Attention, attention, len(shape.Heads)},
			{o.FFN, []gbert.Role{gbert.FFNIn, gbert.FFNOut}, shape.IntermediateSize},
		} {
			if half.unit.Unit == None || half.units == 0 {
				continue
			}
			for _, role := range half.roles {
				if form := shape.Form(role); !form.IsDense() {
					return nil, fmt.Errorf("movement: layer %d stores its %s map as %s: only dense maps are pruned; prune first, or make the model dense first", layer, role, form.Kind())
				}
			}
			if half.unit.Unit == Head || half.unit.Unit == Neuron {
				g, err := structured(m, layer, half.unit, half.roles, half.units)
				if err != nil {
					return nil, err
				}
				all = append(all, g)
				continue
			}
			for _, role := range half.roles {
				g, err := matrix(m, layer, role, half.unit)
				if err != nil {
					return nil, err
				}
				all = append(all, g)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("movement: the model has nothing left to prune at this granularity")
	}
	return all, nil
}

// matrix is the group of one matrix [out, in].
func matrix(m *gbert.Model, layer int, role gbert.Role, unit Granularity) (group, error) {
	name := gbert.WeightName(layer, role)
	_, shape, err := m.Weight(name)
	if err != nil {
		return group{}, fmt.Errorf("movement: %w", err)
	}
	cell := [2]int{1, 1}
	switch unit.Unit {
	case Block:
		cell = [2]int{unit.Rows, unit.Columns}
	case Row:
		cell = [2]int{1, shape[1]}
	case Column:
		cell = [2]int{shape[0], 1}
	}
	if shape[0]%cell[0] != 0 || shape[1]%cell[1] != 0 {
		return group{}, fmt.Errorf("movement: blocks of %d x %d do not divide %s, %d x %d: the rows can be one of %v, the columns one of %v",
			cell[0], cell[1], name, shape[0], shape[1], divisors(shape[0]), divisors(shape[1]))
	}
	grid := [2]int{shape[0] / cell[0], shape[1] / cell[1]}
	return group{
		name: "scores/" + name, layer: layer, role: role, unit: unit, units: grid[0] * grid[1], dims: grid[:], population: unit.String(),
		parts: []part{{name: name, dims: shape, grid: grid, cell: cell, output: true}},
	}, nil
}

// structured is the group of a layer's heads or neurons. The last role is the map that reads them.
func structured(m *gbert.Model, layer int, unit Granularity, roles []gbert.Role, units int) (group, error) {
	g := group{
		name: fmt.Sprintf("scores/%s%ss", gbert.LayerPrefix(layer), unit.Unit), layer: layer, unit: unit, units: units, dims: []int{units},
		population: unit.String(),
	}
	for i, role := range roles {
		_, shape, err := m.Weight(gbert.WeightName(layer, role))
		if err != nil {
			return group{}, fmt.Errorf("movement: %w", err)
		}
		if i == len(roles)-1 {
			g.parts = append(g.parts, part{name: gbert.WeightName(layer, role), dims: shape, grid: [2]int{1, units}, cell: [2]int{shape[0], shape[1] / units}, output: true})
			break
		}
		size := shape[0] / units
		g.parts = append(g.parts,
			part{name: gbert.WeightName(layer, role), dims: shape, grid: [2]int{units, 1}, cell: [2]int{size, shape[1]}},
			part{name: gbert.BiasName(layer, role), dims: shape[:1], grid: [2]int{units, 1}, cell: [2]int{size, 1}, bias: true})
	}
	return g, nil
}

func divisors(n int) []int {
	var all []int
	for d := 1; d <= n; d++ {
		if n%d == 0 {
			all = append(all, d)
		}
	}
	return all
}

// selection is a set of groups among which Top_v selects.
type selection struct {
	groups []group
	units  int
}

// selections are the sets of groups among which Top_v selects: each group alone, or all of the same population.
func selections(all []group, scope Scope) []selection {
	var sets []selection
	at := map[string]int{}
	for _, g := range all {
		key := g.name
		if scope == Global {
			key = g.population
		}
		i, ok := at[key]
		if !ok {
			i = len(sets)
			at[key], sets = i, append(sets, selection{})
		}
		sets[i].groups, sets[i].units = append(sets[i].groups, g), sets[i].units+g.units
	}
	return sets
}

// kept is int(v·n).
func kept(ratio float64, units int) int { return int(ratio * float64(units)) }

// checkKept reports a set of units of which nothing would be kept.
func checkKept(sets []selection, ratio float64) error {
	for _, set := range sets {
		if kept(ratio, set.units) < 1 {
			return fmt.Errorf("movement: a remaining share of %g keeps none of the %d units (%s) of %s: at least %.4g is needed",
				ratio, set.units, set.groups[0].unit, set.groups[0].name, 1/float64(set.units))
		}
	}
	return nil
}
