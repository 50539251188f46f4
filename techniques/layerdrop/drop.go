package layerdrop

import (
	"fmt"

	"bertlab/gbert"
)

// HistoryName is the name of a drop in a model's history. Its argument "layers" lists the dropped layers by their numbers in the
// pretrained model, such as "3,4,5".
const HistoryName = "layers.drop"

// Drop takes layers out of a model, by their present numbers from 0. What is left moves down: a model of k layers has layers
// 0…k−1 and a configuration that says so, whatever reads it. A map that a remaining layer shares with a dropped one stays, and is
// held by the lowest layer that uses it. The result shares its weights with the given model, which is not changed. Without layers
// to drop it is a copy.
//
// Layers that the model does not have, a layer named twice, and dropping all layers are errors.
func Drop(m *gbert.Model, drop []int) (*gbert.Model, error) {
	layers := m.Config.NumHiddenLayers
	dropped := make([]bool, layers)
	for _, layer := range drop {
		if layer < 0 || layer >= layers {
			return nil, fmt.Errorf("layerdrop: cannot drop layer %d: the model has layers 0…%d", layer, layers-1)
		}
		if dropped[layer] {
			return nil, fmt.Errorf("layerdrop: layer %d is named twice", layer)
		}
		dropped[layer] = true
	}
	smaller := m.Clone()
	if len(drop) == 0 {
		return smaller, nil
	}
	if len(drop) == layers {
		return nil, fmt.Errorf("layerdrop: cannot drop all %d layers: at least one layer stays, so drop 0…%d of them", layers, layers-1)
	}
	for layer := range layers {
		if dropped[layer] {
			for _, role := range gbert.TieRoles {
				handOver(smaller, layer, role, dropped)
			}
		}
	}
	gone := Origins(m.Config, drop)
	compact(smaller, dropped)
	smaller.Config.History = append(smaller.Config.History, gbert.Operation{Name: HistoryName, Arguments: map[string]any{"layers": FormatLayers(gone)}})
	if err := smaller.Check(); err != nil {
		return nil, fmt.Errorf("layerdrop: %w", err)
	}
	return smaller, nil
}

// handOver gives a map or a LayerNorm that the holder is about to take with it to the lowest remaining layer that is tied to it.
func handOver(m *gbert.Model, holder int, role gbert.Role, dropped []bool) {
	heir := -1
	form := m.Config.Layers[holder].Form(role)
	for layer := range m.Config.Layers {
		shape := &m.Config.Layers[layer]
		if other := shape.Form(role); dropped[layer] || other.Kind != gbert.Tied || other.Layer != holder {
			continue
		}
		if heir >= 0 {
			shape.Forms[role] = gbert.Form{Kind: gbert.Tied, Layer: heir}
			continue
		}
		heir = layer
		delete(shape.Forms, role)
		if form.Kind != gbert.Dense {
			shape.Forms[role] = form
		}
		oldU, oldV := gbert.FactorNames(holder, role)
		newU, newV := gbert.FactorNames(heir, role)
		m.RenameWeight(gbert.WeightName(holder, role), gbert.WeightName(heir, role))
		m.RenameWeight(gbert.BiasName(holder, role), gbert.BiasName(heir, role))
		m.RenameWeight(gbert.SlicesName(holder, role), gbert.SlicesName(heir, role))
		m.RenameWeight(oldU, newU)
		m.RenameWeight(oldV, newV)
		m.HandOverCarried(holder, heir, role)
	}
}

// compact deletes the dropped layers and numbers the others from 0.
func compact(m *gbert.Model, dropped []bool) {
	number := make([]int, len(dropped)) // new numbers of the remaining layers
	kept := 0
	for layer, gone := range dropped {
		if !gone {
			number[layer] = kept
			kept++
		}
	}
	for _, spec := range m.Weights() { // layer by layer, so that the place where a weight goes is empty already
		layer, rest, ok := splitLayer(spec.Name)
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
			if form.Kind == gbert.Tied {
				form.Layer = number[form.Layer]
				shape.Forms[role] = form
			}
		}
		shapes = append(shapes, shape)
	}
	m.Config.Layers, m.Config.NumHiddenLayers = shapes, kept
}
