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
				if overlap, ok := movement.Overlap(first.Sample.Kept, second.Sample.Kept); ok {
					a.Overlap += overlap
					a.Chance += movement.ChanceOverlap(r.MatrixSizes, first.ByMatrix, second.ByMatrix)
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
