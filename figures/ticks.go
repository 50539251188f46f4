package figures

import (
	"fmt"
	"math"
	"strconv"
)

// largest magnitude that a figure shows; beyond it, spans overflow.
const largest = 1e100

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// extent is the range of the finite values of all lists. ok is false when there is none.
func extent(lists ...[]float64) (r Range, ok bool) {
	r = Range{math.Inf(1), math.Inf(-1)}
	for _, l := range lists {
		for _, v := range l {
			if finite(v) {
				r.Min, r.Max = math.Min(r.Min, v), math.Max(r.Max, v)
			}
		}
	}
	return r, r.Min <= r.Max
}

// check returns an error if an axis cannot be drawn over r.
func (r Range) check(what string) error {
	switch {
	case !finite(r.Min) || !finite(r.Max) || r.Min > r.Max:
		return fmt.Errorf("figures: %s range %g … %g: wanted two finite numbers in order", what, r.Min, r.Max)
	case r.Min < -largest || r.Max > largest:
		return fmt.Errorf("figures: %s range %g … %g: wanted magnitudes under %g", what, r.Min, r.Max, largest)
	}
	return nil
}

// widen opens a range without extent, so that there is something to scale.
func (r Range) widen() Range {
	scale := math.Max(math.Abs(r.Min), math.Abs(r.Max))
	if r.Max-r.Min > scale*1e-9 && r.Max-r.Min > 1e-90 {
		return r
	}
	d := scale * 0.1
	if d < 1e-90 {
		d = 1
	}
	return Range{r.Min - d, r.Max + d}
}

func (r Range) include(v float64) Range {
	return Range{math.Min(r.Min, v), math.Max(r.Max, v)}
}

func (r Range) pad(share float64) Range {
	d := (r.Max - r.Min) * share
	return Range{r.Min - d, r.Max + d}
}

type tick struct {
	at    float64
	label string
}

// niceStep is 1, 2 or 5 times a power of ten, the one nearest to span/n.
func niceStep(span float64, n int) float64 {
	raw := span / float64(max(n, 1))
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	switch m := raw / power; {
	case m < math.Sqrt(2):
		return power
	case m < math.Sqrt(10):
		return 2 * power
	case m < math.Sqrt(50):
		return 5 * power
	}
	return 10 * power
}

// outward moves the ends of r to the next ticks.
func (r Range) outward(n int) Range {
	step := niceStep(r.Max-r.Min, n)
	return Range{math.Floor(r.Min/step+1e-9) * step, math.Ceil(r.Max/step-1e-9) * step}
}

// ticks puts about n labels inside r.
func (r Range) ticks(n int, format func(float64) string) []tick {
	step := niceStep(r.Max-r.Min, n)
	first := math.Ceil(r.Min/step - 1e-9)
	if format == nil {
		format = func(v float64) string { return stepFormat(v, step) }
	}
	var out []tick
	for i := range 2*n + 4 {
		v := (first + float64(i)) * step
		if v > r.Max+step*1e-9 {
			break
		}
		if math.Abs(v) < step*1e-9 {
			v = 0
		}
		label := clean(format(v))
		if len(out) > 0 && out[len(out)-1].label == label {
			continue // the format tells the two not apart
		}
		out = append(out, tick{v, label})
	}
	return out
}

// stepFormat writes v with the decimals that a multiple of step needs.
func stepFormat(v, step float64) string {
	if a := math.Abs(v); v != 0 && (a >= 1e7 || step < 1e-6) {
		return minus(scientific(v))
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	return minus(Group(strconv.FormatFloat(v, 'f', decimals, 64)))
}
