package surgery

import (
	"fmt"
	"maps"
	"slices"

	"bertlab/gbert"
)

// RemoveNeurons takes neurons out of feed-forward networks, by layer and by their present number, both from 0: rows of W_in with
// their biases, and columns of W_out. It computes what the model computes with these columns masked. A layer that loses all of
// them keeps the bias of W_out. Maps that layers share are refused.
func RemoveNeurons(m *gbert.Model, neurons map[int][]int) (*gbert.Model, error) {
	smaller := m.Clone()
	counts := map[string]int{}
	for _, layer := range slices.Sorted(maps.Keys(neurons)) {
		remove := slices.Compact(slices.Sorted(slices.Values(neurons[layer])))
		if err := checkNeurons(m.Config, layer, remove); err != nil {
			return nil, err
		}
		if len(remove) == 0 {
			continue
		}
		if err := keepNeurons(smaller, layer, Without(m.Config.Layers[layer].IntermediateSize, remove)); err != nil {
			return nil, fmt.Errorf("surgery: %w", err)
		}
		counts[fmt.Sprint(layer)] = len(remove)
	}
	return finish(smaller, gbert.Operation{Name: "neurons.remove", Arguments: map[string]any{"neurons": counts}})
}

// checkNeurons reports neurons, ascending, that cannot be removed.
func checkNeurons(c *gbert.Config, layer int, remove []int) error {
	if layer < 0 || layer >= len(c.Layers) {
		return fmt.Errorf("neurons: layer %d: the model has the layers 0…%d", layer, len(c.Layers)-1)
	}
	if len(remove) == 0 {
		return nil
	}
	width := c.Layers[layer].IntermediateSize
	if width == 0 {
		return fmt.Errorf("neurons: layer %d has no neurons left", layer)
	}
	if first, last := remove[0], remove[len(remove)-1]; first < 0 || last >= width {
		return fmt.Errorf("neurons: layer %d has the neurons 0…%d: cannot remove %d", layer, width-1, map[bool]int{true: first, false: last}[first < 0])
	}
	for _, role := range []gbert.Role{gbert.FFNIn, gbert.FFNOut} {
		for other := range c.Layers {
			if holder := c.Holder(other, role); holder != other && (other == layer || holder == layer) {
				return fmt.Errorf("neurons: layers %d and %d share their %s map: neurons of shared maps cannot be removed", other, holder, role)
			}
		}
	}
	return nil
}

// keepNeurons cuts a layer's feed-forward network to the neurons at some places.
func keepNeurons(m *gbert.Model, layer int, keep []int) error {
	shape := &m.Config.Layers[layer]
	var places []int // of the kept neurons where maps are stored whole; nil: they are the first
	if len(keep) > 0 && m.Config.ChoosesNeurons(layer) {
		for _, i := range keep {
			if shape.Neurons != nil {
				i = shape.Neurons[i]
			}
			places = append(places, i)
		}
	}
	if err := m.KeepRows(layer, gbert.FFNIn, keep); err != nil {
		return err
	}
	if err := m.KeepColumns(layer, gbert.FFNOut, keep); err != nil {
		return err
	}
	shape.IntermediateSize, shape.Neurons = len(keep), places
	return nil
}
