package landscape

import (
	"math"
	"testing"

	"bertlab/gbert"
)

func TestLengthsAndAnglesAreThoseOfTheWeights(t *testing.T) {
	s := Space{From: end(t, 1), To: end(t, 2)}
	whole := Whole(s.To.Config)
	s.Other = blend(t, s, whole, func(zero, one, _ float64) float64 { return zero - 3*(one-zero) })
	list, err := s.Geometries()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 8 || list[0].Name != "embeddings" || list[1].Name != "layer 0" || list[7].Name != "pooler" {
		t.Fatalf("%+v", list)
	}
	g := Sum("whole", list)
	if math.Abs(g.Cosine()+1) > 1e-6 || math.Abs(g.Scale()-1.0/3) > 1e-6 {
		t.Errorf("the opposite direction of three times the length has cosine %g and scale %g", g.Cosine(), g.Scale())
	}
	head := 2*16 + 2
	if g.Size != s.To.NumParameters()-head {
		t.Errorf("%d weights move, the model has %d without its head", g.Size, s.To.NumParameters()-head)
	}
	single, err := s.WeightGeometries()
	if err != nil {
		t.Fatal(err)
	}
	if other := Sum("whole", single); math.Abs(other.First-g.First) > 1e-9*g.First || other.Size != g.Size {
		t.Errorf("weight by weight ‖δ₁‖ is %g, unit by unit %g", other.First, g.First)
	}
	// Independent random weights are nearly orthogonal.
	s.Other = end(t, 3)
	s.From = blend(t, s, whole, func(float64, float64, float64) float64 { return 0 })
	if single, err = s.WeightGeometries(); err != nil {
		t.Fatal(err)
	}
	for _, g := range single {
		if g.Name == gbert.WeightName(0, gbert.FFNIn) && math.Abs(g.Cosine()) > 0.2 {
			t.Errorf("the cosine of random matrices is %g", g.Cosine())
		}
	}
}

func TestAProjectionIsOnTheLineAtItsEnds(t *testing.T) {
	from, to := end(t, 1), end(t, 2)
	between := func(alpha float64) *gbert.Model {
		s := Space{From: from, To: to}
		return blend(t, s, Whole(to.Config), func(zero, one, _ float64) float64 { return zero + alpha*(one-zero) })
	}
	for _, alpha := range []float64{0, 0.25, 1, 1.5} {
		p, err := Project(from, to, between(alpha))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(p.Alpha-alpha) > 1e-6 || p.Orthogonal > 1e-3 {
			t.Errorf("α = %g is projected to (%g, %g)", alpha, p.Alpha, p.Orthogonal)
		}
	}
	p, err := Project(from, to, end(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	if want := p.Distance * p.Distance; math.Abs(p.Alpha*p.Alpha+p.Orthogonal*p.Orthogonal-want) > 1e-9 || p.Orthogonal <= 0 {
		t.Errorf("%+v is no right triangle", p)
	}
}
