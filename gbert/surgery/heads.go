package surgery

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bertlab/gbert"
)

// AttentionRoles are the maps whose rows or columns are heads.
var AttentionRoles = []gbert.Role{gbert.Query, gbert.Key, gbert.Value, gbert.AttentionOutput}

// RemoveHeads takes heads out of a model, by layer and by their numbers in the pretrained layer, both from 0: the rows of their query,
// key and value maps and the columns of their attention output map are deleted, so the model becomes smaller and faster. It computes
// what the model computes with these heads masked. A layer that loses all its heads keeps the bias of its attention output. Layers that
// share their attention lose the same heads (see [CheckShared]).
func RemoveHeads(m *gbert.Model, heads map[int][]int) (*gbert.Model, error) {
	if err := CheckHeads(m.Config, heads); err != nil {
		return nil, err
	}
	if err := CheckShared(m.Config, heads); err != nil {
		return nil, err
	}
	smaller := m.Clone()
	for _, layer := range slices.Sorted(maps.Keys(heads)) {
		if err := keepHeads(smaller, layer, func(head int) bool { return !slices.Contains(heads[layer], head) }); err != nil {
			return nil, fmt.Errorf("surgery: %w", err)
		}
	}
	return finish(smaller, gbert.Operation{Name: "heads.remove", Arguments: map[string]any{"heads": FormatHeads(heads)}})
}

// keepHeads cuts a layer's attention maps to some of its heads.
func keepHeads(m *gbert.Model, layer int, keep func(head int) bool) error {
	size := m.Config.HeadSize()
	kept, features := []int{}, []int(nil)
	for place, head := range m.Config.Layers[layer].Heads {
		if !keep(head) {
			continue
		}
		kept = append(kept, head)
		for i := range size {
			features = append(features, place*size+i)
		}
	}
	if len(kept) == len(m.Config.Layers[layer].Heads) {
		return nil
	}
	for _, role := range AttentionRoles[:3] {
		if err := m.KeepRows(layer, role, features); err != nil {
			return err
		}
	}
	if err := m.KeepColumns(layer, gbert.AttentionOutput, features); err != nil {
		return err
	}
	m.Config.Layers[layer].Heads = kept
	return nil
}

// CheckHeads reports heads, by layer, that the model does not have (any more).
func CheckHeads(c *gbert.Config, heads map[int][]int) error {
	for _, layer := range slices.Sorted(maps.Keys(heads)) {
		for _, head := range slices.Sorted(slices.Values(heads[layer])) {
			if layer < 0 || layer >= c.NumHiddenLayers {
				return fmt.Errorf("heads: there is no layer %d: the model has layers 0…%d", layer, c.NumHiddenLayers-1)
			}
			if head < 0 || head >= c.NumAttentionHeads {
				return fmt.Errorf("heads: layer %d has heads 0…%d: there is no head %d", layer, c.NumAttentionHeads-1, head)
			}
			if kept := c.Layers[layer].Heads; !slices.Contains(kept, head) {
				return fmt.Errorf("heads: head %d of layer %d was removed already; what is left there: %v", head, layer, kept)
			}
		}
	}
	return nil
}

// CheckShared reports heads, by layer, that leave a layer but not the others that share an attention map with it, and says which
// would do.
func CheckShared(c *gbert.Config, heads map[int][]int) error {
	for _, layers := range Sharing(c, AttentionRoles...) {
		for place := range c.Layers[layers[0]].Heads { // maps that are shared have as many heads
			if err := checkUnit(c, layers, place, heads); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkUnit reports that the heads at one place of layers that share their attention go in some and stay in others.
func checkUnit(c *gbert.Config, layers []int, place int, heads map[int][]int) error {
	in, out := map[int][]int{}, map[int][]int{}
	var going, staying []string
	for _, layer := range layers {
		head := c.Layers[layer].Heads[place]
		if slices.Contains(heads[layer], head) {
			in[layer], going = []int{head}, append(going, strconv.Itoa(layer))
		} else {
			out[layer], staying = []int{head}, append(staying, strconv.Itoa(layer))
		}
	}
	if len(in) == 0 || len(out) == 0 {
		return nil
	}
	names := slices.Concat(going, staying)
	last, all := len(names)-1, "all of them"
	if len(names) == 2 {
		all = "both"
	}
	return fmt.Errorf("heads: layers %s and %s share their attention: remove the same heads from %s, with %s also %s",
		strings.Join(names[:last], ", "), names[last], all, FormatHeads(in), FormatHeads(out))
}

// FormatHeads writes heads by layer as the command line has them: "0:3,5;2:1".
func FormatHeads(heads map[int][]int) string {
	var parts []string
	for _, layer := range slices.Sorted(maps.Keys(heads)) {
		if len(heads[layer]) > 0 {
			parts = append(parts, fmt.Sprintf("%d:%s", layer, FormatLayers(heads[layer])))
		}
	}
	return strings.Join(parts, ";")
}
