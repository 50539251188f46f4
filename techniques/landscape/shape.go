package landscape

import "math"

// Width is the length of the interval around x = at in which y ≤ level, by linear interpolation between the points; x ascends. open
// reports that the interval reaches an end of the curve, so that the width is a lower bound. It is 0 where y at that place is above
// the level.
func Width(x, y []float64, at, level float64) (width float64, open bool) {
	if len(x) < 2 || at < x[0] || at > x[len(x)-1] || valueAt(x, y, at) > level {
		return 0, false
	}
	right, openRight := crossing(x, y, at, level, 1)
	left, openLeft := crossing(x, y, at, level, -1)
	return right - left, openRight || openLeft
}

// crossing goes from at in a direction until y passes the level.
func crossing(x, y []float64, at, level float64, direction int) (place float64, open bool) {
	fromX, fromY := at, valueAt(x, y, at)
	first, end := 0, len(x)
	if direction < 0 {
		first, end = len(x)-1, -1
	}
	for i := first; i != end; i += direction {
		if (x[i]-at)*float64(direction) <= 0 {
			continue
		}
		if y[i] > level {
			return fromX + (x[i]-fromX)*(level-fromY)/(y[i]-fromY), false
		}
		fromX, fromY = x[i], y[i]
	}
	return fromX, true
}

// valueAt is y at a place, by linear interpolation.
func valueAt(x, y []float64, at float64) float64 {
	for i := 1; i < len(x); i++ {
		if at <= x[i] {
			return y[i-1] + (y[i]-y[i-1])*(at-x[i-1])/(x[i]-x[i-1])
		}
	}
	return y[len(y)-1]
}

// Rise is the most that y climbs on the way from x = from to x = to: the largest y(b) − y(a) with from ≤ a ≤ b ≤ to. It is 0 for a
// way that only goes down.
func Rise(x, y []float64, from, to float64) float64 {
	lowest, rise := math.Inf(1), 0.0
	visit := func(v float64) {
		lowest = math.Min(lowest, v)
		rise = math.Max(rise, v-lowest)
	}
	visit(valueAt(x, y, from))
	for i, at := range x {
		if at > from && at < to {
			visit(y[i])
		}
	}
	visit(valueAt(x, y, to))
	return rise
}
