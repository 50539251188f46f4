package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
)

// BarSeries is one colour of bars: a value for each group, with the ends of its interval.
type BarSeries struct {
	Name string
	// Values, one a group; NaN leaves a gap.
	Values []float64
	// Lo and Hi are the ends of the whiskers; nil: none.
	Lo, Hi []float64
}

// Add appends a bar with the ends of its whisker.
func (s *BarSeries) Add(value, low, high float64) {
	s.Values, s.Lo, s.Hi = append(s.Values, value), append(s.Lo, low), append(s.Hi, high)
}

// BarsOptions describes grouped bars, such as the speed at several batch sizes.
type BarsOptions struct {
	Frame
	Groups []string
	Series []BarSeries
	// HLines are levels to compare with, such as the theoretical speed-up.
	HLines []Reference
	// Format of the numbers on the bars, a fmt verb such as "%.2f×"; "": "%.3g". "-" writes none.
	Format string
	// YRange; zero: from zero to what the data need.
	YRange Range
	// YFormat writes the numbers on the y axis; nil: plain.
	YFormat func(float64) string
}

// Bars draws bars that start at zero. Its Data has one line a bar: group, series, value, low, high.
func Bars(o BarsOptions) (*Figure, error) {
	o.Frame = o.Frame.clean()
	if len(o.Groups) == 0 || len(o.Series) == 0 {
		return nil, fmt.Errorf("figures: bars %q: %d groups of %d series: wanted one of each at least", o.Title, len(o.Groups), len(o.Series))
	}
	if most := 400; len(o.Groups)*len(o.Series) > most {
		return nil, fmt.Errorf("figures: bars %q: %d groups of %d series: more than %d bars cannot be told apart", o.Title, len(o.Groups), len(o.Series), most)
	}
	t := &Table{Columns: []Column{{Name: cmp.Or(o.XLabel, o.say("group"))}, {Name: o.say("series")}, {Name: cmp.Or(o.YLabel, o.say("value"))}, {Name: o.say("low")}, {Name: o.say("high")}}}
	var all, ends [][]float64
	for i, s := range o.Series {
		if len(s.Values) != len(o.Groups) || (s.Lo == nil) != (s.Hi == nil) || s.Lo != nil && (len(s.Lo) != len(o.Groups) || len(s.Hi) != len(o.Groups)) {
			return nil, fmt.Errorf("figures: bars %q: series %d (%q) has %d values, %d low, %d high for %d groups", o.Title, i, s.Name, len(s.Values), len(s.Lo), len(s.Hi), len(o.Groups))
		}
		for g := range o.Groups {
			line := []any{o.Groups[g], s.Name, s.Values[g], math.NaN(), math.NaN()}
			if s.Lo != nil {
				line[3], line[4] = s.Lo[g], s.Hi[g]
			}
			t.Rows = append(t.Rows, line)
		}
		all, ends = append(all, s.Values), append(ends, s.Values, s.Lo, s.Hi)
	}
	if _, ok := extent(all...); !ok {
		return nil, fmt.Errorf("figures: bars %q have no finite value", o.Title)
	}
	_, yr, err := ranges(Range{0, 1}, o.YRange, nil, append(ends, values(o.HLines), []float64{0}))
	if err != nil {
		return nil, fmt.Errorf("%w (bars %q)", err, o.Title)
	}
	auto := o.YRange.auto()
	if auto {
		yr = o.withRoom(yr, leastRoom)
	}
	if o.Format == "" {
		o.Format = "%.3g"
	}
	o.HLines = within(o.HLines, yr)
	return newFigure(o.Frame, Size{8, 4.5}, t, func(p *pen) {
		if auto {
			o.draw(p, o.roomy(p, yr))
		} else {
			o.draw(p, yr)
		}
	})
}

// leastRoom is what the y axis is made longer by for the numbers, as a share.
const leastRoom = 0.06

// withRoom makes an axis longer at the ends that bars reach, up to the next tick.
func (o BarsOptions) withRoom(yr Range, share float64) Range {
	extra := share * (yr.Max - yr.Min)
	if yr.Max > 0 {
		yr.Max += extra
	}
	if yr.Min < 0 {
		yr.Min -= extra
	}
	return yr.outward(5)
}

// roomy makes an axis longer until every number beyond its bar and whisker has room in the plot.
func (o BarsOptions) roomy(p *pen, yr Range) Range {
	wider := yr
	for share := leastRoom; share < 0.5; share += 0.04 {
		fits, c, measure := true, o.chart(wider), p.measuring()
		c.draw(measure, func() {
			bars, size := o.bars(measure, c)
			for _, b := range bars {
				fits = fits && (size == 0 || b.atFoot(measure, o.Format, size) || b.fits(c, b.beyond(size), size))
			}
		})
		if fits {
			return wider
		}
		wider = o.withRoom(yr, share)
	}
	return yr
}

// chart is the plot without its bars.
func (o BarsOptions) chart(yr Range) *chart {
	c := &chart{frame: o.Frame, x: Range{-0.5, float64(len(o.Groups)) - 0.5}, y: yr, yFormat: o.YFormat, rows: o.HLines}
	for g, name := range o.Groups {
		c.xticks = append(c.xticks, tick{float64(g), clean(name)})
	}
	if len(o.Series) > 1 {
		for i, s := range o.Series {
			c.keys = append(c.keys, key{name: clean(s.Name), draw: func(p *pen, x, y float64) {
				p.rect(category(i), box{x - 7, y - 4.5, x + 7, y + 4.5})
			}})
		}
	}
	return c
}

// bars are all bars in their places in a plot, with the size of their numbers; 0 where these have no room.
func (o BarsOptions) bars(p *pen, c *chart) (list []bar, size float64) {
	w := math.Min(46, c.area.width()/float64(len(o.Groups))*0.78/float64(len(o.Series)))
	for i, s := range o.Series {
		for g, v := range s.Values {
			if !finite(v) {
				continue
			}
			b := bar{value: v, color: category(i), w: w, x: c.px(float64(g)) + (float64(i)-float64(len(o.Series)-1)/2)*w, base: c.py(c.clip(0)), top: c.py(c.clip(v))}
			if s.Lo != nil && finite(s.Lo[g]) && finite(s.Hi[g]) {
				b.whisker, b.lo, b.hi = true, c.py(c.clip(s.Lo[g])), c.py(c.clip(s.Hi[g]))
			}
			list = append(list, b)
		}
	}
	return list, o.labelSize(p, w)
}

func (o BarsOptions) draw(p *pen, yr Range) {
	c := o.chart(yr)
	c.draw(p, func() {
		bars, size := o.bars(p, c)
		for _, b := range bars {
			b.draw(p)
		}
		c.references(p)
		if size > 0 {
			for _, b := range bars {
				b.number(p, c, o.Format, size)
			}
		}
	})
}

// bar is a bar in its place, in points.
type bar struct {
	value     float64
	color     color.NRGBA
	x, w      float64 // its middle, and its width
	base, top float64 // where it begins and ends; top is below base for a negative value
	whisker   bool
	lo, hi    float64 // the ends of the whisker
}

func (b bar) draw(p *pen) {
	gap := math.Min(0.8, b.w/10)
	p.rect(b.color, box{b.x - b.w/2 + gap, math.Min(b.base, b.top), b.x + b.w/2 - gap, math.Max(b.base, b.top)})
	if b.whisker {
		p.whisker(stroke{color: gray(0.1), width: 1.1}, b.x, b.lo, b.hi, math.Min(4, b.w/4))
	}
}

// number writes the value at the foot of the bar or, where that has no room, beyond its end and its whisker. Where the plot ends before that, a
// bar without a whisker has it on its end; with one, beyond the whisker's other end or nowhere.
func (b bar) number(p *pen, c *chart, format string, size float64) {
	text, st := printed(format, b.value), style{size: size, color: on(b.color), align: 0.5}
	if b.atFoot(p, format, size) {
		y := b.base + 5
		if b.value < 0 {
			y = b.base - 5 - capHeight*size
		}
		p.text(b.x, y, text, st)
		return
	}
	y := b.beyond(size)
	if !b.fits(c, y, size) {
		if b.whisker {
			y = b.past(b.value < 0, size)
		} else {
			y = math.Max(math.Min(y, c.area.y1+6-capHeight*size), c.area.y0+2)
		}
	}
	if b.fits(c, y, size) {
		st.color = ink
		half := math.Min(b.w, p.width(text, st)+4) / 2
		p.rect(fade(white, 0.9), box{b.x - half, y - 1.5, b.x + half, y + capHeight*size + 1.5}) // so that no line crosses it
		p.text(b.x, y, text, st)
	}
}

// atFoot tells whether the number has room in the bar, below the whisker.
func (b bar) atFoot(p *pen, format string, size float64) bool {
	free := math.Abs(b.top - b.base)
	if b.whisker {
		free = math.Min(free, math.Min(math.Abs(b.lo-b.base), math.Abs(b.hi-b.base)))
		if (b.lo-b.base)*(b.hi-b.base) < 0 { // it crosses the foot of the bar
			free = 0
		}
	}
	return free >= size+9 && p.width(printed(format, b.value), style{size: size}) <= b.w-3
}

// beyond is the baseline of a number beyond the end of its bar.
func (b bar) beyond(size float64) float64 { return b.past(b.value >= 0, size) }

// past is the baseline of a number above or below bar and whisker.
func (b bar) past(above bool, size float64) float64 {
	ends := []float64{b.base, b.top}
	if b.whisker {
		ends = append(ends, b.lo, b.hi)
	}
	if above {
		return slices.Max(ends) + 4
	}
	return slices.Min(ends) - 4 - capHeight*size
}

// fits tells whether a number on this baseline is in the plot.
func (b bar) fits(c *chart, y, size float64) bool {
	return y >= c.area.y0+2 && y <= c.area.y1+6-capHeight*size
}

// labelSize is the size at which all numbers fit over their bars, or zero.
func (o BarsOptions) labelSize(p *pen, w float64) float64 {
	if o.Format == "-" {
		return 0
	}
	longest := 0.0
	for _, s := range o.Series {
		for _, v := range s.Values {
			if finite(v) {
				longest = math.Max(longest, p.width(printed(o.Format, v), style{size: 1}))
			}
		}
	}
	size := math.Min(9.5, (w+w/4-3)/longest)
	if len(o.Series) > 1 {
		size = math.Min(9.5, (w-3)/longest)
	}
	if size < 6.5 {
		return 0
	}
	return size
}
