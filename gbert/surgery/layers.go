package surgery

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bertlab/gbert"
)

// DropLayers takes layers out of a model, by their present numbers from 0. What is left moves down: a model of k layers has layers
// 0…k−1 and a configuration that says so, whatever reads it. A map that a remaining layer shares with a dropped one stays, and is
// held by the lowest layer that uses it. Without layers to drop the result is a copy.
//
// Layers that the model does not have, a layer named twice, and dropping all layers are errors. The history lists the dropped layers by
// their numbers in the pretrained model, such as "3,4,5".
func DropLayers(m *gbert.Model, drop []int) (*gbert.Model, error) {
	dropped, err := dropping(m.Config.NumHiddenLayers, drop)
	if err != nil {
		return nil, err
	}
	smaller := m.Clone()
	if len(drop) == 0 {
		return smaller, nil
	}
	for layer := range dropped {
		if dropped[layer] {
			for _, role := range gbert.TieRoles {
				handOver(smaller, layer, role, dropped)
			}
		}
	}
	renumber(smaller, dropped)
	return finish(smaller, gbert.Operation{Name: "layers.drop", Arguments: map[string]any{"layers": FormatLayers(Origins(m.Config, drop))}})
}

// dropping says of each layer whether it goes.
func dropping(layers int, drop []int) ([]bool, error) {
	dropped := make([]bool, layers)
	for _, layer := range drop {
		if layer < 0 || layer >= layers {
			return nil, fmt.Errorf("layers: cannot drop layer %d: the model has layers 0…%d", layer, layers-1)
		}
		if dropped[layer] {
			return nil, fmt.Errorf("layers: layer %d is named twice", layer)
		}
		dropped[layer] = true
	}
	if len(drop) == layers && layers > 0 {
		return nil, fmt.Errorf("layers: cannot drop all %d layers: at least one layer stays, so drop 0…%d of them", layers, layers-1)
	}
	return dropped, nil
}

// handOver gives a map or a LayerNorm that the holder is about to take with it to the lowest remaining layer that shares it.
func handOver(m *gbert.Model, holder int, role gbert.Role, dropped []bool) {
	heir := -1
	for layer := range m.Config.Layers {
		switch {
		case dropped[layer] || layer == holder || m.Config.Holder(layer, role) != holder:
		case heir < 0:
			heir = layer
			m.HandOver(holder, heir, role)
		default:
			m.Share(layer, role, heir)
		}
	}
}

// renumber deletes the dropped layers and numbers the others from 0.
func renumber(m *gbert.Model, dropped []bool) {
	number := make([]int, len(dropped)) // new numbers of the remaining layers
	kept := 0
	for layer, gone := range dropped {
		if !gone {
			number[layer] = kept
			kept++
		}
	}
	for _, spec := range m.Weights() { // layer by layer, so that the place where a weight goes is empty already
		layer, rest, ok := gbert.CutLayer(spec.Name)
		switch {
		case !ok:
		case dropped[layer]:
			m.DeleteWeight(spec.Name)
		default:
			m.RenameWeight(spec.Name, gbert.LayerPrefix(number[layer])+rest)
		}
	}
	m.RenumberCarried(func(layer int) int {
		switch {
		case layer >= len(dropped): // of the file alone: the configuration has fewer layers
			return layer
		case dropped[layer]:
			return -1
		}
		return number[layer]
	})
	var shapes []gbert.LayerShape
	for layer, shape := range m.Config.Layers {
		if dropped[layer] {
			continue
		}
		for role, form := range shape.Forms {
			shape.Forms[role] = form.Renumbered(func(layer int) int { return number[layer] })
		}
		shapes = append(shapes, shape)
	}
	m.Config.Layers, m.Config.NumHiddenLayers = shapes, kept
}

// Origins are the numbers in the pretrained model, from 0, of layers given by their present numbers, in the same order.
func Origins(c *gbert.Config, layers []int) []int {
	origins := make([]int, len(layers))
	for i, layer := range layers {
		origins[i] = c.Layers[layer].Origin
	}
	return origins
}

// Without are the numbers from 0 to before count that are not dropped, ascending.
func Without(count int, drop []int) []int {
	kept := []int{}
	for i := range count {
		if !slices.Contains(drop, i) {
			kept = append(kept, i)
		}
	}
	return kept
}

// FormatLayers writes numbers of layers as the command line has them: "9,10,11".
func FormatLayers(layers []int) string {
	parts := make([]string, len(layers))
	for i, layer := range layers {
		parts[i] = strconv.Itoa(layer)
	}
	return strings.Join(parts, ",")
}
