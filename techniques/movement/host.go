package movement

import (
	"fmt"
	"math"

	"bertlab/gbert"
)

// Scores are the scores of a model's weights by name, each in the shape of the weight: a unit's score stands at all of its
// weights. parameters are those of finetune's Result; Magnitude needs none.
func Scores(m *gbert.Model, o Options, parameters map[string][]float32) (map[string][]float32, error) {
	p, err := newPlan(m, o)
	if err != nil {
		return nil, err
	}
	units, err := p.unitScores(m, parameters)
	if err != nil {
		return nil, err
	}
	return p.spread(units), nil
}

// Masks are the masks of a model's weights by name, each in the shape of the weight, as they are in the end of the training:
// with the share Remaining of Top_v, the final threshold of Soft, and L0 without noise. m is the model before its weights were
// masked (Result.Raw), parameters are those of finetune's Result; Magnitude needs none.
func Masks(m *gbert.Model, o Options, parameters map[string][]float32) (map[string][]float32, error) {
	p, err := newPlan(m, o)
	if err != nil {
		return nil, err
	}
	scores, err := p.unitScores(m, parameters)
	if err != nil {
		return nil, err
	}
	units := p.unitMasks(scores)
	masks := p.spread(units)
	if p.Kind == L0 {
		for _, g := range p.groups {
			for _, part := range g.parts {
				for i, value := range masks[part.name] {
					if !part.output && value > 0 {
						masks[part.name][i] = 1
					}
				}
			}
		}
	}
	return masks, nil
}

// Apply multiplies weights by masks, both by name.
func Apply(m *gbert.Model, masks map[string][]float32) (*gbert.Model, error) {
	masked := m.Clone()
	for name, mask := range masks {
		values, shape, err := m.Weight(name)
		if err != nil {
			return nil, fmt.Errorf("movement: %w", err)
		}
		if len(mask) != len(values) {
			return nil, fmt.Errorf("movement: the mask of %s has %d values, the weight %d", name, len(mask), len(values))
		}
		product := make([]float32, len(values))
		for i, value := range values {
			product[i] = value * mask[i]
		}
		if err := masked.SetWeight(name, shape, product); err != nil {
			return nil, fmt.Errorf("movement: %w", err)
		}
	}
	return masked, nil
}

// Prune masks the units of least magnitude, once and without training: their weights become zero.
func Prune(m *gbert.Model, o Options) (*gbert.Model, error) {
	if o.Kind == "" {
		o.Kind = Magnitude
	}
	if o.Kind != Magnitude {
		return nil, fmt.Errorf("movement: pruning without training goes by %s; %s learns its scores: train with New", Magnitude, o.Kind)
	}
	masks, err := Masks(m, o, nil)
	if err != nil {
		return nil, err
	}
	pruned, err := Apply(m, masks)
	if err != nil {
		return nil, err
	}
	return Record(pruned, o)
}

// Record adds the pruning to a model's history.
func Record(m *gbert.Model, o Options) (*gbert.Model, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	plain, err := arguments(o)
	if err != nil {
		return nil, err
	}
	recorded := m.Clone()
	recorded.Config.History = append(recorded.Config.History, gbert.Operation{Name: "movement.prune", Arguments: plain})
	return recorded, nil
}

// spread gives each weight the value of its unit.
func (p *plan) spread(units map[string][]float32) map[string][]float32 {
	all := map[string][]float32{}
	for _, g := range p.groups {
		for _, part := range g.parts {
			values := make([]float32, part.size())
			for i := range values {
				values[i] = units[g.name][part.unitOf(i)]
			}
			all[part.name] = values
		}
	}
	return all
}

// unitScores are the scores of the units, by the group's name.
func (p *plan) unitScores(m *gbert.Model, parameters map[string][]float32) (map[string][]float32, error) {
	scores := map[string][]float32{}
	for _, g := range p.groups {
		if p.learned() {
			values, ok := parameters[g.name]
			if !ok || len(values) != g.units {
				return nil, fmt.Errorf("movement: the parameters hold %d values of %s; %d were expected: give those of the training with the same options", len(values), g.name, g.units)
			}
			scores[g.name] = values
			continue
		}
		norms := make([]float64, g.units)
		for _, part := range g.parts {
			if part.bias {
				continue
			}
			values, _, err := m.Weight(part.name)
			if err != nil {
				return nil, fmt.Errorf("movement: %w", err)
			}
			for i, value := range values {
				norms[part.unitOf(i)] += float64(value) * float64(value)
			}
		}
		rounded := make([]float32, g.units)
		for i, norm := range norms {
			rounded[i] = float32(math.Sqrt(norm))
		}
		scores[g.name] = rounded
	}
	return scores, nil
}

// unitMasks are the masks of the units in the end, by the group's name.
func (p *plan) unitMasks(scores map[string][]float32) map[string][]float32 {
	masks := map[string][]float32{}
	if !p.selects() {
		for name, values := range scores {
			mask := make([]float32, len(values))
			for i, score := range values {
				mask[i] = p.evaluationMask(score)
			}
			masks[name] = mask
		}
		return masks
	}
	for _, set := range selections(p.groups, p.Scope) {
		var all []float32
		for _, g := range set.groups {
			all = append(all, scores[g.name]...)
		}
		mask := top(all, kept(p.Remaining, len(all)))
		for _, g := range set.groups {
			masks[g.name], mask = mask[:g.units], mask[g.units:]
		}
	}
	return masks
}

// evaluationMask is the mask of a score of Soft or L0 in the end of the training.
func (o Options) evaluationMask(score float32) float32 {
	if o.Kind == Soft {
		if score > float32(math.Log(o.Threshold/(1-o.Threshold))) {
			return 1
		}
		return 0
	}
	return float32(min(1, max(0, (o.High-o.Low)*sigmoid(float64(score))+o.Low)))
}

// top is 1 at the k largest values, at the first of equal ones, and 0 elsewhere.
func top(values []float32, k int) []float32 {
	mask := make([]float32, len(values))
	if k < 1 {
		return mask
	}
	threshold, cutoff := selectTop([][]float32{values}, false, k)
	for i, value := range values {
		if value > threshold || value == threshold && int32(i) <= cutoff {
			mask[i] = 1
		}
	}
	return mask
}
