package layerdrop

import (
	"fmt"
	"math"

	"bertlab/gbert"
)

// Travel is how far each layer's weights moved in training, relative to where they were: ‖θ − θ₀‖ / ‖θ₀‖ over all the weights that
// a layer holds, [layers]. before and after are the same model, trained in between; layers that hold no weights are 0.
func Travel(before, after *gbert.Model) ([]float64, error) {
	if b, a := before.Config.NumHiddenLayers, after.Config.NumHiddenLayers; a != b {
		return nil, fmt.Errorf("layerdrop: %d layers before training and %d after: the same layers were expected", b, a)
	}
	moved := make([]float64, after.Config.NumHiddenLayers) // sums of squares
	size := make([]float64, after.Config.NumHiddenLayers)
	for _, spec := range after.Weights() {
		layer, _, ok := gbert.CutLayer(spec.Name)
		if !ok {
			continue
		}
		now, _, err := after.Weight(spec.Name)
		if err != nil {
			return nil, err
		}
		was, _, err := before.Weight(spec.Name)
		if err != nil {
			return nil, err
		}
		if len(was) != len(now) {
			return nil, fmt.Errorf("layerdrop: %s has %d values before training and %d after", spec.Name, len(was), len(now))
		}
		for i, value := range was {
			difference := float64(now[i]) - float64(value)
			moved[layer] += difference * difference
			size[layer] += float64(value) * float64(value)
		}
	}
	for layer := range moved {
		if size[layer] > 0 {
			moved[layer] = math.Sqrt(moved[layer] / size[layer])
		} else {
			moved[layer] = 0
		}
	}
	return moved, nil
}
