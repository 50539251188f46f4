package gbert

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// prunedHeadsKey is the key by which transformers 4 names the heads that prune_heads took out of a model: an object from a layer's
// number to its heads' numbers. The file holds what is left of their maps. transformers 5 has no such key any more.
//
// In an ALBERT the number is that of a group's layer, group · inner_group_num + place, and all layers that run it lose the heads.
const prunedHeadsKey = "pruned_heads"

// readPrunedHeads gives the layers the heads that are left of them, and takes the key away where it names any: saved again, the model
// has bertlab's shape.
func (c *Config) readPrunedHeads(compression *compressionJSON) error {
	pruned, err := parsePrunedHeads(c.extra[prunedHeadsKey])
	if err != nil || len(pruned) == 0 {
		return err
	}
	if compression != nil && len(compression.Layers) > 0 {
		return fmt.Errorf("pruned_heads and bertlab.layers both say which heads are left: take pruned_heads away if bertlab wrote the weights")
	}
	layers := len(c.Layers)
	if c.file != nil {
		layers = c.file.groups * c.file.inner
	}
	for _, layer := range slices.Sorted(maps.Keys(pruned)) {
		if layer < 0 || layer >= layers {
			return fmt.Errorf("pruned_heads has layer %d; the model has layers 0…%d", layer, layers-1)
		}
		for _, head := range pruned[layer] {
			if head < 0 || head >= c.NumAttentionHeads {
				return fmt.Errorf("pruned_heads has head %d of layer %d; the heads are 0…%d", head, layer, c.NumAttentionHeads-1)
			}
		}
		for _, l := range c.running(layer) {
			c.Layers[l].Heads = slices.DeleteFunc(c.Layers[l].Heads, func(head int) bool { return slices.Contains(pruned[layer], head) })
		}
	}
	delete(c.extra, prunedHeadsKey)
	c.pruned = true
	return nil
}

// running are the layers whose heads go with one of the file's: itself, in an ALBERT all that run this layer of a group.
func (c *Config) running(layer int) []int {
	if c.file == nil {
		return []int{layer}
	}
	var running []int
	for l := range c.Layers {
		if run := l / c.file.inner; c.file.group(run)*c.file.inner+l%c.file.inner == layer {
			running = append(running, l)
		}
	}
	return running
}

// parsePrunedHeads reads an object from layers to lists of heads, or a list with a list for each layer. A head may be there twice,
// as in transformers, which makes a set of them. Layers without any are left out.
func parsePrunedHeads(value json.RawMessage) (map[int][]int, error) {
	if len(value) == 0 || isNull(value) {
		return nil, nil
	}
	byLayer := map[string]json.RawMessage{}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil {
		for layer, heads := range list {
			byLayer[fmt.Sprint(layer)] = heads
		}
	} else if json.Unmarshal(value, &byLayer) != nil {
		return nil, fmt.Errorf(`pruned_heads is %s; it must be an object of lists, such as {"0": [1, 2]}`, excerpt(value))
	}
	pruned, seen := map[int][]int{}, map[int]string{}
	for _, key := range slices.Sorted(maps.Keys(byLayer)) {
		layer, ok := pythonInt(key)
		if !ok {
			return nil, fmt.Errorf("pruned_heads has the layer %q; it must be a number", key)
		}
		if other, twice := seen[layer]; twice {
			return nil, fmt.Errorf("pruned_heads has layer %d twice, as %q and %q", layer, other, key)
		}
		seen[layer] = key
		heads, err := parseHeads(byLayer[key])
		if err != nil {
			return nil, fmt.Errorf("pruned_heads of layer %d: %w", layer, err)
		}
		if len(heads) > 0 {
			pruned[layer] = heads
		}
	}
	return pruned, nil
}

// parseHeads reads a list of numbers, which may be texts.
func parseHeads(value json.RawMessage) ([]int, error) {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return nil, fmt.Errorf("%s must be a list of heads, such as [1, 2]", excerpt(value))
	}
	var heads []int
	for _, entry := range list {
		text, ok := scalarText(entry)
		head, isInt := pythonInt(text)
		if !ok || !isInt {
			return nil, fmt.Errorf("%s is not a head's number", excerpt(entry))
		}
		heads = append(heads, head)
	}
	return heads, nil
}

// emptyMap reports whether a weight is one of a map of which pruning has left nothing: transformers stores it with a size of 0,
// bertlab not at all.
func (c *Config) emptyMap(name string, shape []int) bool {
	if !c.pruned || !slices.Contains(shape, 0) {
		return false
	}
	layer, _, ok := CutLayer(name)
	return ok && layer < len(c.Layers) && len(c.Layers[layer].Heads) == 0 && strings.Contains(name, ".attention.")
}

// explain adds what the file leaves unsaid to an error about weights that do not fit the configuration.
func (c *Config) explain(err error) error {
	if c.pruned {
		return fmt.Errorf("%w (config.json has pruned_heads, by which transformers 4 stores the maps without these heads)", err)
	}
	if len(c.unstated) > 0 {
		return fmt.Errorf("%w (config.json does not state %s, for which transformers' defaults were taken)", err, strings.Join(c.unstated, ", "))
	}
	return err
}
