package landscape

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"bertlab/gbert"
)

// Projection is where weights on the way lie as seen from the line of fine-tuning (Hao et al. 2019):
//
//	d_α = ⟨δⁱ, δ₁⟩ / ‖δ₁‖²        d_β = √((‖δⁱ‖/‖δ₁‖)² − d_α²)        δⁱ = θⁱ − θ₀
//
// Orthogonal, their d_β, is how far the weights are off the line, in any direction: a magnitude, never negative, and no
// coordinate along δ₂. The loss there is not the surface's at (d_α, d_β).
type Projection struct {
	Alpha      float64 `json:"alpha"`
	Orthogonal float64 `json:"orthogonal"`
	// Cosine is that of δⁱ and δ₁, 0 at the start; Distance is ‖δⁱ‖/‖δ₁‖.
	Cosine   float64 `json:"cosine"`
	Distance float64 `json:"distance"`
}

// Project projects weights on the way from θ₀ to θ₁, over all that moves.
func Project(from, to, at *gbert.Model) (Projection, error) {
	list, err := Space{From: from, To: to, Other: at}.Geometries()
	if err != nil {
		return Projection{}, err
	}
	g := Sum("", list)
	p := Projection{Alpha: ratio(g.Inner, g.First*g.First), Cosine: g.Cosine(), Distance: ratio(g.Second, g.First)}
	p.Orthogonal = math.Sqrt(max(p.Distance*p.Distance-p.Alpha*p.Alpha, 0))
	return p, nil
}

// WithHeadOf is a model with the classification head of another: weights on the way with the head of their end, as a surface has them on
// its line.
func WithHeadOf(model, other *gbert.Model) (*gbert.Model, error) {
	mixed := model.Clone()
	for _, spec := range other.Weights() {
		if !strings.HasPrefix(spec.Name, "classifier.") {
			continue
		}
		values, shape, err := other.Weight(spec.Name)
		if err != nil {
			return nil, err
		}
		if err := mixed.SetWeight(spec.Name, shape, values); err != nil {
			return nil, err
		}
	}
	return mixed, nil
}

// Snapshots keep the weights on the way of a training: so many times, evenly, the last step being one. Each lies in a folder of its own.
type Snapshots struct {
	Dir   string
	Times int
}

// due says after which steps the weights are kept.
func (s Snapshots) due(step, steps int) bool { return step*s.Times/steps > (step-1)*s.Times/steps }

// Steps are those of a training after which the weights are kept.
func (s Snapshots) Steps(steps int) (list []int) {
	for step := 1; step <= steps; step++ {
		if s.due(step, steps) {
			list = append(list, step)
		}
	}
	return list
}

// Take keeps the weights where that is due; it is a [finetune.Options.AfterStep].
func (s Snapshots) Take(step, steps int, model func() (*gbert.Model, error)) error {
	if !s.due(step, steps) {
		return nil
	}
	now, err := model()
	if err != nil {
		return err
	}
	return now.Save(filepath.Join(s.Dir, fmt.Sprint(step)), gbert.Float32)
}

// Load opens the model as it was after a step.
func (s Snapshots) Load(step int) (*gbert.Model, error) {
	return gbert.Load(filepath.Join(s.Dir, fmt.Sprint(step)))
}
