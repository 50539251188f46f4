package movement

import (
	"fmt"
	"maps"
	"slices"

	"bertlab/gbert"
)

// RemoveNeurons takes neurons out of feed-forward networks, by layer and by their present number, both from 0: rows of W_in with
// their biases, and columns of W_out. It computes what the model computes with these columns masked. A layer that loses all of
// them keeps the bias of W_out. Factored maps lose rows of U and columns of V; banked ones remember their kept neurons; tied ones are
// refused. The given model is not
// changed.
func RemoveNeurons(m *gbert.Model, neurons map[int][]int) (*gbert.Model, error) {
	smaller := m.Clone()
	counts := map[string]int{}
	for _, layer := range slices.Sorted(maps.Keys(neurons)) {
		if layer < 0 || layer >= len(m.Config.Layers) {
			return nil, fmt.Errorf("movement: layer %d: the model has the layers 0…%d", layer, len(m.Config.Layers)-1)
		}
		remove := slices.Compact(slices.Sorted(slices.Values(neurons[layer])))
		if len(remove) == 0 {
			continue
		}
		width := m.Config.Layers[layer].IntermediateSize
		if width == 0 {
			return nil, fmt.Errorf("movement: layer %d has no neurons left", layer)
		}
		if first, last := remove[0], remove[len(remove)-1]; first < 0 || last >= width {
			return nil, fmt.Errorf("movement: layer %d has the neurons 0…%d: cannot remove %d", layer, width-1, map[bool]int{true: first, false: last}[first < 0])
		}
		if err := checkUntied(m.Config, layer); err != nil {
			return nil, err
		}
		var keep []int
		for i := range width {
			if _, gone := slices.BinarySearch(remove, i); !gone {
				keep = append(keep, i)
			}
		}
		if err := keepNeurons(smaller, layer, keep); err != nil {
			return nil, fmt.Errorf("movement: %w", err)
		}
		counts[fmt.Sprint(layer)] = len(remove)
	}
	smaller.Config.History = append(smaller.Config.History, gbert.Operation{Name: "neurons.remove", Arguments: map[string]any{"neurons": counts}})
	if err := smaller.Check(); err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	return smaller, nil
}

// checkUntied reports a layer that shares a map of its feed-forward network with another.
func checkUntied(c *gbert.Config, layer int) error {
	for other, shape := range c.Layers {
		for _, role := range []gbert.Role{gbert.FFNIn, gbert.FFNOut} {
			if form := shape.Form(role); form.Kind == gbert.Tied && (other == layer || form.Layer == layer) {
				return fmt.Errorf("movement: layers %d and %d share their %s map: neurons of shared maps cannot be removed", other, form.Layer, role)
			}
		}
	}
	return nil
}

// keepNeurons cuts a layer's feed-forward network to the neurons at the given places.
func keepNeurons(m *gbert.Model, layer int, keep []int) error {
	shape := &m.Config.Layers[layer]
	in, out := gbert.WeightName(layer, gbert.FFNIn), gbert.WeightName(layer, gbert.FFNOut)
	var whole []string // the factors that do not know neurons
	if shape.Form(gbert.FFNIn).Kind == gbert.Factored {
		u, v := gbert.FactorNames(layer, gbert.FFNIn)
		in, whole = u, append(whole, v)
	}
	if shape.Form(gbert.FFNOut).Kind == gbert.Factored {
		u, v := gbert.FactorNames(layer, gbert.FFNOut)
		out, whole = v, append(whole, u)
	}
	inBanked, outBanked := shape.Form(gbert.FFNIn).Kind == gbert.Banked, shape.Form(gbert.FFNOut).Kind == gbert.Banked
	if inBanked || outBanked {
		var kept []int
		for _, i := range keep {
			if shape.Neurons != nil {
				i = shape.Neurons[i]
			}
			kept = append(kept, i)
		}
		shape.Neurons = kept
	}
	shape.IntermediateSize = len(keep)
	bias := gbert.BiasName(layer, gbert.FFNIn)
	if len(keep) == 0 {
		for _, name := range append(whole, in, bias, out, gbert.SlicesName(layer, gbert.FFNIn), gbert.SlicesName(layer, gbert.FFNOut)) {
			m.DeleteWeight(name)
		}
		delete(shape.Forms, gbert.FFNIn)
		delete(shape.Forms, gbert.FFNOut)
		return nil
	}
	rows := []string{bias}
	if !inBanked {
		rows = append(rows, in)
	}
	for _, name := range rows {
		values, dims, err := m.Weight(name)
		if err != nil {
			return err
		}
		columns := len(values) / dims[0]
		kept := make([]float32, 0, len(keep)*columns)
		for _, i := range keep {
			kept = append(kept, values[i*columns:(i+1)*columns]...)
		}
		if err := m.SetWeight(name, append([]int{len(keep)}, dims[1:]...), kept); err != nil {
			return err
		}
	}
	if outBanked {
		return nil
	}
	values, dims, err := m.Weight(out)
	if err != nil {
		return err
	}
	kept := make([]float32, 0, dims[0]*len(keep))
	for row := range dims[0] {
		for _, i := range keep {
			kept = append(kept, values[row*dims[1]+i])
		}
	}
	return m.SetWeight(out, []int{dims[0], len(keep)}, kept)
}
