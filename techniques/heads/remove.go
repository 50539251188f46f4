package heads

import (
	"fmt"
	"maps"
	"slices"

	"bertlab/gbert"
)

// Remove takes heads out of a model: the rows of their query, key and value maps and the columns of their attention output map
// are deleted, so the model becomes smaller and faster. It computes what the model computes with these heads masked. A layer
// that loses all its heads keeps the bias of its attention output. Layers that share their attention lose the same heads (see
// [CheckShared]). The given model is not changed.
func Remove(m *gbert.Model, set Set) (*gbert.Model, error) {
	if err := set.Check(m.Config); err != nil {
		return nil, err
	}
	if err := CheckShared(m.Config, set); err != nil {
		return nil, err
	}
	smaller := m.Clone()
	for _, layer := range slices.Sorted(maps.Keys(set)) {
		remove := set[layer]
		if len(remove) == 0 {
			continue
		}
		var keep []int // places of the kept heads among the layer's present heads
		var kept []int // their original numbers
		for place, head := range m.Config.Layers[layer].Heads {
			if !slices.Contains(remove, head) {
				keep = append(keep, place)
				kept = append(kept, head)
			}
		}
		if err := keepHeads(smaller, layer, keep); err != nil {
			return nil, err
		}
		smaller.Config.Layers[layer].Heads = append([]int{}, kept...)
		if len(kept) == 0 {
			for _, role := range attentionRoles {
				if smaller.Config.Layers[layer].Form(role).Kind != gbert.Tied {
					delete(smaller.Config.Layers[layer].Forms, role)
				}
			}
		}
	}
	smaller.Config.History = append(smaller.Config.History, gbert.Operation{Name: "heads.remove", Arguments: map[string]any{"heads": set.String()}})
	if err := smaller.Check(); err != nil {
		return nil, fmt.Errorf("heads: %w", err)
	}
	return smaller, nil
}

// keepHeads cuts a layer's attention maps to the heads at the given places.
func keepHeads(m *gbert.Model, layer int, keep []int) error {
	size := m.Config.HeadSize()
	for _, role := range []gbert.Role{gbert.Query, gbert.Key, gbert.Value} {
		form := m.Config.Layers[layer].Form(role)
		if form.Kind == gbert.Tied {
			continue
		}
		matrix := gbert.WeightName(layer, role)
		if form.Kind == gbert.Factored {
			matrix, _ = gbert.FactorNames(layer, role)
		}
		names := []string{matrix, gbert.BiasName(layer, role)}
		if form.Kind == gbert.Banked { // a slice stays whole: it chooses columns of the shared factor by the kept heads
			names = names[1:]
			if len(keep) == 0 {
				m.DeleteWeight(gbert.SlicesName(layer, role))
			}
		}
		for _, name := range names {
			if err := keepRows(m, name, keep, size); err != nil {
				return err
			}
		}
		if _, v := gbert.FactorNames(layer, role); len(keep) == 0 && form.Kind == gbert.Factored {
			m.DeleteWeight(v)
		}
	}
	form := m.Config.Layers[layer].Form(gbert.AttentionOutput)
	switch form.Kind {
	case gbert.Tied:
		return nil
	case gbert.Banked:
		if len(keep) == 0 {
			m.DeleteWeight(gbert.SlicesName(layer, gbert.AttentionOutput))
		}
		return nil
	case gbert.Factored:
		u, v := gbert.FactorNames(layer, gbert.AttentionOutput)
		if len(keep) == 0 {
			m.DeleteWeight(u)
		}
		return keepColumns(m, v, keep, size)
	}
	return keepColumns(m, gbert.WeightName(layer, gbert.AttentionOutput), keep, size)
}

// keepRows keeps the blocks of size rows at the given places of a weight [rows, …]; without any, the weight goes.
func keepRows(m *gbert.Model, name string, keep []int, size int) error {
	values, shape, err := m.Weight(name)
	if err != nil {
		return err
	}
	if len(keep) == 0 {
		m.DeleteWeight(name)
		return nil
	}
	block := size * len(values) / shape[0]
	kept := make([]float32, 0, len(keep)*block)
	for _, place := range keep {
		kept = append(kept, values[place*block:(place+1)*block]...)
	}
	return m.SetWeight(name, append([]int{len(keep) * size}, shape[1:]...), kept)
}

// keepColumns keeps the blocks of size columns at the given places of a weight [rows, columns]; without any, the weight goes.
func keepColumns(m *gbert.Model, name string, keep []int, size int) error {
	values, shape, err := m.Weight(name)
	if err != nil {
		return err
	}
	if len(keep) == 0 {
		m.DeleteWeight(name)
		return nil
	}
	rows, columns := shape[0], shape[1]
	kept := make([]float32, 0, rows*len(keep)*size)
	for r := range rows {
		for _, place := range keep {
			at := r*columns + place*size
			kept = append(kept, values[at:at+size]...)
		}
	}
	return m.SetWeight(name, []int{rows, len(keep) * size}, kept)
}
