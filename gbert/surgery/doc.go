// Package surgery changes the structure of models: it takes out heads, neurons and layers, lets layers share maps, and stores maps as
// products or as slices of a bank. It is what the techniques stand on: they decide what to change, by whatever criterion, and surgery
// changes it, in any form that a map is stored in.
//
// Every function takes a model and returns a new one that shares the weights that did not change; the given model stays as it is. The
// result is checked, and its history has one more line.
//
//	smaller, err := surgery.RemoveHeads(model, map[int][]int{0: {3, 5}, 2: {1}})
//	smaller, err = surgery.RemoveNeurons(smaller, map[int][]int{1: {0, 7}})
//	smaller, err = surgery.DropLayers(smaller, []int{3})
//
// Nothing is trained or measured here, and nothing is chosen.
package surgery

import (
	"fmt"

	"bertlab/gbert"
)

// finish writes a line into the history of a model that was operated on, and checks it.
func finish(m *gbert.Model, done gbert.Operation) (*gbert.Model, error) {
	m.Config.History = append(m.Config.History, done)
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("surgery: %w", err)
	}
	return m, nil
}
