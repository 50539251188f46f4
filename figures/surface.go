package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
)

// SurfaceOptions describes a field over a plane as a surface in three dimensions.
type SurfaceOptions struct {
	Frame
	// X, Y and Values are as in [ContourOptions]. Cells with a missing corner are left open.
	X, Y   []float64
	Values [][]float64
	// Scale of height and colour, Limits of both; values beyond are cut off, level with the end.
	Scale  Scale
	Limits Range
	// Palette of the heights, and ZLabel, which names them with their unit.
	Palette Palette
	ZLabel  string
	// Marks are places on the surface with names.
	Marks []Mark
}

// The place from which a surface is seen: turned about the vertical, and lifted. The front corner is that of the largest x and the
// smallest y, the left one that of the smallest of both.
const (
	azimuth   = -36 * math.Pi / 180
	elevation = 27 * math.Pi / 180
	tallness  = 1.25 // height of the box beside its half width of 1
)

// Surface draws a field as a surface seen from the front right. Its Data has one line a point of the grid, then one for each mark.
// The same options give a picture that can be turned, see [SurfaceOptions.Interactive].
func Surface(o SurfaceOptions) (*Figure, error) {
	s, err := newSurface(o)
	if err != nil {
		return nil, err
	}
	return newFigure(s.Frame, Size{7.4, 5.6}, s.table(), s.draw)
}

func newSurface(o SurfaceOptions) (*surfacePlot, error) {
	o.Frame = o.Frame.clean()
	o.ZLabel = clean(o.ZLabel)
	f, err := newField(fmt.Sprintf("surface %q", o.Title), o.X, o.Y, o.Values, o.Scale, o.Limits)
	if err != nil {
		return nil, err
	}
	s := &surfacePlot{SurfaceOptions: o, field: f}
	s.xr, s.yr = Range{o.X[0], o.X[len(o.X)-1]}, Range{o.Y[0], o.Y[len(o.Y)-1]}
	return s, nil
}

type surfacePlot struct {
	SurfaceOptions
	*field
	xr, yr Range
	// Where the box lies on the page: centre and points a unit.
	cx, cy, unit float64
}

func (s *surfacePlot) table() *Table {
	t := &Table{Columns: []Column{{Name: cmp.Or(s.XLabel, "x")}, {Name: cmp.Or(s.YLabel, "y")}, {Name: cmp.Or(s.ZLabel, s.say("value"))}, {Name: s.say("what")}}}
	for j, row := range s.Values {
		for i, v := range row {
			t.Rows = append(t.Rows, []any{s.X[i], s.Y[j], v, s.say("grid")})
		}
	}
	for _, m := range s.Marks {
		t.Rows = append(t.Rows, []any{m.X, m.Y, s.at(m.X, m.Y), m.Label})
	}
	return t
}

// at is the field between the points of the grid, bilinear; NaN outside and in open cells.
func (f *field) at(x, y float64) float64 {
	i, j := cellOf(f.x, x), cellOf(f.y, y)
	if i < 0 || j < 0 {
		return math.NaN()
	}
	u, v := (x-f.x[i])/(f.x[i+1]-f.x[i]), (y-f.y[j])/(f.y[j+1]-f.y[j])
	a := f.values[j][i]*(1-u) + f.values[j][i+1]*u
	b := f.values[j+1][i]*(1-u) + f.values[j+1][i+1]*u
	return a*(1-v) + b*v
}

func cellOf(axis []float64, v float64) int {
	for i := range len(axis) - 1 {
		if v >= axis[i] && v <= axis[i+1] {
			return i
		}
	}
	return -1
}

// project places a point of the box on the page: x and y from −1 to 1, z from 0 to 1.
func (s *surfacePlot) project(x, y, z float64) (px, py float64) {
	sin, cos := math.Sincos(azimuth)
	up, flat := math.Sincos(elevation)
	right, away := x*cos-y*sin, x*sin+y*cos
	return s.cx + s.unit*right, s.cy + s.unit*((z-0.5)*tallness*flat+away*up)
}

func span(r Range, v float64) float64 { return 2*(v-r.Min)/(r.Max-r.Min) - 1 }

func (s *surfacePlot) corner(i, j int) (px, py float64) {
	return s.project(span(s.xr, s.x[i]), span(s.yr, s.y[j]), s.share(s.values[j][i]))
}

func (s *surfacePlot) draw(p *pen) {
	top, bottom := s.Frame.words(p)
	for _, l := range p.wrap(s.ZLabel, p.w-2*margin, 2, labelStyle) {
		p.middle(margin, top-8, l, labelStyle)
		top -= leading * labelSize
	}
	ticks := s.levels(5)
	left := 0.0
	for i := range ticks {
		ticks[i].label = p.fit(ticks[i].label, 0.15*p.w, tickStyle)
		left = math.Max(left, p.width(ticks[i].label, tickStyle))
	}
	// The box of width and height 1 a unit, then as large as there is room for it with the words around it.
	s.cx, s.cy, s.unit = 0, 0, 1
	var b box
	for _, x := range []float64{-1, 1} {
		for _, y := range []float64{-1, 1} {
			for _, z := range []float64{0, 1} {
				px, py := s.project(x, y, z)
				b = box{math.Min(b.x0, px), math.Min(b.y0, py), math.Max(b.x1, px), math.Max(b.y1, py)}
			}
		}
	}
	const below = 36.0 // room for ticks and labels of the axes
	room := box{margin + left + 8, bottom + below, p.w - margin - 30, top - 6}
	s.unit = math.Min(room.width()/b.width(), room.height()/b.height())
	if p.crowded = s.unit < 40; p.crowded {
		return
	}
	s.cx = (room.x0+room.x1)/2 - s.unit*(b.x0+b.x1)/2
	s.cy = (room.y0+room.y1)/2 - s.unit*(b.y0+b.y1)/2
	s.walls(p, ticks)
	s.faces(p)
	s.axis(p, s.xr, true)
	s.axis(p, s.yr, false)
	s.marks(p)
}

// walls are the floor, the two sides at the back with a line for each tick, and the ticks at the left edge.
func (s *surfacePlot) walls(p *pen, ticks []tick) {
	face := func(c color.Color, corners ...[3]float64) {
		pts := make([][2]float64, len(corners))
		for i, q := range corners {
			pts[i][0], pts[i][1] = s.project(q[0], q[1], q[2])
		}
		p.polygon(c, pt(pts[0][0], pts[0][1]), pt(pts[1][0], pts[1][1]), pt(pts[2][0], pts[2][1]), pt(pts[3][0], pts[3][1]))
	}
	face(gray(0.93), [3]float64{-1, -1, 0}, [3]float64{1, -1, 0}, [3]float64{1, 1, 0}, [3]float64{-1, 1, 0})
	face(gray(0.965), [3]float64{-1, -1, 0}, [3]float64{-1, 1, 0}, [3]float64{-1, 1, 1}, [3]float64{-1, -1, 1})
	face(gray(0.98), [3]float64{-1, 1, 0}, [3]float64{1, 1, 0}, [3]float64{1, 1, 1}, [3]float64{-1, 1, 1})
	rule := stroke{color: gray(0.82), width: 0.6}
	end := math.Inf(-1)
	for _, t := range ticks {
		z := s.share(t.at)
		x0, y0 := s.project(-1, -1, z)
		x1, y1 := s.project(-1, 1, z)
		x2, y2 := s.project(1, 1, z)
		p.line(rule, pt(x0, y0), pt(x1, y1), pt(x2, y2))
		if y0 < end+tickSize*1.2 {
			continue
		}
		end = y0
		p.segment(stroke{color: gray(0.45), width: 0.8}, x0-3.5, y0, x0, y0)
		p.middle(x0-6, y0, t.label, style{size: tickSize, color: soft, align: 1})
	}
	x0, y0 := s.project(-1, -1, 0)
	x1, y1 := s.project(-1, -1, 1)
	p.segment(stroke{color: gray(0.45), width: 0.9}, x0, y0, x1, y1)
}

// faces are the cells from the back to the front: a height over a plane covers nothing that is nearer.
func (s *surfacePlot) faces(p *pen) {
	for i := range len(s.x) - 1 {
		for j := len(s.y) - 2; j >= 0; j-- {
			mean := 0.0
			for _, v := range []float64{s.values[j][i], s.values[j][i+1], s.values[j+1][i], s.values[j+1][i+1]} {
				mean += s.share(v) / 4
				if !finite(v) {
					mean = math.NaN()
				}
			}
			if !finite(mean) {
				continue
			}
			ax, ay := s.corner(i, j)
			bx, by := s.corner(i+1, j)
			cx, cy := s.corner(i+1, j+1)
			dx, dy := s.corner(i, j+1)
			fill := s.Palette.at(mean)
			p.polygon(fill, pt(ax, ay), pt(bx, by), pt(cx, cy), pt(dx, dy))
			p.line(stroke{color: darker(fill), width: 0.5}, pt(ax, ay), pt(bx, by), pt(cx, cy), pt(dx, dy), pt(ax, ay))
		}
	}
}

func darker(c color.NRGBA) color.NRGBA {
	shade := func(v uint8) uint8 { return uint8(float64(v) * 0.8) }
	return color.NRGBA{shade(c.R), shade(c.G), shade(c.B), c.A}
}

// axis writes the ticks and the name of an axis along the front edge of the floor.
func (s *surfacePlot) axis(p *pen, r Range, isX bool) {
	at := func(v float64) (float64, float64) {
		if isX {
			return s.project(span(r, v), -1, 0)
		}
		return s.project(1, span(r, v), 0)
	}
	x0, y0 := at(r.Min)
	x1, y1 := at(r.Max)
	p.segment(stroke{color: gray(0.45), width: 0.9}, x0, y0, x1, y1)
	side, name := 1.0, s.XLabel // text ends left of the front edge of x and begins right of that of y
	if !isX {
		side, name = 0, s.YLabel
	}
	direction := 1 - 2*side
	for _, t := range r.ticks(5, nil) {
		x, y := at(t.at)
		p.segment(stroke{color: gray(0.45), width: 0.8}, x, y, x+direction*2.5, y-2.5)
		if t.at == r.Max && isX || t.at == r.Min && !isX { // the corner at the front is shared
			continue
		}
		p.textIfFree(x+direction*4, y-3-capHeight*tickSize, t.label, style{size: tickSize, color: soft, align: side})
	}
	x, y := (x0+x1)/2+direction*20, (y0+y1)/2-20-capHeight*labelSize
	room := x - margin
	if !isX {
		room = p.w - margin - x
	}
	st := style{size: labelSize, color: ink, align: side}
	name = p.fit(name, room, st)
	for range 8 { // down until it is below the ticks
		if p.textIfFree(x, y, name, st) {
			return
		}
		x, y = x+direction*3, y-3
	}
}

// textIfFree writes a text unless it would cover another or leave the canvas.
func (p *pen) textIfFree(x, y float64, text string, st style) bool {
	w := p.width(text, st)
	b := box{x - st.align*w, y - descent*st.size, x + (1-st.align)*w, y + capHeight*st.size}
	if b.x0 < 2 || b.x1 > p.w-2 || b.y0 < 2 {
		return false
	}
	for _, other := range p.words {
		if b.grow(1).overlaps(other.box) {
			return false
		}
	}
	p.text(x, y, text, st)
	return true
}

func (s *surfacePlot) marks(p *pen) {
	for i, m := range s.Marks {
		v := s.at(m.X, m.Y)
		if !finite(v) {
			continue
		}
		x, y := s.project(span(s.xr, m.X), span(s.yr, m.Y), s.share(v))
		p.flag(i, x, y)
		st := style{size: 9.5, color: ink}
		text := p.fit(clean(m.Label), 0.3*p.w, st)
		w := p.width(text, st)
		for _, b := range []box{{x - w/2, y + 11, x + w/2, y + 11 + st.size}, {x + 10, y - 5, x + 10 + w, y + 5}, {x - 10 - w, y - 5, x - 10, y + 5}, {x - w/2, y - 20, x + w/2, y - 20 + st.size}} {
			free := b.x0 > margin && b.x1 < p.w-margin
			for _, other := range p.words {
				free = free && !b.grow(2).overlaps(other.box)
			}
			if free && text != "" {
				p.rect(fade(white, 0.8), b.grow(2))
				p.text(b.x0, b.y0+descent*st.size, text, st)
				break
			}
		}
	}
}
