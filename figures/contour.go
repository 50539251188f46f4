package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
)

// Mark is a named place on a contour plot or a surface, such as the fine-tuned model.
type Mark struct {
	X, Y  float64
	Label string
}

// Waypoint is a place on a path with its own value, which need not be the field's.
type Waypoint struct {
	X, Y float64
	// Value colours the point on the field's scale; NaN: white.
	Value float64
	// Label stands beside the point; "": none.
	Label string
}

// ContourOptions describes a field over a plane, such as a loss over two directions.
type ContourOptions struct {
	Frame
	// X and Y are the coordinates of the grid, ascending; Values has one row for each Y and one column for each X. NaN and ±Inf are
	// missing: the cells around them are hatched.
	X, Y   []float64
	Values [][]float64
	// Scale of the colours and levels.
	Scale Scale
	// Limits of the colours; zero: the values' own. Values beyond take the end's colour, and the colour bar says so.
	Limits Range
	// Levels are the values at which the colour changes, ascending; nil: about ten round ones.
	Levels []float64
	// Palette of the bands, and Legend, which names the values with their unit.
	Palette Palette
	Legend  string
	// Missing says what a missing cell means; "": "no value".
	Missing string
	// Marks are places with names.
	Marks []Mark
	// Path is a line of points over the field, PathName what it is.
	Path     []Waypoint
	PathName string
}

// Contour draws filled contours. Between the points of the grid the field is linear on four triangles a cell. Its Data has one line
// a point of the grid, then one for each mark and waypoint.
func Contour(o ContourOptions) (*Figure, error) {
	o.Frame = o.Frame.clean()
	f, err := newField(fmt.Sprintf("contour plot %q", o.Title), o.X, o.Y, o.Values, o.Scale, o.Limits)
	if err != nil {
		return nil, err
	}
	o.Legend, o.PathName, o.Missing = clean(o.Legend), clean(o.PathName), clean(cmp.Or(o.Missing, o.say("no value")))
	levels := f.levels(10)
	if r, ok := extent(o.Values...); ok && r.Max > f.limits.Max { // what is cut off has a band of its own
		levels = append(levels, tick{f.limits.Max, minus(fmt.Sprintf("%.3g", f.limits.Max))})
	}
	if o.Levels != nil {
		levels = nil
		for i, v := range o.Levels {
			if !finite(v) || i > 0 && v <= o.Levels[i-1] {
				return nil, fmt.Errorf("figures: contour plot %q: level %d is %g: wanted finite ascending levels", o.Title, i, v)
			}
			levels = append(levels, tick{v, minus(fmt.Sprintf("%.4g", v))})
		}
	}
	c := &contour{ContourOptions: o, field: f, levels: levels}
	for _, l := range levels {
		c.regions = append(c.regions, f.atLeast(l.at))
	}
	c.all = f.atLeast(math.Inf(-1))
	return newFigure(o.Frame, Size{7.4, 5.6}, c.table(), c.draw)
}

type contour struct {
	ContourOptions
	*field
	levels  []tick
	all     region
	regions []region // of each level
}

func (c *contour) table() *Table {
	t := &Table{Columns: []Column{{Name: cmp.Or(c.XLabel, "x")}, {Name: cmp.Or(c.YLabel, "y")}, {Name: cmp.Or(c.Legend, c.say("value"))}, {Name: c.say("what")}}}
	for j, row := range c.Values {
		for i, v := range row {
			t.Rows = append(t.Rows, []any{c.X[i], c.Y[j], v, c.say("grid")})
		}
	}
	for _, m := range c.Marks {
		t.Rows = append(t.Rows, []any{m.X, m.Y, math.NaN(), m.Label})
	}
	for _, w := range c.Path {
		t.Rows = append(t.Rows, []any{w.X, w.Y, w.Value, cmp.Or(w.Label, cmp.Or(c.PathName, c.say("path")))})
	}
	return t
}

// band is the colour of the values above level i−1 and below level i.
func (c *contour) band(i int) color.NRGBA {
	return c.Palette.at((float64(i) + 0.5) / float64(len(c.levels)+1))
}

// colour is the band of a value.
func (c *contour) colour(v float64) color.NRGBA {
	if !finite(v) {
		return white
	}
	i := 0
	for i < len(c.levels) && v >= c.levels[i].at {
		i++
	}
	return c.band(i)
}

func (c *contour) draw(p *pen) {
	const barWidth = 13.0
	widest := 0.0
	for i := range c.levels {
		widest = math.Max(widest, p.width(c.levels[i].label, tickStyle))
	}
	ch := &chart{
		frame: c.Frame, x: Range{c.X[0], c.X[len(c.X)-1]}, y: Range{c.Y[0], c.Y[len(c.Y)-1]}, reserve: 20 + barWidth + 5 + widest,
	}
	ch.note = c.Legend
	if len(c.Path) > 0 && c.PathName != "" {
		ch.keys = append(ch.keys, key{name: c.PathName, draw: func(p *pen, x, y float64) {
			p.segment(stroke{color: ink, width: 1.4}, x-9, y, x+9, y)
			p.dot(c.band(len(c.levels)/2), x, y, 3.6)
		}})
	}
	if c.hasHoles() {
		ch.keys = append(ch.keys, key{name: c.Missing, draw: func(p *pen, x, y float64) { p.hatch(box{x - 7, y - 4.5, x + 7, y + 4.5}) }})
	}
	ch.draw(p, func() {
		if c.hasHoles() {
			p.hatch(ch.area)
		}
		c.fill(p, ch, c.all, c.band(0))
		for i, r := range c.regions {
			c.fill(p, ch, r, c.band(i+1))
		}
		for _, r := range c.regions {
			for _, line := range r.lines() {
				p.line(stroke{color: fade(white, 0.55), width: 0.5}, c.points(ch, r, line)...)
			}
		}
		a := ch.area
		p.line(stroke{color: gray(0.45), width: 0.9}, pt(a.x0, a.y0), pt(a.x1, a.y0), pt(a.x1, a.y1), pt(a.x0, a.y1), pt(a.x0, a.y0))
		c.path(p, ch)
		c.marks(p, ch)
		c.bar(p, box{a.x1 + 16, a.y0, a.x1 + 16 + barWidth, a.y1})
	})
}

func (c *contour) hasHoles() bool {
	for _, row := range c.Values {
		for _, v := range row {
			if !finite(v) {
				return true
			}
		}
	}
	return false
}

func (c *contour) points(ch *chart, r region, nodes []node) []vg.Point {
	pts := make([]vg.Point, len(nodes))
	for i, n := range nodes {
		at := r.place[n]
		pts[i] = pt(ch.px(at[0]), ch.py(at[1]))
	}
	return pts
}

func (c *contour) fill(p *pen, ch *chart, r region, with color.NRGBA) {
	if len(r.loops) == 0 {
		return
	}
	var path vg.Path
	for _, loop := range r.loops {
		for i, q := range c.points(ch, r, loop) {
			if i == 0 {
				path.Move(q)
			} else {
				path.Line(q)
			}
		}
		path.Close()
	}
	p.on.SetColor(with)
	p.on.Fill(path)
}

// path draws the line of waypoints; those beyond the grid are left out.
func (c *contour) path(p *pen, ch *chart) {
	var pts []vg.Point
	var shown []Waypoint
	for _, w := range c.Path {
		if ch.holds(w.X, w.Y) {
			pts = append(pts, pt(ch.px(w.X), ch.py(w.Y)))
			shown = append(shown, w)
		}
	}
	p.line(stroke{color: white, width: 3}, pts...)
	p.line(stroke{color: ink, width: 1.4}, pts...)
	taken := c.markBoxes(ch)
	for i, w := range shown {
		p.dot(c.colour(w.Value), float64(pts[i].X), float64(pts[i].Y), 4)
		taken = append(taken, box{float64(pts[i].X), float64(pts[i].Y), float64(pts[i].X), float64(pts[i].Y)}.grow(4))
	}
	for i, w := range shown {
		ch.label(p, float64(pts[i].X), float64(pts[i].Y), clean(w.Label), &taken)
	}
}

func (c *contour) markBoxes(ch *chart) []box {
	var taken []box
	for _, m := range c.Marks {
		if ch.holds(m.X, m.Y) {
			x, y := ch.px(m.X), ch.py(m.Y)
			taken = append(taken, box{x, y, x, y}.grow(7))
		}
	}
	return taken
}

func (c *contour) marks(p *pen, ch *chart) {
	taken := c.markBoxes(ch)
	for _, w := range c.Path {
		if ch.holds(w.X, w.Y) {
			x, y := ch.px(w.X), ch.py(w.Y)
			taken = append(taken, box{x, y, x, y}.grow(4))
		}
	}
	for _, w := range p.words { // those of the path
		taken = append(taken, w.box)
	}
	for i, m := range c.Marks {
		if !ch.holds(m.X, m.Y) {
			continue
		}
		p.flag(i, ch.px(m.X), ch.py(m.Y))
		ch.label(p, ch.px(m.X), ch.py(m.Y), clean(m.Label), &taken)
	}
}

func (c *chart) holds(x, y float64) bool {
	return finite(x) && finite(y) && x >= c.x.Min && x <= c.x.Max && y >= c.y.Min && y <= c.y.Max
}

// dot is a circle with a dark rim that stands out on any colour.
func (p *pen) dot(fill color.NRGBA, x, y, r float64) {
	p.marker(circle, ink, x, y, r)
	p.on.SetColor(fill)
	var path vg.Path
	path.Move(pt(x+r-1, y))
	path.Arc(pt(x, y), vg.Length(r-1), 0, 2*math.Pi)
	path.Close()
	p.on.Fill(path)
}

// flag marks a place on any ground: a star for the first, then other shapes.
func (p *pen) flag(i int, x, y float64) {
	if i == 0 {
		p.star(white, x, y, 9)
		p.star(ink, x, y, 7)
		return
	}
	p.marker([]int{square, diamond, triangle, downward, circle}[(i-1)%5], ink, x, y, 4.2)
}

// label writes a text beside a point on a light ground, where it covers nothing that is taken; it is left out where there is no room.
func (c *chart) label(p *pen, x, y float64, text string, taken *[]box) {
	if text == "" {
		return
	}
	st := style{size: 9.5, color: ink}
	text = p.fit(text, 0.4*c.area.width(), st)
	w, h := p.width(text, st), st.size
	for _, at := range [][2]float64{{x + 10, y - h/2}, {x - 10 - w, y - h/2}, {x - w/2, y + 10}, {x - w/2, y - 10 - h}, {x + 7, y + 7}, {x - 7 - w, y + 7}, {x + 7, y - 7 - h}, {x - 7 - w, y - 7 - h}} {
		b := box{at[0], at[1], at[0] + w, at[1] + h}
		free := b.x0 >= c.area.x0+3 && b.x1 <= c.area.x1-3 && b.y0 >= c.area.y0+2 && b.y1 <= c.area.y1-2
		for _, t := range *taken {
			free = free && !b.grow(2).overlaps(t)
		}
		if free {
			p.rect(fade(white, 0.8), b.grow(2))
			p.text(b.x0, b.y0+descent*st.size, text, st)
			*taken = append(*taken, b.grow(2))
			return
		}
	}
}

// bar is the colour bar, bands of equal height with the levels between them.
func (c *contour) bar(p *pen, b box) {
	n := len(c.levels) + 1
	step := b.height() / float64(n)
	for i := range n {
		p.rect(c.band(i), box{b.x0, b.y0 + step*float64(i), b.x1, b.y0 + step*float64(i+1)})
	}
	p.line(stroke{color: gray(0.45), width: 0.6}, pt(b.x0, b.y0), pt(b.x1, b.y0), pt(b.x1, b.y1), pt(b.x0, b.y1), pt(b.x0, b.y0))
	every := int(math.Ceil(tickSize * 1.3 / step))
	for i := 0; i < len(c.levels); i += every {
		y := b.y0 + step*float64(i+1)
		p.segment(stroke{color: gray(0.45), width: 0.6}, b.x1, y, b.x1+2.5, y)
		p.middle(b.x1+5, y, c.levels[i].label, tickStyle)
	}
}
