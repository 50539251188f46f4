package landscape

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTheWidthOfAParabolaIsWhereItCrossesTheLevel(t *testing.T) {
	x := Axis(-1, 3, 401)
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = (v - 1) * (v - 1)
	}
	if width, open := Width(x, y, 1, 0.25); open || math.Abs(width-1) > 1e-3 {
		t.Errorf("width %g (open %v), want 1", width, open)
	}
	if width, open := Width(x, y, 1, 100); !open || width != 4 {
		t.Errorf("width %g (open %v), want the whole curve", width, open)
	}
	if width, _ := Width(x, y, 2, 0.5); width != 0 {
		t.Errorf("width %g where the curve is above the level", width)
	}
}

func TestOnlyTheBasinAroundThePlaceCounts(t *testing.T) {
	x := []float64{0, 1, 2, 3, 4}
	y := []float64{0, 2, 0, 2, 0}
	if width, open := Width(x, y, 2, 1); open || width != 1 {
		t.Errorf("width %g (open %v), want 1", width, open)
	}
}

func TestAHigherLevelIsNeverNarrower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SliceOfN(rapid.Float64Range(0, 5), 2, 20).Draw(t, "y")
		x := Axis(-1, 2, len(y))
		at := rapid.Float64Range(-1, 2).Draw(t, "at")
		level := rapid.Float64Range(0, 5).Draw(t, "level")
		low, _ := Width(x, y, at, level)
		high, _ := Width(x, y, at, level+rapid.Float64Range(0, 2).Draw(t, "more"))
		if low < 0 || high < low-1e-9 || high > 3+1e-9 {
			t.Errorf("widths %g and %g", low, high)
		}
	})
}

func TestTheRiseIsTheHighestClimb(t *testing.T) {
	x := []float64{-1, 0, 0.5, 1, 2}
	for _, c := range []struct {
		y    []float64
		want float64
	}{
		{[]float64{9, 3, 2, 1, 9}, 0}, {[]float64{0, 3, 4, 1, 9}, 1}, {[]float64{0, 3, 1, 2, 9}, 1}, {[]float64{0, 1, 2, 3, 9}, 2},
	} {
		if got := Rise(x, c.y, 0, 1); got != c.want {
			t.Errorf("the rise of %v is %g, want %g", c.y, got, c.want)
		}
	}
}

func TestSnapshotsAreEvenAndTheLastStepIsOne(t *testing.T) {
	for _, test := range []struct {
		times, steps int
		want         []int
	}{{3, 9, []int{3, 6, 9}}, {4, 10, []int{3, 5, 8, 10}}, {1, 7, []int{7}}, {5, 3, []int{1, 2, 3}}} {
		if got := (Snapshots{Times: test.times}).Steps(test.steps); !slices.Equal(got, test.want) {
			t.Errorf("%d times in %d steps: %v, want %v", test.times, test.steps, got, test.want)
		}
	}
}
