package quantise

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert"
)

// Words is what the word table is called where maps are named by their roles.
const Words gbert.Role = "words"

// A Map is a linear map by the layer that stores it and its role; or the word table, whose role is [Words].
type Map struct {
	Layer int        `json:"layer"`
	Role  gbert.Role `json:"role"`
}

// String is layer:role, such as "3:ffn_out".
func (m Map) String() string {
	if m.Role == Words {
		return string(Words)
	}
	return fmt.Sprintf("%d:%s", m.Layer, m.Role)
}

// matrices are the names of the weights [out, in] that a map consists of, in the order in which gbert.Factored stores them; none where
// the map is not stored by the layer, or not as matrices of its own.
func matrices(c *gbert.Config, m Map) []string {
	if m.Role == Words {
		return []string{c.WordWeights()[0].Name}
	}
	form := c.Layers[m.Layer].Form(m.Role)
	out, in := c.MapShape(m.Layer, m.Role)
	switch rank, slices := form.Size(); {
	case out == 0 || in == 0 || c.Holder(m.Layer, m.Role) != m.Layer:
		return nil
	case form.IsDense():
		return []string{gbert.WeightName(m.Layer, m.Role)}
	case rank > 0 && slices == 0 && form == gbert.Factored(rank):
		u, v := gbert.FactorNames(m.Layer, m.Role)
		return []string{u, v}
	}
	return nil
}

// Maps are what can be quantised: the maps that layers store as matrices or as products of two, and the word table, which comes last.
func Maps(c *gbert.Config) []Map {
	var all []Map
	for layer := range c.Layers {
		for _, role := range gbert.LayerRoles {
			if m := (Map{layer, role}); matrices(c, m) != nil {
				all = append(all, m)
			}
		}
	}
	return append(all, Map{Role: Words})
}

// ofRoles are those of some maps whose role is among the given ones.
func ofRoles(maps []Map, roles []gbert.Role) []Map {
	return slices.DeleteFunc(slices.Clone(maps), func(m Map) bool { return !slices.Contains(roles, m.Role) })
}

// OfRoles are the maps of a model that have one of the roles. A role that no map has is an error.
func OfRoles(c *gbert.Config, roles []gbert.Role) ([]Map, error) {
	known := append(slices.Clone(gbert.LayerRoles), Words)
	for _, role := range roles {
		if !slices.Contains(known, role) {
			return nil, fmt.Errorf("quantise: there is no role %q; the roles are %s", role, names(known))
		}
	}
	return ofRoles(Maps(c), roles), nil
}

func names[T ~string](list []T) string {
	text := make([]string, len(list))
	for i, item := range list {
		text[i] = string(item)
	}
	return strings.Join(text, ", ")
}

// FormatMaps writes maps as "0:query,3:ffn_out,words", in the order of the layers.
func FormatMaps(maps []Map) string {
	sorted := slices.SortedFunc(slices.Values(maps), func(a, b Map) int {
		return cmp.Or(cmp.Compare(place(a.Role)/len(gbert.LayerRoles), place(b.Role)/len(gbert.LayerRoles)), cmp.Compare(a.Layer, b.Layer), cmp.Compare(place(a.Role), place(b.Role)))
	})
	text := make([]string, len(sorted))
	for i, m := range sorted {
		text[i] = m.String()
	}
	return strings.Join(text, ",")
}

// place is where a role stands in a layer; that of the word table is behind all.
func place(role gbert.Role) int {
	if at := slices.Index(gbert.LayerRoles, role); at >= 0 {
		return at
	}
	return len(gbert.LayerRoles)
}

// Check reports a model that cannot be quantised, and says why.
func Check(m *gbert.Model) error {
	c := m.Config
	if gbert.IsInt8Words(c.Embedding) {
		return fmt.Errorf("quantise: the word table is int8 already: the model was quantised; make it dense first (Model.Dense)")
	}
	for layer, shape := range c.Layers {
		for role, form := range shape.Forms {
			if _, _, ok := gbert.Int8Of(form); ok {
				return fmt.Errorf("quantise: layer %d, %s is int8 already: the model was quantised; make it dense first (Model.Dense)", layer, role)
			}
		}
	}
	if err := m.CheckFinite(); err != nil {
		return fmt.Errorf("quantise: %w", err)
	}
	return nil
}
