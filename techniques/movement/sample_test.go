package movement

import (
	"math"
	"testing"
)

func TestASampleKnowsWhichOfItsKeptWeightsAreSmall(t *testing.T) {
	s := Sampled{Weights: []float32{3, -0.5, 0.25, -3}, Scores: []float32{1, 2, 3, 4}, Kept: "1101"}.Sample()
	if math.Abs(s.Deviation-math.Sqrt((9+0.25+0.0625+9)/4-math.Pow(0.25/4, 2))) > 1e-12 || math.Abs(s.SmallShare-1.0/3) > 1e-12 {
		t.Errorf("deviation %g, small share %g", s.Deviation, s.SmallShare)
	}
	if !s.Kept[0] || !s.Kept[1] || s.Kept[2] || !s.Kept[3] || len(s.Scores) != 4 {
		t.Errorf("%+v", s)
	}
}

func TestMasksOverlapByWhatBothKeep(t *testing.T) {
	yes := []bool{true, true, false, false}
	if share, ok := Overlap(yes, []bool{true, false, true, false}); !ok || share != 0.5 {
		t.Errorf("%g, %v", share, ok)
	}
	if share, ok := Overlap(yes, yes); !ok || share != 1 {
		t.Errorf("of itself: %g, %v", share, ok)
	}
	if _, ok := Overlap(make([]bool, 4), make([]bool, 4)); ok {
		t.Error("of empty masks there is an overlap")
	}
}

func TestChanceWeighsMatricesByWhatTheyKeep(t *testing.T) {
	sizes := [][]int{{100}, {300}}
	all, none, empty := [][]float64{{1}, {0}}, [][]float64{{0}, {1}}, [][]float64{{0}, {0}}
	if c := ChanceOverlap(sizes, all, all); c != 1 {
		t.Errorf("masks of whole matrices agree by %g", c)
	}
	if c := ChanceOverlap(sizes, all, none); c != 0 {
		t.Errorf("masks of other matrices agree by %g", c)
	}
	if c := ChanceOverlap(sizes, empty, empty); c != 0 {
		t.Errorf("empty masks agree by %g", c)
	}
}
