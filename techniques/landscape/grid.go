package landscape

import (
	"fmt"
	"math"
)

// Grid is where a surface is measured.
type Grid struct {
	// Alpha and Beta are the coordinates, ascending. Beta nil is the line β = 0.
	Alpha []float64 `json:"alpha"`
	Beta  []float64 `json:"beta,omitempty"`
}

// LargestGrid is the most points that a grid may have on an axis.
const LargestGrid = 1001

// Axis is n ≥ 2 coordinates at equal distances from low to high. Where 0 or 1 is meant it is met exactly.
func Axis(low, high float64, n int) []float64 {
	axis := make([]float64, n)
	for i := range axis {
		v := low + (high-low)*float64(i)/float64(max(n-1, 1))
		axis[i] = math.Round(v*1e12) / 1e12
	}
	return axis
}

// Line is a grid of α alone.
func Line(low, high float64, n int) Grid { return Grid{Alpha: Axis(low, high, n)} }

// Plane is a grid with the same coordinates in both directions.
func Plane(low, high float64, n int) Grid {
	return Grid{Alpha: Axis(low, high, n), Beta: Axis(low, high, n)}
}

func (g Grid) check() error {
	for name, axis := range map[string][]float64{"α": g.Alpha, "β": g.Beta} {
		if len(axis) > LargestGrid || name == "α" && len(axis) == 0 {
			return fmt.Errorf("landscape: %d values of %s: 1 to %d were expected", len(axis), name, LargestGrid)
		}
		for i, v := range axis {
			if !(math.Abs(v) <= Farthest) || i > 0 && v <= axis[i-1] {
				return fmt.Errorf("landscape: value %d of %s is %g: ascending values from −%g to %g were expected", i, name, v, Farthest, Farthest)
			}
		}
	}
	return nil
}

// rows are the values of β.
func (g Grid) rows() []float64 {
	if len(g.Beta) == 0 {
		return []float64{0}
	}
	return g.Beta
}

// points are θ₀, θ₁ and then the grid, row by row of β.
func (g Grid) points() []Point {
	points := []Point{{}, {Alpha: 1}}
	for _, b := range g.rows() {
		for _, a := range g.Alpha {
			points = append(points, Point{a, b})
		}
	}
	return points
}

// ends is how many points of [Grid.points] come before the grid.
const ends = 2
