package sajjad2020

import (
	"fmt"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/techniques/layerdrop"
)

// Why are the numbers by which the narrative says why the top layers go first: how far the lowest and the highest layer move, how much each
// changes [CLS], and what is lost without as many layers from either end.
func (r edition) Why() map[string]any {
	last := r.Layers - 1
	numbers := map[string]any{
		"lowestTravel": percent(r.travelled(0)), "highestTravel": percent(r.travelled(last)), "topMovesMore": r.travelled(last) > 1.1*r.travelled(0), "highest": last,
		"lowestSimilarity": fmt.Sprintf("%.3f", r.Similarity.Layers[0]), "highestSimilarity": fmt.Sprintf("%.3f", r.Similarity.Layers[last]), "ends": false,
		"vectors": strings.Contains(r.Config.Model, "MiniLM"),
	}
	for k := r.Layers; k > 0; k-- {
		top, bottom := r.lost(layerdrop.Top, k), r.lost(layerdrop.Bottom, k)
		if len(top) > 0 && len(bottom) > 0 {
			numbers["ends"], numbers["k"] = true, k
			numbers["withoutTop"], numbers["withoutBottom"], numbers["topIsBetter"] = top[0].Points(), bottom[0].Points(), top[0].Value > bottom[0].Value
			break
		}
	}
	return numbers
}

// travelled is how far a layer moved in fine-tuning, ‖θ−θ₀‖/‖θ₀‖, mean over tasks and seeds.
func (r *Result) travelled(layer int) float64 {
	var all [][]float64
	for _, t := range r.Tasks {
		all = append(all, t.Travel...)
	}
	return experiment.Mean(all, func(travel []float64) float64 { return travel[layer] })
}

func percent(share float64) string { return fmt.Sprintf("%.2f", 100*share) }
