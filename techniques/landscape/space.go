package landscape

import (
	"fmt"
	"math"
	"slices"

	"bertlab/gbert"
)

// Space is the plane that is looked at: θ₀ + α·δ₁ + β·s·δ₂ with δ₁ = θ₁ − θ₀, δ₂ = θ₂ − θ₀ and s = ‖δ₁‖/‖δ₂‖.
type Space struct {
	// From is θ₀: the pretrained model, or a random one. It needs no head.
	From *gbert.Model
	// To is θ₁: From after fine-tuning, with its head, which stays as it is everywhere.
	To *gbert.Model
	// Other is θ₂: From after fine-tuning on another data set; nil for a line. Its head is not used.
	Other *gbert.Model
}

// Check says why there is no such plane, for models that cannot be mixed weight by weight.
func (s Space) Check() error {
	_, err := s.units()
	return err
}

// units are what can move: what all ends of the space hold in the same shape.
func (s Space) units() ([]*unit, error) {
	if s.From == nil || s.To == nil {
		return nil, fmt.Errorf("landscape: the weights before and after fine-tuning are both needed")
	}
	if !movable(s.To.Config) {
		return nil, fmt.Errorf("landscape: weights that several layers share in a bank, and a word table that is a product, have no direction of their own: write the models out in full first (Model.Dense)")
	}
	list := units(s.To)
	if !s.From.HasPooler() { // made together with the head
		list = slices.DeleteFunc(list, func(u *unit) bool { return u.kind == pooler })
	}
	for name, end := range map[string]*gbert.Model{"from": s.From, "other": s.Other} {
		if end == nil {
			continue
		}
		for _, u := range list {
			for _, spec := range u.specs {
				_, shape, err := end.Weight(spec.Name)
				if err != nil {
					return nil, fmt.Errorf("landscape: the model %q has another shape than the fine-tuned one: %w", name, err)
				}
				if !slices.Equal(shape, spec.Shape) {
					return nil, fmt.Errorf("landscape: %s is %v in the model %q and %v in the fine-tuned one: models of the same shape were expected", spec.Name, shape, name, spec.Shape)
				}
			}
		}
	}
	return list, nil
}

// movable says whether the weights have a direction of their own: the word table is one table, no weight belongs to several layers, and
// none is stored in whole numbers.
func movable(c *gbert.Config) bool {
	if words := c.WordWeights(); len(words) != 1 || words[0].Name != gbert.WordTableName() {
		return false
	}
	return !slices.ContainsFunc(c.Weights(), func(spec gbert.WeightSpec) bool { return gbert.IsShared(spec.Name) || spec.DType != "" })
}

// Geometry are lengths and angles of the directions over some of the weights. Without a second direction its numbers are 0.
type Geometry struct {
	// Name is the unit or the part.
	Name string `json:"name"`
	// Size is the number of weights.
	Size int `json:"size"`
	// Norm is ‖θ₀‖, First ‖δ₁‖ and Second ‖δ₂‖ before it is rescaled.
	Norm   float64 `json:"norm"`
	First  float64 `json:"first"`
	Second float64 `json:"second,omitempty"`
	// Inner is ⟨δ₁, δ₂⟩.
	Inner float64 `json:"inner,omitempty"`
}

// Travel is the distance of fine-tuning relative to the weights, ‖δ₁‖/‖θ₀‖; 0 for weights that were 0.
func (g Geometry) Travel() float64 { return ratio(g.First, g.Norm) }

// OtherTravel is the same of the second direction.
func (g Geometry) OtherTravel() float64 { return ratio(g.Second, g.Norm) }

// Cosine of the angle between the directions; 0 where one of them has no length.
func (g Geometry) Cosine() float64 { return ratio(g.Inner, g.First*g.Second) }

// Scale is s = ‖δ₁‖/‖δ₂‖; 0 without a second direction.
func (g Geometry) Scale() float64 { return ratio(g.First, g.Second) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Sum is the geometry of all the weights together.
func Sum(name string, list []Geometry) Geometry {
	sum := Geometry{Name: name}
	var norm, first, second float64
	for _, g := range list {
		norm, first, second = norm+g.Norm*g.Norm, first+g.First*g.First, second+g.Second*g.Second
		sum.Inner += g.Inner
		sum.Size += g.Size
	}
	sum.Norm, sum.First, sum.Second = math.Sqrt(norm), math.Sqrt(first), math.Sqrt(second)
	return sum
}

// Geometries are those of the embeddings, each layer (counted from 0) and the pooler, in the order of the computation.
func (s Space) Geometries() ([]Geometry, error) {
	return s.geometries(func(u *unit, _ gbert.WeightSpec) string { return u.name() })
}

// WeightGeometries are those of each weight matrix and vector, by its name.
func (s Space) WeightGeometries() ([]Geometry, error) {
	return s.geometries(func(_ *unit, spec gbert.WeightSpec) string { return spec.Name })
}

func (s Space) geometries(name func(*unit, gbert.WeightSpec) string) ([]Geometry, error) {
	list, err := s.units()
	if err != nil {
		return nil, err
	}
	var all []Geometry
	for _, u := range list {
		for _, spec := range u.specs {
			g, err := s.weight(spec)
			if err != nil {
				return nil, err
			}
			g.Name = name(u, spec)
			if last := len(all) - 1; last >= 0 && all[last].Name == g.Name {
				all[last] = Sum(g.Name, []Geometry{all[last], g})
			} else {
				all = append(all, g)
			}
		}
	}
	return all, nil
}

func (u *unit) name() string {
	switch u.kind {
	case embeddings:
		return "embeddings"
	case pooler:
		return "pooler"
	}
	return fmt.Sprintf("layer %d", u.layer)
}

// weight is the geometry of one array, in float64.
func (s Space) weight(spec gbert.WeightSpec) (Geometry, error) {
	var ends [3][]float32
	for i, end := range []*gbert.Model{s.From, s.To, s.Other} {
		if end == nil {
			continue
		}
		values, _, err := end.Weight(spec.Name)
		if err != nil {
			return Geometry{}, fmt.Errorf("landscape: %w", err)
		}
		ends[i] = values
	}
	g := Geometry{Size: len(ends[0])}
	var norm, first, second float64
	for i, start := range ends[0] {
		zero := float64(start)
		d1, d2 := float64(ends[1][i])-zero, 0.0
		if ends[2] != nil {
			d2 = float64(ends[2][i]) - zero
		}
		norm, first, second = norm+zero*zero, first+d1*d1, second+d2*d2
		g.Inner += d1 * d2
	}
	g.Norm, g.First, g.Second = math.Sqrt(norm), math.Sqrt(first), math.Sqrt(second)
	if math.IsNaN(g.Norm+g.First+g.Second) || math.IsInf(g.Norm+g.First+g.Second, 0) {
		return g, fmt.Errorf("landscape: %s is not finite in one of the models", spec.Name)
	}
	return g, nil
}

// part is the geometry of what a part moves.
func (s Space) part(p Part) (Geometry, error) {
	list, err := s.units()
	if err != nil {
		return Geometry{}, err
	}
	var all []Geometry
	for _, u := range list {
		if !p.holds(u) {
			continue
		}
		for _, spec := range u.specs {
			g, err := s.weight(spec)
			if err != nil {
				return Geometry{}, err
			}
			all = append(all, g)
		}
	}
	return Sum(p.Name, all), nil
}
