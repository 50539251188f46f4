package movement

import (
	"math"
	"slices"
	"testing"

	"bertlab/gbert"
)

func TestDriftIsThatOfTheWeights(t *testing.T) {
	before := classifier(t, 2, "gelu")
	for name, test := range map[string]struct {
		factor               float32
		distance, signs, top float64
	}{"the same": {1, 0, 0, 1}, "half as large": {0.5, 0.5, 0, 1}, "with other signs": {-1, 2, 1, 1}} {
		after := before.Clone()
		for layer := range 2 {
			for _, role := range gbert.LayerRoles {
				values, shape, err := before.Weight(gbert.WeightName(layer, role))
				if err != nil {
					t.Fatal(err)
				}
				values = slices.Clone(values) // those of a model that is no file are its own
				for i := range values {
					values[i] *= test.factor
				}
				if err := after.SetWeight(gbert.WeightName(layer, role), shape, values); err != nil {
					t.Fatal(err)
				}
			}
		}
		d, err := MeasureDrift(before, after, 0.25)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(d.Distance-test.distance) > 1e-6 || math.Abs(d.SignShare-test.signs) > 1e-6 || d.Overlap != test.top || len(d.ByMatrix) != 2 || len(d.ByMatrix[0]) != len(gbert.LayerRoles) {
			t.Errorf("%s: %+v", name, d)
		}
		for _, row := range d.ByMatrix {
			for _, far := range row {
				if math.Abs(far-test.distance) > 1e-6 {
					t.Errorf("%s: a matrix moved by %g", name, far)
				}
			}
		}
	}
}

func TestTheLargestShareIsCountedExactly(t *testing.T) {
	for _, test := range []struct {
		values []float32
		share  float64
		want   []bool
	}{
		{[]float32{1, -3, 2, 0}, 0.5, []bool{false, true, true, false}}, {[]float32{2, 2, -2, 2}, 0.5, []bool{true, true, false, false}},
		{[]float32{1, 2}, 0.4, []bool{false, false}}, {[]float32{1, 2}, 1, []bool{true, true}},
	} {
		got := largest(test.values, test.share)
		for i := range got {
			if got[i] != test.want[i] {
				t.Errorf("%v at %g: %v", test.values, test.share, got)
			}
		}
	}
}
