package experiment

import (
	"math"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment/words"
)

// Voice is what editions of all papers say alike; an edition embeds it beside its result.
type Voice struct{ *words.Printer }

// Frame is that of a figure in the edition's language.
func (v Voice) Frame(title, x, y, caption string) figures.Frame {
	return figures.Frame{Language: v.Tag(), Title: title, XLabel: x, YLabel: y, Caption: caption}
}

// Sized is a frame of so many inches.
func (v Voice) Sized(width, height float64, title, x, y, caption string) figures.Frame {
	frame := v.Frame(title, x, y, caption)
	frame.Size = figures.Size{Width: width, Height: height}
	return frame
}

// Seeds names seeds.
func (v Voice) Seeds(seeds []uint64) string {
	if len(seeds) == 1 {
		return v.F("seed %d", seeds[0])
	}
	return v.F("seeds %s", words.List(seeds))
}

// Caption joins what a caption says; what is empty takes no place.
func Caption(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "; ")
}

// LargestClass is the line at the share of the largest class under curves of the accuracy, in units of which 1 is so many. Where it lies so
// far below all of them that it would press them together, it is a note for the caption instead; but curves that hardly differ stay so.
func (v Voice) LargestClass(share, one float64, curves []figures.Curve) (line []figures.Reference, note string) {
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, y := range slices.Concat(c.Y, c.Lo, c.Hi) {
			if !math.IsNaN(y) {
				lowest, highest = min(lowest, y), max(highest, y)
			}
		}
	}
	const worthASight = 0.04
	if spread := highest - lowest; spread >= worthASight*one && lowest-share*one > 2*spread {
		return nil, v.F("largest class: %.1f %%", 100*share)
	}
	return []figures.Reference{{Value: share * one, Label: v.T("largest class")}}, ""
}

// NewTable is a table without rows in the edition's language.
func (v Voice) NewTable(title, caption string, columns []figures.Column) *figures.Table {
	return &figures.Table{Language: v.Tag(), Title: title, Caption: caption, Columns: columns}
}

// NewTable is a table without rows in a language.
func NewTable(say *words.Printer, title, caption string, columns []figures.Column) *figures.Table {
	return Voice{say}.NewTable(title, caption, columns)
}

// ProtocolTable holds what a protocol does against what the paper did, a row each.
func ProtocolTable(say *words.Printer, paper string, rows [][]any) *figures.Table {
	t := NewTable(say, say.T("Protocol"), "", []figures.Column{{Name: say.T("what")}, {Name: say.T("here")}, {Name: paper}})
	t.Rows = rows
	return t
}
