package sharing

import (
	"fmt"
	"math"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// NoLayer is the source of a group that took the mean.
const NoLayer = -1

// Report says what [Tie] did.
type Report struct {
	// Options are the options with their defaults filled in.
	Options Options `json:"options"`
	// Groups are the groups, the lowest layers first.
	Groups []Group `json:"groups"`
	// Layers are the distances of each layer's maps to those that it has now, [layers].
	Layers []Distance `json:"layers"`
	// Before and After count the parameters.
	Before Parts `json:"parts_before"`
	After  Parts `json:"parts"`
}

// Group is layers that share. Layers have the numbers that they have in the model, from 0.
type Group struct {
	Layers []int `json:"layers"`
	// Source is the layer whose maps the group begins with; [NoLayer] for the mean.
	Source int `json:"source"`
}

// Distance is how far a layer's own maps are from those that it shares.
type Distance struct {
	// Relative is ‖θ − θ̂‖ / ‖θ‖ over weights and biases of all shared parts of the layer; θ is the layer's own and θ̂ shared. It is 0
	// where θ is zero.
	Relative float64 `json:"relative"`
	// Roles are the same for each map alone.
	Roles map[gbert.Role]float64 `json:"roles"`
	// FromMean is ‖θ − θ̄‖ / ‖θ‖, the distance to the mean of the group, the least on average that sharing can have.
	FromMean float64 `json:"from_mean"`

	squaresFromMean float64 // ‖θ − θ̄‖²
}

func denseMap(m *gbert.Model, layer int, role gbert.Role) (surgery.Values, error) {
	weight, bias, err := m.DenseMap(layer, role)
	if err != nil {
		return surgery.Values{}, fmt.Errorf("sharing: %w", err)
	}
	return surgery.Values{Weight: weight, Bias: bias}, nil
}

// measure computes the means of a group's maps and how far each layer is from them.
func measure(m *gbert.Model, group []int, roles []gbert.Role, report *Report) (map[gbert.Role]surgery.Values, error) {
	means := map[gbert.Role]surgery.Values{}
	norms := make([]float64, len(group)) // ‖θ‖²
	for _, role := range roles {
		maps := make([]surgery.Values, len(group))
		for i, layer := range group {
			var err error
			if maps[i], err = denseMap(m, layer, role); err != nil {
				return nil, err
			}
		}
		weight := average(maps, func(d surgery.Values) []float32 { return d.Weight })
		bias := average(maps, func(d surgery.Values) []float32 { return d.Bias })
		means[role] = surgery.Values{Weight: rounded(weight), Bias: rounded(bias)}
		for i, layer := range group {
			report.Layers[layer].squaresFromMean += squares(maps[i].Weight, weight) + squares(maps[i].Bias, bias)
			norms[i] += norm(maps[i])
			if math.IsNaN(norms[i]) || math.IsInf(norms[i], 0) {
				return nil, fmt.Errorf("sharing: the %s map of layer %d holds values that are not finite numbers: the model is broken", role, layer)
			}
		}
	}
	for i, layer := range group {
		report.Layers[layer].FromMean = relative(report.Layers[layer].squaresFromMean, norms[i])
	}
	return means, nil
}

// choose is the layer whose maps a group begins with.
func choose(group []int, init Init, report *Report) int {
	switch {
	case len(group) == 1, init == First:
		return group[0]
	case init == Mean:
		return NoLayer
	}
	best := group[0]
	for _, layer := range group[1:] {
		if report.Layers[layer].squaresFromMean < report.Layers[best].squaresFromMean {
			best = layer
		}
	}
	return best
}

// compare fills in the distances of a group's layers to what they share.
func (r *Report) compare(m *gbert.Model, group []int, roles []gbert.Role, source int, means map[gbert.Role]surgery.Values) error {
	total, norms := make([]float64, len(group)), make([]float64, len(group))
	for _, layer := range group {
		r.Layers[layer].Roles = map[gbert.Role]float64{}
	}
	for _, role := range roles {
		target := means[role]
		if source != NoLayer {
			var err error
			if target, err = denseMap(m, source, role); err != nil {
				return err
			}
		}
		for i, layer := range group {
			own, err := denseMap(m, layer, role)
			if err != nil {
				return err
			}
			apart := squares(own.Weight, target.Weight) + squares(own.Bias, target.Bias)
			r.Layers[layer].Roles[role] = relative(apart, norm(own))
			total[i] += apart
			norms[i] += norm(own)
		}
	}
	for i, layer := range group {
		r.Layers[layer].Relative = relative(total[i], norms[i])
	}
	return nil
}

// average is the mean of one array of each of the maps. It stays in float64, where the two layers of a pair are exactly as far
// from it.
func average(maps []surgery.Values, part func(surgery.Values) []float32) []float64 {
	mean := make([]float64, len(part(maps[0])))
	for _, d := range maps {
		for j, x := range part(d) {
			mean[j] += float64(x)
		}
	}
	for j := range mean {
		mean[j] /= float64(len(maps))
	}
	return mean
}

func rounded(values []float64) []float32 {
	result := make([]float32, len(values))
	for i, x := range values {
		result[i] = float32(x)
	}
	return result
}

// squares is ‖a − b‖².
func squares[T float32 | float64](a []float32, b []T) float64 {
	sum := 0.0
	for i, x := range a {
		d := float64(x) - float64(b[i])
		sum += d * d
	}
	return sum
}

// norm is ‖θ‖² of a map.
func norm(d surgery.Values) float64 {
	sum := 0.0
	for _, array := range [][]float32{d.Weight, d.Bias} {
		for _, x := range array {
			sum += float64(x) * float64(x)
		}
	}
	return sum
}

// relative is √(apart/norm), 0 without a norm.
func relative(apart, norm float64) float64 {
	if norm == 0 {
		return 0
	}
	return math.Sqrt(apart / norm)
}
