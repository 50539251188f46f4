package sharing

import (
	"fmt"
	"slices"

	"bertlab/gbert"
)

// What says which parts of a layer are shared.
type What string

// What can be shared.
const (
	All       What = "all"       // attention and feed-forward network
	Attention What = "attention" // query, key, value and attention output, and the LayerNorm after them
	FFN       What = "ffn"       // both maps of the feed-forward network, and the LayerNorm after them
)

// Whats are all values of [What].
var Whats = []What{All, Attention, FFN}

// Roles are the linear maps that are shared, in the order of the computation.
func (w What) Roles() []gbert.Role {
	switch w {
	case All:
		return slices.Clone(gbert.LayerRoles)
	case Attention:
		return []gbert.Role{gbert.Query, gbert.Key, gbert.Value, gbert.AttentionOutput}
	case FFN:
		return []gbert.Role{gbert.FFNIn, gbert.FFNOut}
	}
	return nil
}

// norms are the LayerNorms that go with the shared maps: those that follow them, as ALBERT shares them.
func (w What) norms() []gbert.Role {
	switch w {
	case All:
		return []gbert.Role{gbert.AttentionNorm, gbert.OutputNorm}
	case Attention:
		return []gbert.Role{gbert.AttentionNorm}
	case FFN:
		return []gbert.Role{gbert.OutputNorm}
	}
	return nil
}

// Init says what a group's shared maps begin with.
type Init string

// The initialisations.
const (
	First Init = "first" // the maps of the group's lowest layer
	Mean  Init = "mean"  // the mean of the group's layers, the least-squares solution
	Best  Init = "best"  // the maps of the layer with the least sum of squared distances to the others; the lower of equals
)

// Inits are all values of [Init].
var Inits = []Init{First, Mean, Best}

// Options say what is shared. Zero values mean the defaults named with each field.
type Options struct {
	// What is shared; All.
	What What `json:"what"`
	// Groups is the number of groups of neighbouring layers, 1…layers; 1. A group shares within itself.
	Groups int `json:"groups"`
	// Init is what the shared maps begin with; First.
	Init Init `json:"init"`
	// KeepNorms leaves every layer its own LayerNorms. Otherwise those that follow what is shared are shared too, as in ALBERT.
	KeepNorms bool `json:"keep_norms,omitempty"`
}

// roles are all parts that are shared.
func (o Options) roles() []gbert.Role {
	if o.KeepNorms {
		return o.What.Roles()
	}
	return append(o.What.Roles(), o.What.norms()...)
}

// withDefaults fills the options in and checks them for a model of so many layers.
func (o Options) withDefaults(layers int) (Options, error) {
	if o.What == "" {
		o.What = All
	}
	if o.Groups == 0 {
		o.Groups = 1
	}
	if o.Init == "" {
		o.Init = First
	}
	switch {
	case !slices.Contains(Whats, o.What):
		return o, fmt.Errorf("sharing: %q cannot be shared; choose one of %q", o.What, Whats)
	case !slices.Contains(Inits, o.Init):
		return o, fmt.Errorf("sharing: unknown initialisation %q; choose one of %q", o.Init, Inits)
	case layers == 0:
		return o, fmt.Errorf("sharing: the model has no layers to share")
	case o.Groups < 1 || o.Groups > layers:
		return o, fmt.Errorf("sharing: %d groups of %d layers: the number of groups is 1…%d", o.Groups, layers, layers)
	}
	return o, nil
}

// Split divides layers 0…layers−1 into groups of neighbours: layer l is in group ⌊l·groups/layers⌋, as in ALBERT. Where groups
// does not divide layers, sizes differ by one.
func Split(layers, groups int) ([][]int, error) {
	if groups < 1 || groups > layers {
		return nil, fmt.Errorf("sharing: %d groups of %d layers: the number of groups is 1…%d", groups, layers, layers)
	}
	split := make([][]int, groups)
	for layer := range layers {
		group := layer * groups / layers
		split[group] = append(split[group], layer)
	}
	return split, nil
}
