package figures

import (
	"image/color"
	"math"
)

// Palette maps a number to a colour on a heat map.
type Palette int

const (
	// Sequential is viridis: perceptually uniform, safe for colour-blind readers, in order when printed in grey.
	Sequential Palette = iota
	// Diverging goes from blue over white (zero) to orange.
	Diverging
)

// viridis in 16 steps, by Stéfan van der Walt and Nathaniel Smith (matplotlib, CC0).
var viridis = hexes("440154", "481a6c", "472f7d", "414487", "39568c", "31688e", "2a788e", "23888e", "1f988b", "22a884", "35b779", "54c568", "7ad151", "a5db36", "d2e21b", "fde725")

// blueOrange has white in the middle and equal lightness at equal distance from it.
var blueOrange = hexes("0b3c6f", "1f62a5", "5292c9", "9cc4e4", "d6e7f4", "ffffff", "fde3cc", "f9bf8f", "ec8a3f", "c75f0e", "8a3d04")

// categories is the palette of Okabe and Ito (2008) without its yellow, which is lost on white.
var categories = hexes("0072b2", "d55e00", "009e73", "cc79a7", "56b4e9", "e69f00", "000000")

var (
	white = color.NRGBA{255, 255, 255, 255}
	ink   = gray(0.13)
	soft  = gray(0.38) // captions, ticks
	faint = gray(0.90) // grid
)

func gray(v float64) color.NRGBA {
	b := uint8(math.Round(v * 255))
	return color.NRGBA{b, b, b, 255}
}

func hexes(codes ...string) []color.NRGBA {
	out := make([]color.NRGBA, len(codes))
	for i, c := range codes {
		nibble := func(b byte) uint8 {
			if b >= 'a' {
				return b - 'a' + 10
			}
			return b - '0'
		}
		at := func(j int) uint8 { return nibble(c[j])<<4 | nibble(c[j+1]) }
		out[i] = color.NRGBA{at(0), at(2), at(4), 255}
	}
	return out
}

// at returns the colour at t ∈ [0, 1], between the stops in steps of their own space.
func (p Palette) at(t float64) color.NRGBA {
	stops := viridis
	if p == Diverging {
		stops = blueOrange
	}
	t = math.Max(0, math.Min(1, t)) * float64(len(stops)-1)
	i := min(int(t), len(stops)-2)
	f := t - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-f) + float64(b)*f)) }
	a, b := stops[i], stops[i+1]
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

func category(i int) color.NRGBA { return categories[i%len(categories)] }

func (p *pen) categoryDash(i int) []float64 {
	if i < len(categories) {
		return nil
	}
	return []float64{5, 2.5}
}

func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(math.Round(255 * alpha))
	return c
}

// luminance is the relative luminance of WCAG 2, 0 (black) … 1 (white).
func luminance(c color.NRGBA) float64 {
	lin := func(b uint8) float64 {
		v := float64(b) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(c.R) + 0.7152*lin(c.G) + 0.0722*lin(c.B)
}

// on returns black or white, whichever stands out more from c.
func on(c color.NRGBA) color.NRGBA {
	if l := luminance(c); (l+0.05)/0.05 >= 1.05/(l+0.05) {
		return gray(0)
	}
	return white
}

// legible darkens c until text in it stands out from white (contrast 4.5 : 1).
func legible(c color.NRGBA) color.NRGBA {
	for 1.05/(luminance(c)+0.05) < 4.5 {
		c.R, c.G, c.B = uint8(float64(c.R)*0.95), uint8(float64(c.G)*0.95), uint8(float64(c.B)*0.95)
	}
	return c
}
