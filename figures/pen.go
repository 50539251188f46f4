package figures

import (
	"image"
	"image/color"
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// surface is what a figure is drawn on: gonum's canvas, with a line of text as runs so that each format can name or embed the faces.
type surface interface {
	vg.Canvas
	fillText(l textLine)
}

// textLine is a line of text in its place.
type textLine struct {
	runs  []run
	at    vg.Point // where its baseline begins
	size  float64  // points
	width float64  // points
}

// each calls draw for every run with the place where it begins.
func (l textLine) each(draw func(r run, at vg.Point)) {
	at := l.at
	for _, r := range l.runs {
		draw(r, at)
		at.X += vg.Length(r.face.width(r.text, l.size))
	}
}

// imageSurface draws text on a canvas that rasterises it.
type imageSurface struct{ vg.Canvas }

func (s imageSurface) fillText(l textLine) {
	l.each(func(r run, at vg.Point) { s.FillString(r.face.at(l.size), at, r.text) })
}

// box is a rectangle in points, origin at the bottom left of the canvas.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) overlaps(c box) bool {
	return b.x0 < c.x1 && c.x0 < b.x1 && b.y0 < c.y1 && c.y0 < b.y1
}

func (b box) grow(d float64) box { return box{b.x0 - d, b.y0 - d, b.x1 + d, b.y1 + d} }

func (b box) width() float64  { return b.x1 - b.x0 }
func (b box) height() float64 { return b.y1 - b.y0 }

// words records where a text went, so that tests can tell what overlaps and what leaves the canvas.
type words struct {
	box
	text string
}

// styled is a text and its weight.
type styled struct {
	text string
	bold bool
}

// pen draws with the points of a figure as its unit.
type pen struct {
	on       surface
	font     *Font
	w, h     float64
	words    []words
	whiskers []box              // where whiskers stand, with their ends, so that tests can tell what crosses them
	texts    []styled           // all that is written, in order
	crowded  bool               // the words left no room for the data
	known    map[styled]float64 // widths at size 1
}

// style of a text. align is 0 for text that starts at x, ½ centred, 1 for text that ends at x.
type style struct {
	size  float64
	bold  bool
	color color.Color
	align float64
	turn  float64 // radians, counter-clockwise
}

// Heights of a line of text as shares of its size: Liberation Sans' capitals, its descenders, and the distance of lines.
const (
	capHeight = 0.72
	descent   = 0.22
	leading   = 1.25
)

// clean replaces what cannot be drawn on one line: control characters become spaces, ill-formed UTF-8 the replacement sign. Letters
// are composed with their marks (Korean syllables of their parts, as file systems of Apple write them), since a glyph is one character. Negative
// numbers get their sign ([Minus]).
func clean(s string) string {
	return Minus(norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case r == 0xFFFE || r == 0xFFFF: // no characters, and illegal in XML
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))))
}

func (p *pen) width(s string, st style) float64 {
	k := styled{s, st.bold}
	w, ok := p.known[k]
	if !ok {
		if p.known == nil {
			p.known = map[styled]float64{}
		}
		w = p.font.width(s, 1, st.bold)
		p.known[k] = w
	}
	return w * st.size
}

// measuring is a pen of the same size that draws nothing.
func (p *pen) measuring() *pen {
	if p.known == nil {
		p.known = map[styled]float64{}
	}
	return &pen{on: blank{}, font: p.font, w: p.w, h: p.h, known: p.known}
}

// text writes one line with its baseline at y.
func (p *pen) text(x, y float64, s string, st style) {
	if s == "" {
		return
	}
	if st.color == nil {
		st.color = ink
	}
	p.texts = append(p.texts, styled{s, st.bold})
	runs := p.font.runs(s, st.bold)
	total := p.width(s, st)
	left := x - st.align*total
	p.on.SetColor(st.color)
	if st.turn != 0 {
		p.on.Push()
		p.on.Translate(vg.Point{X: vg.Length(x), Y: vg.Length(y)})
		p.on.Rotate(st.turn)
		left, x, y = -st.align*total, 0, 0
	} else {
		p.words = append(p.words, words{box{left, y - descent*st.size, left + total, y + capHeight*st.size}, s})
	}
	p.on.fillText(textLine{runs: runs, at: pt(left, y), size: st.size, width: total})
	if st.turn != 0 {
		p.on.Pop()
	}
}

// middle writes one line with its capitals centred on y.
func (p *pen) middle(x, y float64, s string, st style) {
	p.text(x, y-capHeight/2*st.size, s, st)
}

// fit shortens s with an ellipsis until it is at most max points wide.
func (p *pen) fit(s string, max float64, st style) string {
	if p.width(s, st) <= max {
		return s
	}
	runes := []rune(s)
	lo, hi := 0, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if p.width(strings.TrimRightFunc(string(runes[:mid]), unicode.IsSpace)+"…", st) <= max {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if lo == 0 && p.width("…", st) > max {
		return ""
	}
	return strings.TrimRightFunc(string(runes[:lo]), unicode.IsSpace) + "…"
}

// wrap breaks s into at most limit lines of at most max points; what does not fit ends in an ellipsis.
func (p *pen) wrap(s string, max float64, limit int, st style) []string {
	var lines []string
	line := ""
	rest := strings.Fields(s)
	for i, w := range rest {
		next := w
		if line != "" {
			next = line + " " + w
		}
		if line == "" || p.width(next, st) <= max {
			line = next
			continue
		}
		if len(lines) == limit-1 {
			return append(lines, p.fit(line+" "+strings.Join(rest[i:], " "), max, st))
		}
		lines = append(lines, p.fit(line, max, st))
		line = w
	}
	if line != "" {
		lines = append(lines, p.fit(line, max, st))
	}
	return lines
}

type stroke struct {
	color color.Color
	width float64
	dash  []float64
}

func (p *pen) line(s stroke, pts ...vg.Point) {
	if len(pts) < 2 {
		return
	}
	p.on.SetColor(s.color)
	p.on.SetLineWidth(vg.Length(s.width))
	dash := make([]vg.Length, len(s.dash))
	for i, d := range s.dash {
		dash[i] = vg.Length(d)
	}
	p.on.SetLineDash(dash, 0)
	var path vg.Path
	path.Move(pts[0])
	for _, q := range pts[1:] {
		path.Line(q)
	}
	p.on.Stroke(path)
}

func (p *pen) segment(s stroke, x0, y0, x1, y1 float64) { p.line(s, pt(x0, y0), pt(x1, y1)) }

// whisker draws an interval, upright, with a short line at each end.
func (p *pen) whisker(s stroke, x, low, high, end float64) {
	p.segment(s, x, low, x, high)
	p.segment(s, x-end, low, x+end, low)
	p.segment(s, x-end, high, x+end, high)
	p.whiskers = append(p.whiskers, box{x - end, math.Min(low, high), x + end, math.Max(low, high)})
}

func (p *pen) polygon(c color.Color, pts ...vg.Point) {
	if len(pts) < 3 {
		return
	}
	p.on.SetColor(c)
	var path vg.Path
	path.Move(pts[0])
	for _, q := range pts[1:] {
		path.Line(q)
	}
	path.Close()
	p.on.Fill(path)
}

func (p *pen) rect(c color.Color, b box) {
	p.polygon(c, pt(b.x0, b.y0), pt(b.x1, b.y0), pt(b.x1, b.y1), pt(b.x0, b.y1))
}

// hatch fills b with a light grey and diagonal lines: the look of what is not there.
func (p *pen) hatch(b box) {
	p.rect(gray(0.94), b)
	s := stroke{color: gray(0.72), width: 0.6}
	const gap = 4.0
	for d := -b.height() + gap/2; d < b.width(); d += gap {
		x0, y0 := b.x0+math.Max(d, 0), b.y0+math.Max(-d, 0)
		run := math.Min(b.x1-x0, b.y1-y0)
		if run > 0 {
			p.segment(s, x0, y0, x0+run, y0+run)
		}
	}
}

// marker shapes, told apart without colour.
const (
	circle = iota
	square
	triangle
	diamond
	cross
	downward
	shapes
)

// marker draws a filled shape of radius r with a thin white rim.
func (p *pen) marker(shape int, c color.Color, x, y, r float64) {
	switch shape % shapes {
	case circle:
		for _, d := range []struct {
			c color.Color
			r float64
		}{{white, r + 0.6}, {c, r}} {
			p.on.SetColor(d.c)
			var path vg.Path
			path.Move(pt(x+d.r, y))
			path.Arc(pt(x, y), vg.Length(d.r), 0, 2*math.Pi)
			path.Close()
			p.on.Fill(path)
		}
	case square:
		p.regular(c, x, y, r*1.15, 4, math.Pi/4)
	case triangle:
		p.regular(c, x, y, r*1.25, 3, math.Pi/2)
	case diamond:
		p.regular(c, x, y, r*1.25, 4, 0)
	case cross:
		d := r * 0.8
		p.segment(stroke{color: c, width: 1.6}, x-d, y-d, x+d, y+d)
		p.segment(stroke{color: c, width: 1.6}, x-d, y+d, x+d, y-d)
	case downward:
		p.regular(c, x, y, r*1.25, 3, -math.Pi/2)
	}
}

func (p *pen) regular(c color.Color, x, y, r float64, corners int, start float64) {
	ring := func(r float64) []vg.Point {
		out := make([]vg.Point, corners)
		for i := range out {
			sin, cos := math.Sincos(start + 2*math.Pi*float64(i)/float64(corners))
			out[i] = pt(x+r*cos, y+r*sin)
		}
		return out
	}
	p.polygon(white, ring(r+1)...)
	p.polygon(c, ring(r)...)
}

// star draws a five-pointed star.
func (p *pen) star(c color.Color, x, y, r float64) {
	pts := make([]vg.Point, 10)
	for i := range pts {
		radius := r
		if i%2 == 1 {
			radius = r * 0.42
		}
		sin, cos := math.Sincos(math.Pi/2 + math.Pi*float64(i)/5)
		pts[i] = pt(x+radius*cos, y+radius*sin)
	}
	p.polygon(c, pts...)
}

func pt(x, y float64) vg.Point { return vg.Point{X: vg.Length(x), Y: vg.Length(y)} }

// blank is a surface that draws nothing, for measuring.
type blank struct{}

func (blank) SetLineWidth(vg.Length)                 {}
func (blank) SetLineDash([]vg.Length, vg.Length)     {}
func (blank) SetColor(color.Color)                   {}
func (blank) Rotate(float64)                         {}
func (blank) Translate(vg.Point)                     {}
func (blank) Scale(float64, float64)                 {}
func (blank) Push()                                  {}
func (blank) Pop()                                   {}
func (blank) Stroke(vg.Path)                         {}
func (blank) Fill(vg.Path)                           {}
func (blank) FillString(font.Face, vg.Point, string) {}
func (blank) fillText(textLine)                      {}
func (blank) DrawImage(vg.Rectangle, image.Image)    {}
