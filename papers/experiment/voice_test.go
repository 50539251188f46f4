package experiment

import (
	"testing"

	"bertlab/figures"
	"bertlab/papers/experiment/words"
)

func TestTheLargestClassIsALineUnlessItWouldPressTheCurvesTogether(t *testing.T) {
	curves := func(ys ...float64) []figures.Curve { return []figures.Curve{{Y: ys[:1]}, {Y: ys[1:]}} }
	for _, c := range []struct {
		one    float64
		curves []figures.Curve
		line   bool
	}{
		{1, curves(0.55, 0.88), true},
		{1, curves(0.81, 0.88), false},
		{100, curves(81, 88), false},
		{100, curves(55, 88), true},
		{1, curves(0.86, 0.88), true}, // noise is not to be magnified
		{1, []figures.Curve{{Y: []float64{0.88}, Lo: []float64{0.66}, Hi: []float64{0.9}}}, true}, // a band is part of it
	} {
		line, note := Voice{words.English}.LargestClass(0.509, c.one, c.curves)
		if c.line != (len(line) == 1) || c.line != (note == "") || c.line && line[0].Value != 0.509*c.one || !c.line && note != "largest class: 50.9 %" {
			t.Errorf("%v: %v %q", c.curves, line, note)
		}
	}
}
