package figures

import (
	"fmt"
	"math"
)

// Scale says how values become colours and heights.
type Scale int

const (
	// Linear: equal differences look alike.
	Linear Scale = iota
	// Log: equal ratios look alike. All values must be above 0.
	Log
)

func (s Scale) of(v float64) float64 {
	if s == Log {
		return math.Log(v)
	}
	return v
}

// field is a table of values over a grid, as contours and surfaces have it.
type field struct {
	x, y   []float64
	values [][]float64 // one row for each y
	scale  Scale
	limits Range // values beyond it take the end's colour and height
}

// newField checks a table; a zero limit means from the data.
func newField(what string, x, y []float64, values [][]float64, scale Scale, limits Range) (*field, error) {
	if len(x) < 2 || len(y) < 2 || len(x)*len(y) > 1<<18 {
		return nil, fmt.Errorf("figures: %s of %d × %d points: wanted at least 2 × 2, at most %d in all", what, len(x), len(y), 1<<18)
	}
	for name, axis := range map[string][]float64{"x": x, "y": y} {
		for i, v := range axis {
			if !finite(v) || math.Abs(v) > largest || i > 0 && v <= axis[i-1] {
				return nil, fmt.Errorf("figures: %s: %s has %g after %g: wanted finite ascending numbers", what, name, v, axis[max(i-1, 0)])
			}
		}
		if r := (Range{axis[0], axis[len(axis)-1]}); r.widen() != r {
			return nil, fmt.Errorf("figures: %s: the span of %s, %g … %g, is too small to draw", what, name, r.Min, r.Max)
		}
	}
	if len(values) != len(y) {
		return nil, fmt.Errorf("figures: %s: %d rows of values for %d y", what, len(values), len(y))
	}
	for j, row := range values {
		if len(row) != len(x) {
			return nil, fmt.Errorf("figures: %s: row %d has %d values for %d x", what, j, len(row), len(x))
		}
	}
	f := &field{x: x, y: y, values: values, scale: scale, limits: limits}
	if limits.auto() {
		r, ok := extent(values...)
		if !ok {
			return nil, fmt.Errorf("figures: %s has no finite value", what)
		}
		f.limits = r
	}
	f.limits = f.limits.widen()
	if err := f.limits.check("value"); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, what)
	}
	if scale == Log {
		lowest, _ := extent(values...)
		if lowest.Min <= 0 || f.limits.Max <= 0 {
			return nil, fmt.Errorf("figures: %s: %g on a logarithmic scale: wanted values above 0", what, math.Min(lowest.Min, f.limits.Max))
		}
		if f.limits.Min <= 0 { // widened below zero
			f.limits.Min = lowest.Min / 1.1
		}
	}
	return f, nil
}

// share is where a value lies between the limits, 0 … 1.
func (f *field) share(v float64) float64 {
	v = math.Max(f.limits.Min, math.Min(f.limits.Max, v))
	low, high := f.scale.of(f.limits.Min), f.scale.of(f.limits.Max)
	return (f.scale.of(v) - low) / (high - low)
}

// levels are about n values between the limits, for contours and ticks.
func (f *field) levels(n int) []tick {
	if f.scale == Linear {
		var inside []tick
		for _, t := range f.limits.ticks(n, nil) {
			if t.at > f.limits.Min && t.at < f.limits.Max {
				inside = append(inside, t)
			}
		}
		return inside
	}
	var best []tick
	for _, mantissas := range [][]float64{{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}, {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8}} {
		var list []tick
		first := int(math.Floor(math.Log10(f.limits.Min)))
		for e := first; e <= first+250 && math.Pow(10, float64(e)) < f.limits.Max; e++ {
			for _, m := range mantissas {
				if v := m * math.Pow(10, float64(e)); v > f.limits.Min && v < f.limits.Max {
					list = append(list, tick{v, minus(fmt.Sprintf("%.4g", v))})
				}
			}
		}
		if len(list) > n+n/3 {
			break
		}
		best = list
	}
	if len(best) >= max(2, n/2) {
		return best
	}
	linear := *f
	linear.scale = Linear
	return linear.levels(n) // a narrow range, in which equal steps tell more
}

// LogLevels divide a range above 0 into n parts at equal ratios, at values of three digits: levels that several contours have in common.
func LogLevels(r Range, n int) []float64 {
	var levels []float64
	for i := 1; i < n; i++ {
		level := r.Min * math.Pow(r.Max/r.Min, float64(i)/float64(n))
		unit := math.Pow(10, math.Floor(math.Log10(level))-2)
		if level = math.Round(level/unit) * unit; len(levels) == 0 || level > levels[len(levels)-1] {
			levels = append(levels, level)
		}
	}
	return levels
}
