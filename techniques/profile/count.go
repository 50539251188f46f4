package profile

import (
	"fmt"
	"maps"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/safetensors"
)

// CountParameters counts a model's values by component.
func CountParameters(m *gbert.Model) Parameters { return countWeights(m.Weights()) }

// ShapeParameters counts the values of a model of that shape, with a pooler and without a head, which need not exist.
func ShapeParameters(c *gbert.Config) Parameters { return countWeights(c.Weights()) }

func countWeights(weights []gbert.WeightSpec) Parameters {
	values := map[Component]int{}
	for _, w := range weights {
		values[Of(w.Name)] += w.Size()
	}
	var p Parameters
	for _, c := range Components {
		n := values[c]
		p.Total += n
		if n > 0 || c == Attention {
			p.Components = append(p.Components, ComponentValues{Component: c, Parameters: n, Bytes: 4 * n})
		}
	}
	p.WithoutHead = p.Total - values[Head]
	return p
}

// File is what a model's file holds.
type File struct {
	// Values are those of the model's weights, counted in the file's header.
	Values int `json:"values"`
	// Other are the tensors that are none of the model's weights, such as position ids.
	Other []string `json:"other,omitempty"`
	// Agrees says whether Values is the number that the model's shape asks for.
	Agrees bool `json:"agrees"`
}

// CheckFile counts the values in the model's file, in the folder that it was loaded from, independently of its shape. A file that
// keeps weights without their zeros does not have a value for each; it is an error to ask for it.
func CheckFile(m *gbert.Model, dir string) (*File, error) {
	file, err := safetensors.OpenFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	defer file.Close()
	weights := map[string]bool{}
	for _, w := range m.Weights() {
		weights[w.Name] = true
	}
	var f File
	found := 0
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		if !weights[m.Config.CanonicalName(name)] {
			f.Other = append(f.Other, name)
			continue
		}
		found++
		f.Values += tensor.Len()
	}
	if found < len(weights) {
		return nil, fmt.Errorf("profile: %s stores %d of %d weights under names of their own: it was saved without zeros (compact), so its values cannot be counted", dir, len(weights)-found, len(weights))
	}
	f.Agrees = f.Values == m.NumParameters()
	return &f, nil
}

// CountMACs are the multiply-accumulates of the pass by component, for a batch of full sequences.
func CountMACs(m *gbert.Model, batch, length int) map[Component]int {
	macs := ShapeMACs(m.Config, batch, length)
	if !m.HasPooler() {
		macs[Pooler] = 0
	}
	return macs
}

// ShapeMACs are those of a model of that shape, with a pooler, which need not exist.
func ShapeMACs(c *gbert.Config, batch, length int) map[Component]int {
	count := c.BatchMACs(batch, length, false)
	macs := map[Component]int{
		Embedding: count.Embedding, QueryKeyValue: count.QueryKeyValue, Attention: count.Scores + count.Context,
		AttentionOutput: count.AttentionOutput, FeedForward: count.FeedForward, Pooler: count.Pooler,
	}
	if count.Bank > 0 { // what is computed from a bank's weights belongs to the component that computes it
		for component, roles := range map[Component][]gbert.Role{
			QueryKeyValue: {gbert.Query, gbert.Key, gbert.Value}, AttentionOutput: {gbert.AttentionOutput}, FeedForward: {gbert.FFNIn, gbert.FFNOut},
		} {
			macs[component] += onlyForms(c, roles).BatchMACs(batch, length, false).Bank
		}
	}
	return macs
}

// onlyForms is the configuration with all maps dense but those of the roles.
func onlyForms(c *gbert.Config, roles []gbert.Role) *gbert.Config {
	c = c.Clone()
	for _, layer := range c.Layers {
		maps.DeleteFunc(layer.Forms, func(role gbert.Role, _ gbert.Form) bool { return !slices.Contains(roles, role) })
	}
	return c
}

// Shape are the numbers of a model from its configuration alone.
type Shape struct {
	Parameters Parameters `json:"parameters"`
	// Lengths are the operations of one example by length.
	Lengths []ShapeLength `json:"lengths"`
}

// ShapeLength are the multiply-accumulates of one example.
type ShapeLength struct {
	Length     int               `json:"length"`
	Total      int               `json:"total"`   // with the pooler
	Encoder    int               `json:"encoder"` // without it: what papers quote
	Components map[Component]int `json:"components"`
}

// CountShape counts a configuration at several lengths.
func CountShape(c *gbert.Config, lengths ...int) Shape {
	s := Shape{Parameters: ShapeParameters(c)}
	for _, length := range lengths {
		l := ShapeLength{Length: length, Components: ShapeMACs(c, 1, length)}
		for component, macs := range l.Components {
			l.Total += macs
			if component != Pooler {
				l.Encoder += macs
			}
		}
		s.Lengths = append(s.Lengths, l)
	}
	return s
}
