package figures

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pdfCanvas writes a one-page PDF. gonum's own PDF canvas stamps the time and knows only Windows' Western code page; this one
// embeds the characters used (searchable text, any script) and always gives the same bytes.
type pdfCanvas struct {
	doc   *fpdf.Fpdf
	w, h  float64
	fonts map[string]bool
	color color.NRGBA
	width float64
	stack []color.NRGBA
}

// epoch is the date in every PDF: the same figure gives the same bytes.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func newPDF(w, h float64, title string) *pdfCanvas {
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: w, Ht: h}})
	doc.SetCreationDate(epoch)
	doc.SetModificationDate(epoch)
	doc.SetCatalogSort(true)
	doc.SetProducer("bertlab figures", true)
	doc.SetTitle(title, true)
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.AddPage()
	doc.SetLineJoinStyle("round")
	return &pdfCanvas{doc: doc, w: w, h: h, fonts: map[string]bool{}, width: 1}
}

func (c *pdfCanvas) bytes() ([]byte, error) {
	var out bytes.Buffer
	if err := c.doc.Output(&out); err != nil {
		return nil, fmt.Errorf("figures: writing PDF: %w", err)
	}
	return out.Bytes(), nil
}

func (c *pdfCanvas) SetLineWidth(w vg.Length) {
	c.width = float64(w)
	c.doc.SetLineWidth(c.width)
}

func (c *pdfCanvas) SetLineDash(d []vg.Length, offset vg.Length) {
	dash := make([]float64, len(d))
	for i, v := range d {
		dash[i] = float64(v)
	}
	c.doc.SetDashPattern(dash, float64(offset))
}

func (c *pdfCanvas) SetColor(v color.Color) {
	n := color.NRGBAModel.Convert(v).(color.NRGBA)
	c.color = n
	c.doc.SetFillColor(int(n.R), int(n.G), int(n.B))
	c.doc.SetDrawColor(int(n.R), int(n.G), int(n.B))
	c.doc.SetTextColor(int(n.R), int(n.G), int(n.B))
	c.doc.SetAlpha(float64(n.A)/255, "Normal")
}

func (c *pdfCanvas) Push() {
	c.stack = append(c.stack, c.color)
	c.doc.TransformBegin()
}

func (c *pdfCanvas) Pop() {
	c.doc.TransformEnd()
	c.SetColor(c.stack[len(c.stack)-1])
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *pdfCanvas) Rotate(r float64)           { c.doc.TransformRotate(r*180/math.Pi, 0, c.h) }
func (c *pdfCanvas) Translate(p vg.Point)       { c.doc.TransformTranslate(float64(p.X), -float64(p.Y)) }
func (c *pdfCanvas) Scale(x float64, y float64) { c.doc.TransformScale(x*100, y*100, 0, c.h) }

func (c *pdfCanvas) Stroke(p vg.Path) {
	if c.width > 0 {
		c.path(p, "D")
	}
}

func (c *pdfCanvas) Fill(p vg.Path) { c.path(p, "F") }

func (c *pdfCanvas) path(p vg.Path, how string) {
	at := func(q vg.Point) (float64, float64) { return float64(q.X), c.h - float64(q.Y) }
	for _, s := range flatten(p) {
		x, y := at(s.Pos)
		switch s.Type {
		case vg.MoveComp:
			c.doc.MoveTo(x, y)
		case vg.LineComp:
			c.doc.LineTo(x, y)
		case vg.CurveComp:
			x0, y0 := at(s.Control[0])
			if len(s.Control) == 1 {
				c.doc.CurveTo(x0, y0, x, y)
				continue
			}
			x1, y1 := at(s.Control[1])
			c.doc.CurveBezierCubicTo(x0, y0, x1, y1, x, y)
		case vg.CloseComp:
			c.doc.ClosePath()
		}
	}
	c.doc.DrawPath(how)
}

func (c *pdfCanvas) fillText(l textLine) {
	l.each(func(r run, at vg.Point) { c.fillRun(r.face, l.size, at, r.text) })
}

func (c *pdfCanvas) fillRun(f *face, size float64, at vg.Point, s string) {
	if !f.trueType() || outsideBMP(s) {
		c.Fill(outline(f, size, at, s))
		return
	}
	if !c.fonts[f.id] {
		c.fonts[f.id] = true
		c.doc.AddUTF8FontFromBytes(f.id, "", f.raw)
	}
	c.doc.SetFont(f.id, "", size)
	c.doc.Text(float64(at.X), c.h-float64(at.Y), s)
}

func outsideBMP(s string) bool {
	for _, r := range s {
		if r > 0xFFFF {
			return true
		}
	}
	return false
}

// outline is the shape of a text, for fonts that cannot be embedded.
func outline(f *face, size float64, at vg.Point, s string) vg.Path {
	var (
		buf  sfnt.Buffer
		path vg.Path
		ppem = fixed.I(1000)
		x, y = float64(at.X), float64(at.Y)
		to   = size / 1000 / 64
	)
	for _, r := range s {
		g, err := f.source.GlyphIndex(&buf, r)
		if err != nil {
			continue
		}
		segments, err := f.source.LoadGlyph(&buf, g, ppem, nil)
		if err == nil {
			at := func(p fixed.Point26_6) vg.Point { return pt(x+float64(p.X)*to, y-float64(p.Y)*to) }
			for i, seg := range segments {
				switch seg.Op {
				case sfnt.SegmentOpMoveTo:
					if i > 0 {
						path.Close()
					}
					path.Move(at(seg.Args[0]))
				case sfnt.SegmentOpLineTo:
					path.Line(at(seg.Args[0]))
				case sfnt.SegmentOpQuadTo:
					path.QuadTo(at(seg.Args[0]), at(seg.Args[1]))
				case sfnt.SegmentOpCubeTo:
					path.CubeTo(at(seg.Args[0]), at(seg.Args[1]), at(seg.Args[2]))
				}
			}
			if len(segments) > 0 {
				path.Close()
			}
		}
		face := f.at(size)
		x += float64(face.Width(string(r)))
	}
	return path
}

// FillString is part of gonum's canvas; figures write through fillText.
func (c *pdfCanvas) FillString(f font.Face, at vg.Point, s string) {
	c.Fill(outline(&face{source: f.Face}, float64(f.Font.Size), at, s))
}

// DrawImage is part of gonum's canvas; figures hold no bitmaps.
func (c *pdfCanvas) DrawImage(vg.Rectangle, image.Image) {}
