package sharing

import (
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// HistoryName is the name of sharing in a model's history. Its arguments are those of [Options]; "from" lists, where a group took
// the maps of one of its layers, the layer of each group by its number in the pretrained model, such as "0,3".
const HistoryName = "sharing.tie"

// Tie lets the layers of each group share the maps that o names, weights and biases, and the LayerNorms that follow them. The
// lowest layer of a group holds them. The result shares its other weights with the given model, which is not changed. Where every layer is a group of its own and nothing
// was tied, the result is a copy.
//
// Layers of a group must have the same kept heads (for attention), intermediate size (for the feed-forward network) and form of
// each map: factored maps share their factors, so their ranks must be equal, and their mean does not exist. All else is an error.
func Tie(m *gbert.Model, o Options) (*gbert.Model, *Report, error) {
	layers := m.Config.NumHiddenLayers
	o, err := o.withDefaults(layers)
	if err != nil {
		return nil, nil, err
	}
	split, err := Split(layers, o.Groups)
	if err != nil {
		return nil, nil, err
	}
	roles := o.roles()
	report := &Report{Options: o, Before: Count(m), Layers: make([]Distance, layers)}
	for _, group := range split {
		if err := checkGroup(m.Config, group, roles, o.Init); err != nil {
			return nil, nil, err
		}
	}
	changed := o.Groups < layers
	for _, role := range roles {
		for layer := range layers {
			changed = changed || m.Config.Holder(layer, role) != layer
		}
	}
	var groups []surgery.Group
	for _, group := range split {
		means, err := measure(m, group, roles, report)
		if err != nil {
			return nil, nil, err
		}
		source := choose(group, o.Init, report)
		report.Groups = append(report.Groups, Group{Layers: group, Source: source})
		if err := report.compare(m, group, roles, source, means); err != nil {
			return nil, nil, err
		}
		if source == NoLayer {
			groups = append(groups, surgery.Group{Layers: group, Values: means})
		} else {
			groups = append(groups, surgery.Group{Layers: group, Source: source})
		}
	}
	shared := m.Clone()
	if changed {
		if shared, err = surgery.Tie(m, groups, roles, gbert.Operation{Name: HistoryName, Arguments: report.arguments(m.Config)}); err != nil {
			return nil, nil, fmt.Errorf("sharing: %w", err)
		}
	}
	report.After = Count(shared)
	return shared, report, nil
}

// checkGroup reports layers of a group that cannot share.
func checkGroup(c *gbert.Config, group []int, roles []gbert.Role, init Init) error {
	first := group[0]
	for _, layer := range group[1:] {
		a, b := c.Layers[first], c.Layers[layer]
		if slices.Contains(roles, gbert.Query) && !slices.Equal(a.Heads, b.Heads) {
			return fmt.Errorf("sharing: layers %d and %d cannot share attention: they keep the heads %v and %v; the same heads were expected (remove the others first, or make more groups)", first, layer, a.Heads, b.Heads)
		}
		if slices.Contains(roles, gbert.FFNIn) && a.IntermediateSize != b.IntermediateSize {
			return fmt.Errorf("sharing: layers %d and %d cannot share their feed-forward network: its intermediate sizes are %d and %d; equal ones were expected (make more groups)", first, layer, a.IntermediateSize, b.IntermediateSize)
		}
		if slices.Contains(roles, gbert.FFNIn) && !slices.Equal(a.Neurons, b.Neurons) {
			return fmt.Errorf("sharing: layers %d and %d cannot share their feed-forward network: they keep other neurons of their banked maps (make more groups)", first, layer)
		}
		for _, role := range roles {
			f, g := c.HeldForm(first, role), c.HeldForm(layer, role)
			if f != g {
				return fmt.Errorf("sharing: layers %d and %d cannot share their %s map: it is %s and %s; the same form and rank were expected", first, layer, role, f, g)
			}
			if !f.IsDense() && init == Mean {
				return fmt.Errorf("sharing: the %s maps of layers %d and %d are stored as products, and their mean is none of that size: initialise with %q or %q", role, first, layer, First, Best)
			}
		}
	}
	return nil
}

// arguments are what a model's history says of a report.
func (r *Report) arguments(c *gbert.Config) map[string]any {
	arguments := map[string]any{"what": string(r.Options.What), "groups": r.Options.Groups, "init": string(r.Options.Init)}
	if r.Options.KeepNorms {
		arguments["keep_norms"] = true
	}
	var from []int
	for _, group := range r.Groups {
		if group.Source != NoLayer {
			from = append(from, group.Source)
		}
	}
	if len(from) == len(r.Groups) {
		arguments["from"] = surgery.FormatLayers(surgery.Origins(c, from))
	}
	return arguments
}
