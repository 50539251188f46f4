package tucker

import (
	"math"
	"testing"

	"bertlab/gbert"
)

func TestTheErrorOfAllMapsIsThatOfTheirDifference(t *testing.T) {
	model := classifier(t, 2, 1)
	for _, rank := range []int{8, 3} {
		smaller, f := factorise(t, model, FactoriseOptions{Rank: rank})
		all, byRole, err := f.Error(model)
		if err != nil {
			t.Fatal(err)
		}
		var lost, whole float64
		for layer := range 2 {
			for _, role := range gbert.LayerRoles {
				a, _, err := model.DenseMap(layer, role)
				if err != nil {
					t.Fatal(err)
				}
				b, _, err := smaller.DenseMap(layer, role)
				if err != nil {
					t.Fatal(err)
				}
				for i := range a {
					d := float64(a[i]) - float64(b[i])
					lost, whole = lost+d*d, whole+float64(a[i])*float64(a[i])
				}
			}
		}
		if want := math.Sqrt(lost / whole); math.Abs(all-want) > 1e-5 || len(byRole) != len(gbert.LayerRoles) || rank < 8 && all < 0.05 {
			t.Errorf("rank %d: %g, want %g; %v", rank, all, want, byRole)
		}
	}
}
