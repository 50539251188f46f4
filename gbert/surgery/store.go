package surgery

import (
	"fmt"
	"slices"

	"bertlab/gbert"
)

// A Map is a linear map of a layer as it is to be stored: in which form, and the values of the form's weights, row-major, in the order
// that its constructor says. Its bias stays.
type Map struct {
	Layer  int
	Role   gbert.Role
	Form   gbert.Form
	Values [][]float32
}

// Product is a map W = U·V, u [out, rank] and v [rank, in].
func Product(layer int, role gbert.Role, rank int, u, v []float32) Map {
	return Map{Layer: layer, Role: role, Form: gbert.Factored(rank), Values: [][]float32{u, v}}
}

// Slices is a map of a bank, with what its slices have of their own.
func Slices(layer int, role gbert.Role, slices int, own []float32) Map {
	return Map{Layer: layer, Role: role, Form: gbert.Banked(slices), Values: [][]float32{own}}
}

// Store stores maps in other forms; done is what the history says.
func Store(m *gbert.Model, maps []Map, done gbert.Operation) (*gbert.Model, error) {
	stored := m.Clone()
	for _, part := range maps {
		if err := stored.Store(part.Layer, part.Role, part.Form, part.Values...); err != nil {
			return nil, fmt.Errorf("surgery: layer %d, %s: %w", part.Layer, part.Role, err)
		}
	}
	return finish(stored, done)
}

// Shared are the weights that all maps of a bank share: left [hidden, left rank], right [hidden, right rank], and for mixed cores
// cores [cores, left rank, right rank].
type Shared struct{ Left, Right, Cores []float32 }

// Bank stores maps as slices of a bank, which the model must not have yet; done is what the history says. The slices are cut for the
// heads' numbers and for the neurons that are there now.
func Bank(m *gbert.Model, bank gbert.Bank, shared Shared, maps []Map, done gbert.Operation) (*gbert.Model, error) {
	if m.Config.UsesBank() {
		return nil, fmt.Errorf("surgery: the model has a bank already, and a model has one: make it dense first (Model.Dense)")
	}
	banked := m.Clone()
	banked.Config.Bank = bank
	hidden := banked.Config.HiddenSize
	for _, weight := range []struct {
		name   string
		shape  []int
		values []float32
	}{
		{gbert.BankLeft, []int{hidden, bank.LeftRank}, shared.Left}, {gbert.BankRight, []int{hidden, bank.RightRank}, shared.Right},
		{gbert.BankCores, []int{bank.Cores, bank.LeftRank, bank.RightRank}, shared.Cores},
	} {
		if weight.values == nil {
			continue
		}
		if err := banked.SetWeight(weight.name, weight.shape, weight.values); err != nil {
			return nil, fmt.Errorf("surgery: %w", err)
		}
	}
	for _, part := range maps {
		if slices.Contains([]gbert.Role{gbert.FFNIn, gbert.FFNOut}, part.Role) {
			banked.Config.Layers[part.Layer].Neurons = nil
		}
	}
	return Store(banked, maps, done)
}

// StoreWords stores the word table in another form; values are those of its weights, in the order that the form's constructor says,
// and done is what the history says.
func StoreWords(m *gbert.Model, form gbert.EmbeddingForm, done gbert.Operation, values ...[]float32) (*gbert.Model, error) {
	stored := m.Clone()
	if err := stored.StoreWords(form, values...); err != nil {
		return nil, fmt.Errorf("surgery: %w", err)
	}
	return finish(stored, done)
}
