package tucker

import (
	"math"

	"bertlab/gbert"
)

// Error is the relative error ‖W − Ŵ‖/‖W‖ of all factored matrices of a model together, and of those of each role.
func (f *Factorisation) Error(model *gbert.Model) (all float64, byRole map[string]float64, err error) {
	lost, whole := map[string]float64{}, map[string]float64{}
	for _, m := range f.Maps {
		weight, _, err := model.DenseMap(m.Layer, m.Role)
		if err != nil {
			return 0, nil, err
		}
		square := 0.0
		for _, w := range weight {
			square += float64(w) * float64(w)
		}
		if square == 0 {
			continue // its relative error may be infinite
		}
		for _, key := range []string{"", string(m.Role)} {
			whole[key] += square
			lost[key] += square * m.RelativeError * m.RelativeError
		}
	}
	byRole = map[string]float64{}
	for _, role := range gbert.LayerRoles {
		byRole[string(role)] = rootOf(lost[string(role)], whole[string(role)])
	}
	return rootOf(lost[""], whole[""]), byRole, nil
}

// rootOf is √(part/whole), and 0 of nothing.
func rootOf(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Sqrt(part / whole)
}
