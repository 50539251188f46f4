package figures

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas writes SVG 1.1 with text as text, so that it can be searched, copied and read aloud. The glyphs in use are embedded as
// fonts. Each text says how long it is, so that a viewer that takes no embedded fonts cuts none either.
type svgCanvas struct {
	body  bytes.Buffer
	fonts webFonts
	w, h  float64
	state svgState
	stack []svgState
}

type svgState struct {
	color color.NRGBA
	width float64
	dash  string
	m     affine
}

// affine is (x, y) → (a·x + c·y + e, b·x + d·y + f), in figure coordinates (y up).
type affine struct{ a, b, c, d, e, f float64 }

func (m affine) apply(p vg.Point) (float64, float64) {
	x, y := float64(p.X), float64(p.Y)
	return m.a*x + m.c*y + m.e, m.b*x + m.d*y + m.f
}

func (m affine) then(n affine) affine { // n first, m after
	return affine{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b,
		m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

func newSVG(w, h float64) *svgCanvas {
	return &svgCanvas{fonts: webFonts{}, w: w, h: h, state: svgState{width: 1, m: affine{a: 1, d: 1}}}
}

// bytes closes the document. title and description are what a screen reader says.
func (c *svgCanvas) bytes(title, description string) ([]byte, error) {
	style, families, err := c.fonts.style()
	if err != nil {
		return nil, fmt.Errorf("figures: writing SVG: %w", err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%spt" height="%spt" viewBox="0 0 %s %s" role="img">`+"\n",
		num(c.w), num(c.h), num(c.w), num(c.h))
	fmt.Fprintf(&out, "<title>%s</title>\n<desc>%s</desc>\n", html.EscapeString(title), html.EscapeString(description))
	fmt.Fprintf(&out, `<rect width="%s" height="%s" fill="#ffffff"/>`+"\n", num(c.w), num(c.h))
	fmt.Fprintf(&out, "<style>%s</style>\n<g font-family=\"%s\">\n", style, html.EscapeString(families))
	out.Write(c.body.Bytes())
	out.WriteString("</g>\n</svg>\n")
	return out.Bytes(), nil
}

// num writes a coordinate with two decimals: a 36,000th of an inch is enough.
func num(v float64) string {
	s := strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
	if s == "-0" {
		return "0"
	}
	return s
}

func (c *svgCanvas) SetLineWidth(w vg.Length) { c.state.width = float64(w) }
func (c *svgCanvas) SetLineDash(d []vg.Length, _ vg.Length) {
	parts := make([]string, len(d))
	for i, v := range d {
		parts[i] = num(float64(v))
	}
	c.state.dash = strings.Join(parts, " ")
}
func (c *svgCanvas) SetColor(v color.Color) {
	c.state.color = color.NRGBAModel.Convert(v).(color.NRGBA)
}
func (c *svgCanvas) Push() { c.stack = append(c.stack, c.state) }
func (c *svgCanvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}
func (c *svgCanvas) Rotate(r float64) {
	sin, cos := math.Sincos(r)
	c.state.m = c.state.m.then(affine{cos, sin, -sin, cos, 0, 0})
}
func (c *svgCanvas) Translate(p vg.Point) {
	c.state.m = c.state.m.then(affine{1, 0, 0, 1, float64(p.X), float64(p.Y)})
}
func (c *svgCanvas) Scale(x, y float64) { c.state.m = c.state.m.then(affine{x, 0, 0, y, 0, 0}) }

func paint(attribute string, v color.NRGBA) string {
	s := fmt.Sprintf(` %s="#%02x%02x%02x"`, attribute, v.R, v.G, v.B)
	if v.A != 255 {
		s += fmt.Sprintf(` %s-opacity="%s"`, attribute, num(float64(v.A)/255))
	}
	return s
}

func (c *svgCanvas) Stroke(p vg.Path) {
	if c.state.width <= 0 {
		return
	}
	dash := ""
	if c.state.dash != "" {
		dash = ` stroke-dasharray="` + c.state.dash + `"`
	}
	fmt.Fprintf(&c.body, `<path d="%s" fill="none"%s stroke-width="%s" stroke-linejoin="round"%s/>`+"\n",
		c.path(p), paint("stroke", c.state.color), num(c.state.width), dash)
}

func (c *svgCanvas) Fill(p vg.Path) {
	fmt.Fprintf(&c.body, `<path d="%s"%s/>`+"\n", c.path(p), paint("fill", c.state.color))
}

func (c *svgCanvas) path(p vg.Path) string {
	var b strings.Builder
	at := func(q vg.Point) string {
		x, y := c.state.m.apply(q)
		return num(x) + " " + num(c.h-y)
	}
	for _, s := range flatten(p) {
		switch s.Type {
		case vg.MoveComp:
			b.WriteString("M" + at(s.Pos))
		case vg.LineComp:
			b.WriteString("L" + at(s.Pos))
		case vg.CurveComp:
			if len(s.Control) == 1 {
				b.WriteString("Q" + at(s.Control[0]) + " " + at(s.Pos))
			} else {
				b.WriteString("C" + at(s.Control[0]) + " " + at(s.Control[1]) + " " + at(s.Pos))
			}
		case vg.CloseComp:
			b.WriteString("Z")
		}
	}
	return b.String()
}

// flatten turns arcs into cubic curves, at most a quarter turn each (error under 0.03 % of the radius).
func flatten(p vg.Path) vg.Path {
	var out vg.Path
	for _, s := range p {
		if s.Type != vg.ArcComp {
			out = append(out, s)
			continue
		}
		n := int(math.Ceil(math.Abs(s.Angle) / (math.Pi / 2)))
		r, step := float64(s.Radius), s.Angle/float64(max(n, 1))
		k := 4.0 / 3 * math.Tan(step/4) * r
		x, y := float64(s.Pos.X), float64(s.Pos.Y)
		for i := range n {
			sin0, cos0 := math.Sincos(s.Start + step*float64(i))
			sin1, cos1 := math.Sincos(s.Start + step*float64(i+1))
			out.CubeTo(pt(x+r*cos0-k*sin0, y+r*sin0+k*cos0), pt(x+r*cos1+k*sin1, y+r*sin1-k*cos1), pt(x+r*cos1, y+r*sin1))
		}
	}
	return out
}

func (c *svgCanvas) fillText(l textLine) {
	x, y := c.state.m.apply(l.at)
	y = c.h - y
	turn := ""
	if c.state.m.b != 0 {
		turn = fmt.Sprintf(` transform="rotate(%s %s %s)"`, num(-math.Atan2(c.state.m.b, c.state.m.a)*180/math.Pi), num(x), num(y))
	}
	weight, text := "", ""
	for _, r := range l.runs {
		if text += r.text; r.face.bold {
			weight = ` font-weight="bold"`
		}
	}
	c.fonts.add(l.runs)
	fmt.Fprintf(&c.body, `<text x="%s" y="%s" font-size="%s" textLength="%s" lengthAdjust="spacingAndGlyphs"%s%s%s xml:space="preserve">%s</text>`+"\n",
		num(x), num(y), num(l.size), num(l.width), weight, paint("fill", c.state.color), turn, html.EscapeString(text))
}

// FillString is part of gonum's canvas; figures write through fillText.
func (c *svgCanvas) FillString(f font.Face, at vg.Point, s string) {
	c.fillText(textLine{runs: []run{{&face{family: "sans-serif"}, s}}, at: at, size: float64(f.Font.Size), width: float64(f.Width(s))})
}

// DrawImage is part of gonum's canvas; figures hold no bitmaps.
func (c *svgCanvas) DrawImage(vg.Rectangle, image.Image) {}
