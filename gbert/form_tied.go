package gbert

import (
	"fmt"
	"slices"
)

// tiedForm is the map of the same role in another layer, weight and bias. It stores nothing.
type tiedForm struct {
	denseForm
	// Layer is the present number, from 0, of the layer that holds the map.
	Layer int `json:"layer,omitempty"`
}

// Tied is the form of a map that is another layer's: the same weight and bias. The layer, by its present number from 0, holds it itself.
func Tied(layer int) Form { return Form{tiedForm{Layer: layer}} }

func (tiedForm) kind() FormKind   { return "tied" }
func (t tiedForm) String() string { return fmt.Sprintf("tied to layer %d", t.Layer) }

func (t tiedForm) holder(int) int { return t.Layer }
func (t tiedForm) renumbered(number func(layer int) int) form {
	return tiedForm{Layer: number(t.Layer)}
}

func (t tiedForm) check(of linearMap) error {
	c := of.config
	if t.Layer < 0 || t.Layer >= c.NumHiddenLayers || t.Layer == of.layer {
		return fmt.Errorf("is tied to layer %d; the other layers are among 0…%d", t.Layer, c.NumHiddenLayers-1)
	}
	held := linearMap{c, t.Layer, of.role}
	if held.form().holder(t.Layer) != t.Layer {
		return fmt.Errorf("is tied to layer %d, which is itself tied", t.Layer)
	}
	out, in := of.dims()
	if o, i := held.dims(); o != out || i != in {
		return fmt.Errorf("is [%d, %d], but is tied to layer %d where it is [%d, %d]", out, in, t.Layer, o, i)
	}
	if held.form().staysWhole() && !of.choosesAs(held) {
		return fmt.Errorf("is tied to a %s map of layer %d, which keeps other heads or neurons", held.form().kind(), t.Layer)
	}
	return nil
}

// choosesAs says whether two maps of a role keep the same heads or neurons.
func (l linearMap) choosesAs(other linearMap) bool {
	a, b := l.config.Layers[l.layer], other.config.Layers[other.layer]
	if l.role == FFNIn || l.role == FFNOut {
		return slices.Equal(a.Neurons, b.Neurons)
	}
	return slices.Equal(a.Heads, b.Heads)
}
