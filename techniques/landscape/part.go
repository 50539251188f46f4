package landscape

import (
	"fmt"
	"strings"

	"bertlab/gbert"
)

// Part is what moves on a surface: some of the embeddings, the layers and the pooler. What is not in it stays at the fine-tuned
// weights θ₁. The classification head is in no part.
type Part struct {
	// Name is what figures and tables call it.
	Name string `json:"name"`
	// Embeddings are word, position and type embeddings with their LayerNorm.
	Embeddings bool `json:"embeddings,omitempty"`
	// First and End are the layers First … End−1, from 0; none when they are equal.
	First int `json:"first"`
	End   int `json:"end"`
	// Pooler is the map of [CLS] below the classifier, where θ₀ has one.
	Pooler bool `json:"pooler,omitempty"`
}

// Whole is everything but the head: what the paper moves.
func Whole(c *gbert.Config) Part {
	return Part{Name: "whole", Embeddings: true, End: c.NumHiddenLayers, Pooler: true}
}

// Thirds are the low, middle and high layers. A number of layers that is no multiple of three gives the middle what is over.
func Thirds(c *gbert.Config) []Part {
	n := c.NumHiddenLayers
	third := n / 3
	return []Part{{Name: "low", End: third}, {Name: "middle", First: third, End: n - third}, {Name: "high", First: n - third, End: n}}
}

// Layers says which layers a part has, counted from 0, such as "layers 0–1".
func (p Part) Layers() string {
	switch p.End - p.First {
	case 0:
		return "no layer"
	case 1:
		return fmt.Sprintf("layer %d", p.First)
	}
	return fmt.Sprintf("layers %d–%d", p.First, p.End-1)
}

func (p Part) check(layers int) error {
	switch {
	case p.First < 0 || p.End > layers || p.First > p.End:
		return fmt.Errorf("landscape: part %q has layers %d to %d; the model has 0…%d", p.Name, p.First, p.End-1, layers-1)
	case p.First == p.End && !p.Embeddings && !p.Pooler:
		return fmt.Errorf("landscape: part %q has nothing in it", p.Name)
	}
	return nil
}

// holds reports whether the part moves a unit.
func (p Part) holds(u *unit) bool {
	switch u.kind {
	case embeddings:
		return p.Embeddings
	case pooler:
		return p.Pooler
	}
	return u.layer >= p.First && u.layer < p.End
}

// unit is what moves together: the embeddings, a layer or the pooler.
type unit struct {
	kind  unitKind
	layer int
	specs []gbert.WeightSpec
}

type unitKind int

const (
	embeddings unitKind = iota
	layer
	pooler
)

// units sorts the weights of a model, in the order of the computation. Weights of heads are in none.
func units(m *gbert.Model) []*unit {
	byPrefix := map[string]*unit{}
	var order []*unit
	add := func(prefix string, u unit, spec gbert.WeightSpec) {
		at, ok := byPrefix[prefix]
		if !ok {
			at = &u
			byPrefix[prefix] = at
			order = append(order, at)
		}
		at.specs = append(at.specs, spec)
	}
	for _, spec := range m.Weights() {
		switch {
		case gbert.IsEmbedding(spec.Name):
			add("embeddings", unit{kind: embeddings}, spec)
		case strings.HasPrefix(spec.Name, "bert.pooler."):
			add("pooler", unit{kind: pooler}, spec)
		default:
			for l := range m.Config.NumHiddenLayers {
				if prefix := gbert.LayerPrefix(l); strings.HasPrefix(spec.Name, prefix) {
					add(prefix, unit{kind: layer, layer: l}, spec)
				}
			}
		}
	}
	return order
}
