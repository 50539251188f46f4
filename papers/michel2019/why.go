package michel2019

import (
	"fmt"
	"math"

	"bertlab/papers/experiment"
	"bertlab/techniques/heads"
)

// Why are the numbers by which the narrative says why no single head matters: how many heads change the metric by a point or less when masked
// alone, what all of these changes add up to, and what masking all heads together costs the same model.
func (r edition) Why() map[string]any {
	sum, together := 0.0, 0.0
	for _, e := range r.Ablation.Heads {
		if !math.IsNaN(e.MetricDelta) {
			sum += e.MetricDelta
		}
	}
	for _, c := range r.of(ByImportance) {
		if c.Seed == r.Config.Seeds[0] {
			together = c.nearest(1).Score - c.Points[0].Score
		}
	}
	return map[string]any{
		"alone": r.near(), "heads": len(r.Ablation.Heads), "sum": fmt.Sprintf("%+.1f", 100*sum), "together": fmt.Sprintf("%+.1f", 100*together),
		"standIn": together < 0 && together < 2*sum, "one": fmt.Sprintf("%.2g", 100/float64(r.Ablation.Examples)),
	}
}

// near counts the heads that change the metric by a point or less when masked alone.
func (r *Result) near() int {
	return len(experiment.Where(r.Ablation.Heads, func(e heads.HeadEffect) bool { return math.Abs(e.MetricDelta) <= 0.01 }))
}
