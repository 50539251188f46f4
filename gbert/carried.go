package gbert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bertlab/gbert/safetensors"
)

// A carriedTensor is a tensor of the model's file with which nothing is computed.
type carriedTensor struct {
	tensor safetensors.Tensor
	// beside is the shape of what the tensor belongs to (see belongsTo) when it was read.
	beside string
}

// Carried lists the tensors of the model's file with which bertlab does not compute, by their names as they are saved, in
// alphabetical order: heads that it does not know or that another takes precedence of, scores of a pruning method that were not
// applied, and the like. They are kept as they are: [Model.Save] writes them back with the values and the data type that they
// had (half precision rounds floating-point numbers).
//
// Heads read the hidden states, whose size no operation changes. A tensor inside the encoder or the embeddings belongs to the weight
// beside it; an operation that changes that weight's shape or form is refused, and says why.
func (m *Model) Carried() []string {
	saved := m.savedNames()
	names := make([]string, 0, len(m.carried))
	for name := range m.carried {
		names = append(names, saved(name))
	}
	slices.Sort(names)
	return names
}

// Notes say how the model's files were taken, where they can be taken otherwise: those of its configuration, and the names of
// [Model.Carried].
func (m *Model) Notes() []string {
	notes := slices.Clone(m.Config.Notes)
	if carried := m.Carried(); len(carried) > 0 {
		notes = append(notes, "nothing is computed with these tensors, which are carried over as they are: "+strings.Join(carried, ", "))
	}
	if m.Tokenizer != nil {
		notes = append(notes, m.Tokenizer.Notes()...)
	}
	return notes
}

// Replaced says which weights a new head would take the place of, in a line for the user; empty if there are none.
func (m *Model) Replaced() string {
	replaced := m.HeadWeights()
	if len(replaced) == 0 {
		return ""
	}
	return fmt.Sprintf("a new head takes the place of the model's own (%s): %s", m.Config.Head, strings.Join(replaced, ", "))
}

// CarriedInside are those of [Model.Carried] that belong to weights of the encoder or the embeddings, so that an operation that
// changes the shapes of these cannot keep them.
func (m *Model) CarriedInside() []string {
	saved := m.savedNames()
	var names []string
	for name, carried := range m.carried {
		if carried.beside != "" {
			names = append(names, saved(name))
		}
	}
	slices.Sort(names)
	return names
}

// WithoutCarried is the model without the tensors of [Model.Carried].
func (m *Model) WithoutCarried() *Model {
	clone := m.Clone()
	clone.carried = nil
	return clone
}

// RenumberCarried gives the carried tensors of the layers the numbers that number says, and lets those of layers that go (−1) go with
// them; use it on a [Model.Clone] whose layers are renumbered.
func (m *Model) RenumberCarried(number func(layer int) int) {
	renumbered := map[string]carriedTensor{}
	for name, carried := range m.carried {
		if layer, rest, ok := CutLayer(name); ok {
			now := number(layer)
			if now < 0 {
				continue
			}
			name = LayerPrefix(now) + rest
		}
		renumbered[name] = carried
	}
	m.carried = renumbered
}

// carry keeps tensors with which nothing is computed, by their names here.
func (m *Model) carry(tensors map[string]safetensors.Tensor) {
	m.carried = map[string]carriedTensor{}
	for name, tensor := range tensors {
		m.carried[name] = carriedTensor{tensor: tensor, beside: m.Config.belongsTo(name)}
	}
}

// checkCarried reports a carried tensor whose surroundings are no longer what they were.
func (m *Model) checkCarried() error {
	for _, name := range slices.Sorted(maps.Keys(m.carried)) {
		carried := m.carried[name]
		if now := m.Config.belongsTo(name); now != carried.beside {
			return fmt.Errorf("the model's file holds %s, which bertlab does not compute with, and the part that it belongs to was to change (%s to %s): it cannot be kept as it is; take it out of the file or apply it first", carried.tensor.Name, carried.beside, now)
		}
	}
	return nil
}

// belongsTo describes the shape and the form of the weights that a tensor inside the encoder or the embeddings belongs to, by its name
// here: the maps of a layer whose names begin its own, or else the whole layer. It is empty for all else.
func (c *Config) belongsTo(name string) string {
	switch layer, _, ok := CutLayer(name); {
	case ok && layer < len(c.Layers):
		return c.describeParts(layer, name)
	case ok:
		return "no layer"
	case IsEmbedding(name):
		return fmt.Sprintf("embeddings %d×%d %s%d", c.VocabSize, c.HiddenSize, c.Embedding.Kind(), c.Embedding.Size())
	case strings.HasPrefix(name, "bert.encoder."), strings.HasPrefix(name, "albert.encoder."):
		var layers []string
		for layer := range c.Layers {
			layers = append(layers, c.describeParts(layer, ""))
		}
		return strings.Join(layers, "; ")
	}
	return ""
}

// describeParts describes the maps and LayerNorms of a layer whose names begin a tensor's, or all of them if there is none.
func (c *Config) describeParts(layer int, name string) string {
	var all, own []string
	for _, role := range TieRoles {
		out, in := c.linearDims(layer, role)
		text := fmt.Sprintf("%s %d×%d", role, out, in)
		if kept := c.Layers[layer].Heads; len(kept) < c.NumAttentionHeads && slices.Contains([]Role{Query, Key, Value, AttentionOutput}, role) {
			text += fmt.Sprintf(" heads %v", kept)
		}
		if form := c.Layers[layer].Form(role); !form.IsDense() {
			text += " " + string(form.Kind())
		}
		all = append(all, text)
		if strings.HasPrefix(name, modulePath(layer, role)+".") {
			own = append(own, text)
		}
	}
	if len(own) > 0 {
		return strings.Join(own, ", ")
	}
	return strings.Join(all, ", ")
}

// carriedEntries are the carried tensors as they are saved beside weights of a precision. Half precision is for all floating-point
// numbers.
func (m *Model) carriedEntries(numbers precision) ([]safetensors.Entry, error) {
	saved := m.savedNames()
	var entries []safetensors.Entry
	for _, name := range slices.Sorted(maps.Keys(m.carried)) {
		tensor := m.carried[name].tensor
		entry := safetensors.Entry{Name: saved(name), Shape: tensor.Shape, DType: tensor.DType, Raw: tensor.Data}
		if numbers.converts(tensor.DType) {
			values, err := tensor.Float32s()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", tensor.Name, err)
			}
			entry.DType, entry.Values, entry.Raw = numbers.dtype(), values, nil
		}
		entries = append(entries, entry)
	}
	return entries, nil
}
