package landscape

import (
	"math"
	"testing"
)

func TestTheWidthIsComparedOverTheSameExamples(t *testing.T) {
	alpha := Axis(-1, 3, 41)
	parabola := func(steep float64) (losses Losses, means []float64) {
		for _, a := range alpha {
			var row []float64
			for e := range 20 {
				row = append(row, steep*(a-1)*(a-1)*(1+0.1*float64(e%5)))
			}
			losses, means = append(losses, row), append(means, Losses{row}.Over([]int{0, 1, 2, 3, 4})[0])
		}
		return losses, means
	}
	wide, _ := parabola(0.1)
	narrow, means := parabola(1)
	tolerance := 0.1 * math.Ln2
	difference, err := Wider(alpha, wide, alpha, narrow, tolerance)
	if err != nil {
		t.Fatal(err)
	}
	want := 2*math.Sqrt(tolerance/0.12) - 2*math.Sqrt(tolerance/1.2)
	if math.Abs(difference.Value-want) > 0.03 || !(difference.Low < difference.Value && difference.Value < difference.High) {
		t.Errorf("%+v, want about %.3f", difference, want)
	}
	valley, err := NewValley(alpha, narrow, means, tolerance)
	if err != nil {
		t.Fatal(err)
	}
	if valley.Open || valley.Rise.Value != 0 || math.Abs(valley.Drop.Value-1.2) > 1e-9 || math.Abs(valley.Width.Value-2*math.Sqrt(tolerance/1.2)) > 0.03 {
		t.Errorf("%+v", valley)
	}
}

func TestConsistencyIsTheRankCorrelationOfTwoSurfaces(t *testing.T) {
	var loss, same, other Losses
	for p := range 30 {
		var a, b, c []float64
		for e := range 40 {
			a = append(a, float64(p)+0.1*float64(e%7))
			b = append(b, float64((p+e)/40%2)) // more wrong as p grows
			c = append(c, float64((p*7+e)%2))
		}
		loss, same, other = append(loss, a), append(same, b), append(other, c)
	}
	agree, err := Consistency(loss, same)
	if err != nil || agree.Value < 0.9 || agree.Low < 0.5 {
		t.Errorf("%+v, %v", agree, err)
	}
	differ, err := Consistency(loss, other)
	if err != nil || math.Abs(differ.Value) > 0.5 {
		t.Errorf("%+v, %v", differ, err)
	}
}
