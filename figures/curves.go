package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"sort"

	"gonum.org/v1/plot/vg"
)

// Curve is one line with an optional band, such as accuracy over the share of heads removed, mean and spread over seeds.
type Curve struct {
	Name string
	// X and Y are equally long, X in order. A NaN in Y breaks the line.
	X, Y []float64
	// Lo and Hi are the ends of the error band, which at a point without neighbours is a whisker; nil: none.
	Lo, Hi []float64
	// Expected marks what was not measured, such as a time in proportion: dashed, without markers, over the others, so that it is seen
	// where they agree. Such curves come last.
	Expected bool
}

// Add appends a point with the ends of its band.
func (c *Curve) Add(x, y, low, high float64) {
	c.X, c.Y, c.Lo, c.Hi = append(c.X, x), append(c.Y, y), append(c.Lo, low), append(c.Hi, high)
}

// CurvesOptions describes lines over a common x axis.
type CurvesOptions struct {
	Frame
	Curves []Curve
	// HLines and VLines are levels such as that of the majority class, and positions such as the point that was chosen.
	HLines, VLines []Reference
	// XRange and YRange; zero: what the data and the reference lines need.
	XRange, YRange Range
	// XFormat and YFormat write the numbers on the axes, such as [Percent]; nil: plain.
	XFormat, YFormat func(float64) string
	// XTicks are the places that are named on the x axis; nil: round numbers.
	XTicks []float64
}

// Curves draws lines with markers and error bands. Each line is named at its right end, or above the plot where there are too
// many, so that no legend covers the data. Its Data has one line a point.
func Curves(o CurvesOptions) (*Figure, error) {
	o.Frame = o.Frame.clean()
	var xs, ys [][]float64
	t := &Table{Columns: []Column{{Name: o.say("series")}, {Name: cmp.Or(o.XLabel, "x")}, {Name: cmp.Or(o.YLabel, "y")}, {Name: o.say("low")}, {Name: o.say("high")}}}
	for i, c := range o.Curves {
		if len(c.X) != len(c.Y) || c.Lo != nil && len(c.Lo) != len(c.X) || c.Hi != nil && len(c.Hi) != len(c.X) || (c.Lo == nil) != (c.Hi == nil) {
			return nil, fmt.Errorf("figures: curve %d (%q) of %q: %d x, %d y, %d low, %d high: wanted equal numbers (or no low and high)", i, c.Name, o.Title, len(c.X), len(c.Y), len(c.Lo), len(c.Hi))
		}
		for j := range c.X {
			if j > 0 && c.X[j] < c.X[j-1] {
				return nil, fmt.Errorf("figures: curve %d (%q) of %q: x %g follows %g: wanted ascending x", i, c.Name, o.Title, c.X[j], c.X[j-1])
			}
			line := []any{c.Name, c.X[j], c.Y[j], math.NaN(), math.NaN()}
			if c.Lo != nil {
				line[3], line[4] = c.Lo[j], c.Hi[j]
			}
			t.Rows = append(t.Rows, line)
		}
		xs = append(xs, c.X)
		ys = append(ys, c.Y, c.Lo, c.Hi)
	}
	if _, ok := extent(yOnly(o.Curves)...); !ok {
		return nil, fmt.Errorf("figures: curves %q have no finite point", o.Title)
	}
	xr, yr, err := ranges(o.XRange, o.YRange, append(xs, values(o.VLines)), append(ys, values(o.HLines)))
	if err != nil {
		return nil, fmt.Errorf("%w (curves %q)", err, o.Title)
	}
	if o.YRange.auto() {
		yr = yr.outward(5)
	}
	o.HLines, o.VLines = within(o.HLines, yr), within(o.VLines, xr)
	return newFigure(o.Frame, Size{8, 4.5}, t, func(p *pen) { o.draw(p, xr, yr) })
}

func yOnly(cs []Curve) (out [][]float64) {
	for _, c := range cs {
		y := append([]float64(nil), c.Y...)
		for i := range y {
			if !finite(c.X[i]) {
				y[i] = math.NaN()
			}
		}
		out = append(out, y)
	}
	return out
}

func values(rs []Reference) (out []float64) {
	for _, r := range rs {
		out = append(out, r.Value)
	}
	return out
}

func within(rs []Reference, r Range) (out []Reference) {
	for _, x := range rs {
		if x.Value >= r.Min && x.Value <= r.Max {
			out = append(out, x)
		}
	}
	return out
}

// ranges settles the two axes: as asked for, or from the values.
func ranges(x, y Range, xs, ys [][]float64) (Range, Range, error) {
	settle := func(what string, r Range, vs [][]float64) (Range, error) {
		if r.auto() {
			var ok bool
			if r, ok = extent(vs...); !ok {
				return r, fmt.Errorf("figures: no finite %s value", what)
			}
		}
		return r.widen(), r.check(what)
	}
	xr, err := settle("x", x, xs)
	if err != nil {
		return xr, y, err
	}
	yr, err := settle("y", y, ys)
	return xr, yr, err
}

func (o CurvesOptions) draw(p *pen, xr, yr Range) {
	c := &chart{frame: o.Frame, x: xr.pad(0.02), y: yr, xFormat: o.XFormat, yFormat: o.YFormat, columns: o.VLines, rows: o.HLines}
	for _, x := range slices.Compact(slices.Sorted(slices.Values(o.XTicks))) {
		if x >= c.x.Min && x <= c.x.Max {
			label := minus(plain(x))
			if o.XFormat != nil {
				label = clean(o.XFormat(x))
			}
			c.xticks = append(c.xticks, tick{x, label})
		}
	}
	direct := endingsFit(len(o.Curves)+len(o.HLines), p.h) && apart(o.Curves, yr, p.h-150)
	for i, s := range o.Curves {
		if s.Name == "" {
			continue
		}
		name := clean(s.Name)
		if direct {
			if y, ok := lastFinite(s); ok {
				y = math.Max(yr.Min, math.Min(yr.Max, y))
				c.endings = append(c.endings, ending{at: y, text: name, color: o.color(i)})
			}
			continue
		}
		c.keys = append(c.keys, key{name: name, draw: func(p *pen, x, y float64) {
			p.segment(o.stroke(p, i), x-9, y, x+9, y)
			if !s.Expected {
				p.marker(i, category(i), x, y, 3.4)
			}
		}})
	}
	c.draw(p, func() {
		c.references(p)
		for i, s := range o.Curves {
			c.band(p, s, category(i))
		}
		for _, expected := range []bool{false, true} {
			for i, s := range slices.Backward(o.Curves) { // the first on top
				if s.Expected == expected {
					c.curve(p, s, i, o.stroke(p, i))
				}
			}
		}
	})
}

// color is that of a curve.
func (o CurvesOptions) color(i int) color.NRGBA {
	if o.Curves[i].Expected {
		return referenceColor
	}
	return category(i)
}

// stroke is that of a curve's line.
func (o CurvesOptions) stroke(p *pen, i int) stroke {
	if o.Curves[i].Expected {
		return reference
	}
	return stroke{color: category(i), width: 2, dash: p.categoryDash(i)}
}

// apart reports whether the curves end far enough from each other on a plot of this height to be named there.
func apart(cs []Curve, r Range, height float64) bool {
	var ends []float64
	for _, s := range cs {
		if y, ok := lastFinite(s); ok && s.Name != "" {
			ends = append(ends, (y-r.Min)/(r.Max-r.Min)*height)
		}
	}
	sort.Float64s(ends)
	for i := 1; i < len(ends); i++ {
		if ends[i]-ends[i-1] < 6 {
			return false
		}
	}
	return true
}

func lastFinite(s Curve) (float64, bool) {
	for i := len(s.Y) - 1; i >= 0; i-- {
		if finite(s.Y[i]) && finite(s.X[i]) {
			return s.Y[i], true
		}
	}
	return 0, false
}

// clip keeps v inside the y axis, so that nothing is drawn over the words around the plot.
func (c *chart) clip(v float64) float64 { return math.Max(c.y.Min, math.Min(c.y.Max, v)) }

func (c *chart) inside(x float64) bool { return finite(x) && x >= c.x.Min && x <= c.x.Max }

func (c *chart) band(p *pen, s Curve, colour color.NRGBA) {
	if s.Lo == nil {
		return
	}
	flush := func(from, to int) {
		switch to - from {
		case 0:
			return
		case 1:
			p.whisker(stroke{color: fade(colour, 0.7), width: 1.4}, c.px(s.X[from]), c.py(c.clip(s.Lo[from])), c.py(c.clip(s.Hi[from])), 4)
			return
		}
		var edge []vg.Point
		for i := from; i < to; i++ {
			edge = append(edge, pt(c.px(s.X[i]), c.py(c.clip(s.Hi[i]))))
		}
		for i := to - 1; i >= from; i-- {
			edge = append(edge, pt(c.px(s.X[i]), c.py(c.clip(s.Lo[i]))))
		}
		p.polygon(fade(colour, 0.16), edge...)
	}
	from := 0
	for i := range s.X {
		if !c.inside(s.X[i]) || !finite(s.Lo[i]) || !finite(s.Hi[i]) {
			flush(from, i)
			from = i + 1
		}
	}
	flush(from, len(s.X))
}

func (c *chart) curve(p *pen, s Curve, n int, line stroke) {
	var run []vg.Point
	flush := func() {
		p.line(line, run...)
		run = nil
	}
	for i := range s.X {
		if !c.inside(s.X[i]) || !finite(s.Y[i]) {
			flush()
			continue
		}
		run = append(run, pt(c.px(s.X[i]), c.py(c.clip(s.Y[i]))))
	}
	flush()
	if len(s.X) > 60 || s.Expected {
		return
	}
	for i := range s.X {
		if c.inside(s.X[i]) && finite(s.Y[i]) && s.Y[i] == c.clip(s.Y[i]) {
			p.marker(n, category(n), c.px(s.X[i]), c.py(s.Y[i]), 3.2)
		}
	}
}
