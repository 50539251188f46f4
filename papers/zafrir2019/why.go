package zafrir2019

import "fmt"

// Why are the numbers by which the narrative says why eight bits are enough: of all answers of all seeds, how many are right in float32 alone
// and how many in integers alone, with ranges over the batch.
func (r edition) Why() map[string]any {
	answers, lost, won := 0, 0, 0
	for _, whole := range r.of("", Whole) {
		for _, small := range r.of(whole.Task, Dynamic) {
			if small.Seed != whole.Seed {
				continue
			}
			for i, right := range whole.Right {
				answers++
				switch {
				case right && !small.Right[i]:
					lost++
				case !right && small.Right[i]:
					won++
				}
			}
		}
	}
	return map[string]any{"answers": answers, "lost": lost, "won": won, "half": fmt.Sprintf("%.1f", 100.0/254)}
}
