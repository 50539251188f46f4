package figures

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"

	"bertlab/internal/files"
)

// DPI is the resolution of a PNG in dots per inch.
const DPI = 200

// Size of a figure in inches.
type Size struct{ Width, Height float64 }

// Range of an axis or a palette. The zero value means: from the data.
type Range struct{ Min, Max float64 }

func (r Range) auto() bool { return r == Range{} }

// Frame is what all figures have around the data.
type Frame struct {
	// Title says the finding, not the method: "Half of the heads can go", not "Accuracy".
	Title string
	// Caption is the small line below: model, task, number of examples, seed.
	Caption string
	// XLabel and YLabel name the axes, with their unit.
	XLabel, YLabel string
	// Size in inches; zero: 8 × 4.5, and for heat maps what the cells need.
	Size Size
	// Language of the words that the figure says by itself, such as "no value", by its tag; "": English.
	Language string
	// Font for all text; nil: Liberation Sans.
	Font *Font
}

// clean makes the words of the frame drawable.
func (f Frame) clean() Frame {
	f.Title, f.Caption, f.XLabel, f.YLabel = clean(f.Title), clean(f.Caption), clean(f.XLabel), clean(f.YLabel)
	return f
}

// Figure is a drawing with the numbers behind it. It holds no file: the caller saves it or shows it. The same data give the same
// bytes in every format. A Figure is safe for concurrent use.
type Figure struct {
	frame Frame
	w, h  float64 // points
	draw  func(*pen)
	data  *Table
}

const inch = 72.0

func newFigure(f Frame, fallback Size, data *Table, draw func(*pen)) (*Figure, error) {
	size := f.Size
	if size == (Size{}) {
		size = fallback
	}
	const least, most = 2, 60
	for _, v := range []float64{size.Width, size.Height} {
		if math.IsNaN(v) || v < least || v > most {
			return nil, fmt.Errorf("figures: size %g × %g inches: wanted %d to %d each way", size.Width, size.Height, least, most)
		}
	}
	if f.Font == nil {
		font, err := defaultFont()
		if err != nil {
			return nil, err
		}
		f.Font = font
	}
	data.Title, data.Caption, data.Language = f.Title, f.Caption, f.Language
	fig := &Figure{frame: f, w: size.Width * inch, h: size.Height * inch, draw: draw, data: data}
	for range 6 {
		if !fig.drawOn(blank{}).crowded {
			return fig, nil
		}
		if f.Size != (Size{}) {
			break
		}
		fig.h *= 1.2 // long words: a taller figure
	}
	return nil, fmt.Errorf("figures: %q: the words leave no room for the data on %.1f × %.1f inches: shorten them or give a larger Size", f.Title, fig.w/inch, fig.h/inch)
}

func (f *Figure) drawOn(s surface) *pen {
	p := &pen{on: s, font: f.frame.Font, w: f.w, h: f.h}
	f.draw(p)
	return p
}

// Size of the figure in inches.
func (f *Figure) Size() Size { return Size{f.w / inch, f.h / inch} }

// Title of the figure.
func (f *Figure) Title() string { return f.frame.Title }

// Caption of the figure.
func (f *Figure) Caption() string { return f.frame.Caption }

// Alt is the text for readers who cannot see the figure: title, axes, caption.
func (f *Figure) Alt() string {
	var parts []string
	for _, s := range []string{f.frame.Title, f.frame.YLabel, f.frame.XLabel, f.frame.Caption} {
		if s != "" {
			parts = append(parts, strings.TrimRight(s, "."))
		}
	}
	return strings.Join(parts, ". ")
}

// Undrawn lists the characters in the figure's words that its font lacks, each once. They are drawn as boxes; a [Font] that has them
// mends it.
func (f *Figure) Undrawn() string {
	var lacking []rune
	for _, t := range f.drawOn(blank{}).texts {
		for _, r := range t.text {
			if f.frame.Font.faceOf(r, t.bold) == nil && !slices.Contains(lacking, r) {
				lacking = append(lacking, r)
			}
		}
	}
	return string(lacking)
}

// Data returns the numbers behind the figure, so that every figure can also be saved as CSV.
func (f *Figure) Data() *Table { return f.data }

// PNG returns the figure at [DPI] dots per inch.
func (f *Figure) PNG() ([]byte, error) {
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(f.w), vg.Length(f.h)), vgimg.UseDPI(DPI))
	f.drawOn(imageSurface{c})
	var out bytes.Buffer
	if err := png.Encode(&out, c.Image()); err != nil {
		return nil, fmt.Errorf("figures: writing PNG: %w", err)
	}
	return out.Bytes(), nil
}

// SVG returns the figure as a standalone document with its text as text and the glyphs in use embedded.
func (f *Figure) SVG() ([]byte, error) {
	c := newSVG(f.w, f.h)
	f.drawOn(c)
	return c.bytes(f.frame.Title, f.Alt())
}

// PDF returns the figure as one page with its fonts embedded.
func (f *Figure) PDF() ([]byte, error) {
	c := newPDF(f.w, f.h, f.frame.Title)
	f.drawOn(c)
	return c.bytes()
}

// Save writes the figure in the format that the extension names: .png, .svg or .pdf; .csv writes its data. The file appears
// whole or not at all.
func (f *Figure) Save(path string) error {
	var (
		raw []byte
		err error
	)
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".png":
		raw, err = f.PNG()
	case ".svg":
		raw, err = f.SVG()
	case ".pdf":
		raw, err = f.PDF()
	case ".csv":
		raw = []byte(f.data.CSV())
	default:
		return fmt.Errorf("figures: %s: extension %q is none of .png, .svg, .pdf, .csv", path, ext)
	}
	if err != nil {
		return fmt.Errorf("%w (for %s)", err, path)
	}
	return writeFile(path, raw)
}

func writeFile(path string, raw []byte) error {
	if err := files.Write(path, raw); err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	return nil
}
