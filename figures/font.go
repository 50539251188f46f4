package figures

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"bertlab/internal/files"
)

// Font is a typeface in two weights, with fallbacks for the characters that it lacks.
//
// The zero choice everywhere (a nil *Font) is Liberation Sans, which has the width of Arial and Helvetica and knows Latin,
// Greek, Cyrillic and the usual mathematical signs. Korean, in all its syllables, comes from a font that is built in. For other
// scripts, load a font that has them with [NewFont] or [LoadFont]; what it lacks is still drawn in Liberation Sans or the Korean font.
type Font struct {
	regular, bold []*face // in the order in which they are asked for a character; the Korean font comes after them
}

// face is one file: what gonum measures and draws with, the bytes for embedding in a PDF, the family name for SVG.
type face struct {
	family string
	id     string // a name that is unique in the process, for font caches
	source *opentype.Font
	raw    []byte
	bold   bool
	slot   int      // place in the order in which faces are asked for a character
	glyphs sync.Map // rune → bool: whether the file draws it
}

var defaultFont = sync.OnceValues(func() (*Font, error) {
	return NewFont(liberationsansregular.TTF, liberationsansbold.TTF)
})

// NewFont makes a font from the bytes of TrueType or OpenType files (a collection gives its first font). bold may be nil: the
// regular weight is then used for titles too.
func NewFont(regular, bold []byte) (*Font, error) {
	if bold == nil {
		bold = regular
	}
	r, err := parseFace(regular, false)
	if err != nil {
		return nil, fmt.Errorf("figures: regular font: %w", err)
	}
	b, err := parseFace(bold, true)
	if err != nil {
		return nil, fmt.Errorf("figures: bold font: %w", err)
	}
	fallback, err := parseFace(liberationsansregular.TTF, false)
	if err != nil {
		return nil, fmt.Errorf("figures: built-in font: %w", err)
	}
	fallbackBold, err := parseFace(liberationsansbold.TTF, true)
	if err != nil {
		return nil, fmt.Errorf("figures: built-in font: %w", err)
	}
	fallback.slot, fallbackBold.slot = 1, 1
	return &Font{regular: []*face{r, fallback}, bold: []*face{b, fallbackBold}}, nil
}

// maxFont bounds a font's file; those of all CJK characters have some 20 MB.
const maxFont = 128 << 20

// LoadFont is [NewFont] for files. boldPath may be empty.
func LoadFont(regularPath, boldPath string) (*Font, error) {
	regular, err := files.Read(regularPath, maxFont)
	if err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	var bold []byte
	if boldPath != "" {
		if bold, err = files.Read(boldPath, maxFont); err != nil {
			return nil, fmt.Errorf("figures: %w", err)
		}
	}
	f, err := NewFont(regular, bold)
	if err != nil {
		return nil, fmt.Errorf("%w (files %q, %q; wanted TrueType or OpenType)", err, regularPath, boldPath)
	}
	return f, nil
}

func parseFace(raw []byte, bold bool) (*face, error) {
	f, err := opentype.Parse(raw)
	if err != nil {
		c, cerr := opentype.ParseCollection(raw)
		if cerr != nil {
			return nil, err
		}
		if f, err = c.Font(0); err != nil {
			return nil, err
		}
	}
	family, err := f.Name(nil, sfnt.NameIDFamily)
	if err != nil || family == "" {
		family = "sans-serif"
	}
	id := fmt.Sprintf("%s-%d-%t", strings.Map(letters, family), len(raw), bold)
	return &face{family: family, id: id, source: f, raw: raw, bold: bold}, nil
}

// letters keeps what may stand in the name of a PDF object.
func letters(r rune) rune {
	if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return r
	}
	return -1
}

func (f *face) weight() string {
	if f.bold {
		return "bold"
	}
	return "normal"
}

// trueType reports whether the file has TrueType outlines of its own, which is what the PDF writer can embed.
func (f *face) trueType() bool {
	return len(f.raw) > 4 && (string(f.raw[:4]) == "\x00\x01\x00\x00" || string(f.raw[:4]) == "true")
}

func (f *face) has(r rune) bool {
	if known, ok := f.glyphs.Load(r); ok {
		return known.(bool)
	}
	g, err := f.source.GlyphIndex(nil, r)
	f.glyphs.Store(r, err == nil && g != 0)
	return err == nil && g != 0
}

func (f *face) at(size float64) font.Face {
	weight := stdfont.WeightNormal
	if f.bold {
		weight = stdfont.WeightBold
	}
	return font.Face{
		Font: font.Font{Typeface: font.Typeface(f.id), Weight: weight, Size: vg.Length(size)},
		Face: f.source,
	}
}

// run is a stretch of text that one face can draw.
type run struct {
	face *face
	text string
}

// faces are those of a weight that need no loading.
func (f *Font) faces(bold bool) []*face {
	if bold {
		return f.bold
	}
	return f.regular
}

// faceOf is the first face that has a character; nil: none has it.
func (f *Font) faceOf(r rune, bold bool) *face {
	for _, c := range f.faces(bold) {
		if c.has(r) {
			return c
		}
	}
	if c := korean(bold); c.has(r) {
		return c
	}
	return nil
}

// runs splits s where the face has to change. A character that no face has is drawn by the first, as its "missing" box.
func (f *Font) runs(s string, bold bool) []run {
	var out []run
	for _, r := range s {
		use := f.faceOf(r, bold)
		if use == nil {
			use = f.faces(bold)[0]
		}
		if n := len(out); n > 0 && out[n-1].face == use {
			out[n-1].text += string(r)
		} else {
			out = append(out, run{use, string(r)})
		}
	}
	return out
}

// width of s in points.
func (f *Font) width(s string, size float64, bold bool) float64 {
	w := 0.0
	for _, r := range f.runs(s, bold) {
		w += r.face.width(r.text, size)
	}
	return w
}

// width of s in points.
func (f *face) width(s string, size float64) float64 {
	a := f.at(size)
	return float64(a.Width(s))
}
