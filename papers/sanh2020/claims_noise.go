package sanh2020

import "bertlab/techniques/movement"

const (
	// leastSteps is the number of steps under which learned scores count as noise, whatever comes out; see the package's
	// documentation for the evidence.
	leastSteps = 2000
	// leastOverlap is how many times more than chance the masks of two seeds must have in common.
	leastOverlap = 1.5
)

// Agreement is how far the masks of a method agree between seeds, at Focus: scores that are noise agree by chance only.
type Agreement struct {
	Kind movement.Kind `json:"kind"`
	// Overlap is the share of the weights that one seed keeps and another one keeps too, mean over pairs of seeds; Chance is
	// what masks drawn at random, with as many weights in each matrix, would have in common.
	Overlap float64 `json:"overlap"`
	Chance  float64 `json:"chance"`
	Pairs   int     `json:"pairs"`
}

// agreements are those of the methods that have samples of two seeds or more.
func (r *Result) agreements() []Agreement {
	var list []Agreement
	for _, kind := range r.Config.Kinds {
		a := Agreement{Kind: kind}
		sampled := r.withSample(kind)
		for i, first := range sampled {
			for _, second := range sampled[:i] {
				both, one, other := 0, 0, 0
				for j, kept := range first.Sample.Kept {
					if kept {
						one++
					}
					if second.Sample.Kept[j] {
						other++
						if kept {
							both++
						}
					}
				}
				if one+other > 0 {
					a.Overlap += 2 * float64(both) / float64(one+other)
					a.Chance += r.chance(first, second)
					a.Pairs++
				}
			}
		}
		if a.Pairs > 0 {
			a.Overlap, a.Chance = a.Overlap/float64(a.Pairs), a.Chance/float64(a.Pairs)
			list = append(list, a)
		}
	}
	return list
}

// chance is the overlap of two runs whose kept weights were drawn at random within each matrix.
func (r *Result) chance(a, b Trained) float64 {
	both, one, other := 0.0, 0.0, 0.0
	for layer, sizes := range r.MatrixSizes {
		for i, size := range sizes {
			p, q := a.ByMatrix[layer][i], b.ByMatrix[layer][i]
			both, one, other = both+p*q*float64(size), one+p*float64(size), other+q*float64(size)
		}
	}
	if one+other == 0 {
		return 0
	}
	return 2 * both / (one + other)
}

// noisy says why scores that were learned here say nothing yet; empty: they do.
func (r edition) noisy() string {
	if r.Steps < leastSteps {
		return r.F("%d steps: below %d, learned scores are mostly noise, and the paper has tens of thousands.", r.Steps, leastSteps)
	}
	for _, a := range r.Agreement {
		if a.Kind == movement.Movement && a.Overlap < leastOverlap*a.Chance {
			return r.F("Two seeds keep %.1f %% of the same weights, and chance would give %.1f %%: the scores are mostly noise after %d steps.", 100*a.Overlap, 100*a.Chance, r.Steps)
		}
	}
	return ""
}
