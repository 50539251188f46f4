package movement

import (
	"math"
	"slices"

	"bertlab/gbert"
)

// Drift compares a fine-tuned model with the pretrained one.
type Drift struct {
	// Distance is ‖W − W₀‖/‖W₀‖ over the encoder's matrices, ByMatrix by layer and matrix.
	Distance float64     `json:"distance"`
	ByMatrix [][]float64 `json:"by_matrix"`
	// SignShare is the share of weights that change their sign.
	SignShare float64 `json:"sign_share"`
	// Overlap is the share of the weights of largest magnitude that were among them before, matrix by matrix, at a share of them.
	Overlap float64 `json:"overlap"`
}

// MeasureDrift compares the encoder's matrices of two models of the same shape, and of the weights of each the share that is largest.
func MeasureDrift(before, after *gbert.Model, share float64) (*Drift, error) {
	drift := &Drift{ByMatrix: make([][]float64, after.Config.NumHiddenLayers)}
	var moved, size float64
	var total, signs, top, stayed int
	for layer := range drift.ByMatrix {
		for _, role := range gbert.LayerRoles {
			a, _, err := before.DenseMap(layer, role)
			if err != nil {
				return nil, err
			}
			b, _, err := after.DenseMap(layer, role)
			if err != nil {
				return nil, err
			}
			var distance, norm float64
			for i := range a {
				x, y := float64(a[i]), float64(b[i])
				distance += (y - x) * (y - x)
				norm += x * x
				if x*y < 0 {
					signs++
				}
			}
			drift.ByMatrix[layer] = append(drift.ByMatrix[layer], math.Sqrt(distance/norm))
			moved, size, total = moved+distance, size+norm, total+len(a)
			x, y := largest(a, share), largest(b, share)
			for i := range x {
				if y[i] {
					top++
					if x[i] {
						stayed++
					}
				}
			}
		}
	}
	drift.Distance = math.Sqrt(moved / size)
	drift.SignShare = float64(signs) / float64(max(total, 1))
	drift.Overlap = float64(stayed) / float64(max(top, 1))
	return drift, nil
}

// largest marks the share of values of largest magnitude; of equal ones at the border, the first.
func largest(values []float32, share float64) []bool {
	magnitude := make([]float32, len(values))
	for i, v := range values {
		magnitude[i] = max(v, -v)
	}
	marks := make([]bool, len(values))
	count := int(share * float64(len(values)))
	if count == 0 {
		return marks
	}
	sorted := slices.Sorted(slices.Values(magnitude))
	threshold := sorted[len(sorted)-count]
	equal := count // of those at the threshold, how many are taken
	for i := len(sorted) - 1; sorted[i] > threshold; i-- {
		equal--
	}
	for i, m := range magnitude {
		switch {
		case m > threshold:
			marks[i] = true
		case m == threshold && equal > 0:
			marks[i], equal = true, equal-1
		}
	}
	return marks
}
