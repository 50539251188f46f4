package sanh2020

import (
	"fmt"

	"bertlab/techniques/movement"
)

// Why are the numbers by which the narrative says why movement pruning needs long runs, and what a teacher does for it. A number that the
// protocol does not give is empty.
func (r edition) Why() map[string]any {
	numbers := map[string]any{"short": r.Steps < leastSteps, "least": leastSteps, "focus": 100 * r.Config.Focus, "overlapping": false}
	overlaps := map[movement.Kind]Agreement{}
	for _, a := range r.Agreement {
		overlaps[a.Kind] = a
	}
	scored, both := overlaps[movement.Movement]
	if sized, ok := overlaps[movement.Magnitude]; ok && both {
		numbers["overlapping"] = true
		numbers["scored"], numbers["sized"], numbers["chance"] = percent(scored.Overlap), percent(sized.Overlap), percent(scored.Chance)
	}
	for name, kind := range map[string]movement.Kind{"taughtMovement": movement.Movement, "taughtMagnitude": movement.Magnitude} {
		numbers[name] = ""
		if gain, ok := r.rescued(kind); ok {
			numbers[name] = gain.Points()
		}
	}
	return numbers
}

func percent(share float64) string { return fmt.Sprintf("%.0f", 100*share) }
