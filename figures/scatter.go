package figures

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Lines selects what is drawn behind the points of a scatter plot.
type Lines int

const (
	// FitLine is the least-squares line of y on x.
	FitLine Lines = 1 << iota
	// IdentityLine is y = x.
	IdentityLine
	// ZeroLines are x = 0 and y = 0.
	ZeroLines
)

// ScatterOptions describes pairs of numbers.
type ScatterOptions struct {
	Frame
	// X and Y are equally long. A pair with a NaN or ±Inf is left out of what is drawn.
	X, Y []float64
	// Labels name the points; nil: none. Only the Outliers are written, the rest is in Data.
	Labels []string
	// Groups names the group of each point; nil: none. Groups are drawn and coloured in the order in which they appear, the last
	// one on top.
	Groups []string
	// Outliers is how many points to name: those farthest from the fitted line (or, without [FitLine], from the middle).
	Outliers int
	// Lines behind the points.
	Lines Lines
	// Note is written above the plot, such as "r = 0.54 [0.41, 0.65]".
	Note string
	// XRange and YRange; zero: from the data.
	XRange, YRange Range
	// XFormat and YFormat write the numbers on the axes; nil: plain.
	XFormat, YFormat func(float64) string
}

// crowd is the number of points beyond which they are small, so that their density shows.
const crowd = 400

// Scatter draws points. Its Data has one line a point.
func Scatter(o ScatterOptions) (*Figure, error) {
	o.Frame = o.Frame.clean()
	if len(o.X) != len(o.Y) || o.Labels != nil && len(o.Labels) != len(o.X) || o.Groups != nil && len(o.Groups) != len(o.X) {
		return nil, fmt.Errorf("figures: scatter %q: %d x, %d y, %d labels, %d groups: wanted equal numbers (or no labels, no groups)", o.Title, len(o.X), len(o.Y), len(o.Labels), len(o.Groups))
	}
	t := &Table{Columns: []Column{{Name: o.say("point")}, {Name: cmp.Or(o.XLabel, "x")}, {Name: cmp.Or(o.YLabel, "y")}}}
	if o.Groups != nil {
		t.Columns = append(t.Columns, Column{Name: o.say("group")})
	}
	var shown []int
	var xs, ys []float64
	for i := range o.X {
		name := fmt.Sprint(i)
		if o.Labels != nil {
			name = o.Labels[i]
		}
		row := []any{name, o.X[i], o.Y[i]}
		if o.Groups != nil {
			row = append(row, o.Groups[i])
		}
		t.Rows = append(t.Rows, row)
		if finite(o.X[i]) && finite(o.Y[i]) {
			shown = append(shown, i)
			xs, ys = append(xs, o.X[i]), append(ys, o.Y[i])
		}
	}
	if len(shown) == 0 {
		return nil, fmt.Errorf("figures: scatter %q has no finite pair", o.Title)
	}
	xr, yr, err := ranges(o.XRange, o.YRange, [][]float64{xs}, [][]float64{ys})
	if err != nil {
		return nil, fmt.Errorf("%w (scatter %q)", err, o.Title)
	}
	if o.Lines&ZeroLines != 0 {
		if o.XRange.auto() {
			xr = xr.include(0)
		}
		if o.YRange.auto() {
			yr = yr.include(0)
		}
	}
	if o.XRange.auto() {
		xr = xr.pad(0.04)
	}
	if o.YRange.auto() {
		yr = yr.pad(0.06)
	}
	o.Note = clean(o.Note)
	slope, intercept := leastSquares(xs, ys)
	return newFigure(o.Frame, Size{8, 4.5}, t, func(p *pen) { o.draw(p, shown, xr, yr, slope, intercept) })
}

// leastSquares fits y = intercept + slope·x; without spread in x the slope is zero.
func leastSquares(xs, ys []float64) (slope, intercept float64) {
	n := float64(len(xs))
	var mx, my float64
	for i := range xs {
		mx += xs[i] / n
		my += ys[i] / n
	}
	var sxx, sxy float64
	for i := range xs {
		sxx += (xs[i] - mx) * (xs[i] - mx)
		sxy += (xs[i] - mx) * (ys[i] - my)
	}
	if sxx > 0 && finite(sxy/sxx) {
		slope = sxy / sxx
	}
	return slope, my - slope*mx
}

func (o ScatterOptions) draw(p *pen, shown []int, xr, yr Range, slope, intercept float64) {
	c := &chart{frame: o.Frame, x: xr, y: yr, xFormat: o.XFormat, yFormat: o.YFormat, note: o.Note}
	fit := stroke{color: category(1), width: 1.8}
	same := stroke{color: gray(0.35), width: 1.2, dash: []float64{5, 3}}
	groups := []string{""}
	if o.Groups != nil {
		groups = nil
		for _, group := range o.Groups {
			if !slices.Contains(groups, group) {
				groups = append(groups, group)
			}
		}
		for g, group := range groups {
			c.keys = append(c.keys, key{name: clean(group), draw: func(p *pen, x, y float64) { p.marker(circle, category(g), x, y, 3.4) }})
		}
	}
	sample := func(name string, s stroke) key {
		return key{name: name, draw: func(p *pen, x, y float64) { p.segment(s, x-9, y, x+9, y) }}
	}
	if o.Lines&FitLine != 0 {
		c.keys = append(c.keys, sample(o.say("least-squares fit"), fit))
	}
	if o.Lines&IdentityLine != 0 {
		c.keys = append(c.keys, sample("y = x", same))
	}
	c.draw(p, func() {
		zero := stroke{color: gray(0.55), width: 0.9}
		if o.Lines&ZeroLines != 0 {
			if xr.Min <= 0 && xr.Max >= 0 {
				p.segment(zero, c.px(0), c.area.y0, c.px(0), c.area.y1)
			}
			if yr.Min <= 0 && yr.Max >= 0 {
				p.segment(zero, c.area.x0, c.py(0), c.area.x1, c.py(0))
			}
		}
		if o.Lines&IdentityLine != 0 {
			c.straight(p, same, 1, 0)
		}
		var taken []box
		for g, group := range groups {
			for _, i := range shown {
				if o.Groups != nil && o.Groups[i] != group || !c.inside(o.X[i]) || o.Y[i] != c.clip(o.Y[i]) {
					continue
				}
				x, y := c.px(o.X[i]), c.py(o.Y[i])
				if len(shown) > crowd {
					p.marker(circle, fade(category(g), 0.75), x, y, 1.7)
				} else {
					p.marker(circle, white, x, y, 3.4)
					p.marker(circle, fade(category(g), 0.75), x, y, 3.2)
				}
				taken = append(taken, box{x, y, x, y}.grow(3.5))
			}
		}
		if o.Lines&FitLine != 0 {
			c.straight(p, fit, slope, intercept)
		}
		if o.Labels != nil {
			c.name(p, o.outliers(shown, slope, intercept), o, taken)
		}
	})
}

// straight draws y = intercept + slope·x where it crosses the plot.
func (c *chart) straight(p *pen, s stroke, slope, intercept float64) {
	x0, x1 := c.x.Min, c.x.Max
	if slope != 0 {
		a, b := (c.y.Min-intercept)/slope, (c.y.Max-intercept)/slope
		x0, x1 = math.Max(x0, math.Min(a, b)), math.Min(x1, math.Max(a, b))
	} else if intercept != c.clip(intercept) {
		return
	}
	if x0 < x1 {
		p.segment(s, c.px(x0), c.py(c.clip(intercept+slope*x0)), c.px(x1), c.py(c.clip(intercept+slope*x1)))
	}
}

// outliers returns the indices of the points to name, the most extreme first.
func (o ScatterOptions) outliers(shown []int, slope, intercept float64) []int {
	order := append([]int(nil), shown...)
	distance := func(i int) float64 { return math.Abs(o.Y[i] - intercept - slope*o.X[i]) }
	if o.Lines&FitLine == 0 {
		var mx, my, sx, sy float64
		n := float64(len(shown))
		for _, i := range shown {
			mx += o.X[i] / n
			my += o.Y[i] / n
		}
		for _, i := range shown {
			sx += math.Abs(o.X[i]-mx) / n
			sy += math.Abs(o.Y[i]-my) / n
		}
		distance = func(i int) float64 {
			d := 0.0
			if sx > 0 {
				d += math.Abs(o.X[i]-mx) / sx
			}
			if sy > 0 {
				d += math.Abs(o.Y[i]-my) / sy
			}
			return d
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return distance(order[a]) > distance(order[b]) })
	return order[:max(0, min(o.Outliers, len(order)))]
}

// name writes labels beside points where they cover neither a point nor another label.
func (c *chart) name(p *pen, which []int, o ScatterOptions, taken []box) {
	const size = 9.0
	var axes []box
	if o.Lines&ZeroLines != 0 {
		axes = []box{{c.px(0) - 1, c.area.y0, c.px(0) + 1, c.area.y1}, {c.area.x0, c.py(0) - 1, c.area.x1, c.py(0) + 1}}
	}
	if o.Lines&IdentityLine != 0 {
		const samples = 200
		for k := range samples {
			v := c.x.Min + (c.x.Max-c.x.Min)*float64(k)/samples
			if v == c.clip(v) {
				axes = append(axes, box{c.px(v) - 1, c.py(v) - 1, c.px(v) + 1, c.py(v) + 1})
			}
		}
	}
	for _, i := range which {
		if !c.inside(o.X[i]) || o.Y[i] != c.clip(o.Y[i]) {
			continue
		}
		st := style{size: size, color: ink}
		label := p.fit(clean(o.Labels[i]), 0.2*p.w, st)
		w, h := p.width(label, st), size*0.95
		x, y := c.px(o.X[i]), c.py(o.Y[i])
		places := []box{
			{x0: x + 6, y0: y - h/2}, {x0: x - 6 - w, y0: y - h/2}, {x0: x - w/2, y0: y + 6}, {x0: x - w/2, y0: y - 6 - h},
			{x0: x + 5, y0: y + 4}, {x0: x + 5, y0: y - 4 - h}, {x0: x - 5 - w, y0: y + 4}, {x0: x - 5 - w, y0: y - 4 - h},
		}
		for k := range 2 * len(places) { // at first off the lines too
			at := places[k%len(places)]
			b := box{at.x0, at.y0, at.x0 + w, at.y0 + h}
			free := b.x0 >= c.area.x0 && b.x1 <= c.area.x1 && b.y0 >= c.area.y0 && b.y1 <= c.area.y1
			for _, t := range taken {
				free = free && !b.grow(0.5).overlaps(t)
			}
			for _, t := range axes {
				free = free && (k >= len(places) || !b.overlaps(t))
			}
			if free {
				p.text(b.x0, b.y0+descent*size, label, st)
				taken = append(taken, b)
				break
			}
		}
	}
}
