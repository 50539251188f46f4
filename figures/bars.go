package figures

import (
	"cmp"
	"fmt"
	"math"
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
	if o.YRange.auto() {
		extra := 0.06 * (yr.Max - yr.Min) // room for the numbers
		if yr.Max > 0 {
			yr.Max += extra
		}
		if yr.Min < 0 {
			yr.Min -= extra
		}
		yr = yr.outward(5)
	}
	if o.Format == "" {
		o.Format = "%.3g"
	}
	o.HLines = within(o.HLines, yr)
	return newFigure(o.Frame, Size{8, 4.5}, t, func(p *pen) { o.draw(p, yr) })
}

func (o BarsOptions) draw(p *pen, yr Range) {
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
	c.draw(p, func() {
		slot := c.area.width() / float64(len(o.Groups))
		w := math.Min(46, slot*0.78/float64(len(o.Series)))
		size := o.labelSize(p, w)
		base := c.py(c.clip(0))
		var numbers []func()
		for i, s := range o.Series {
			for g, v := range s.Values {
				if !finite(v) {
					continue
				}
				x := c.px(float64(g)) + (float64(i)-float64(len(o.Series)-1)/2)*w
				top := c.py(c.clip(v))
				gap := math.Min(0.8, w/10)
				p.rect(category(i), box{x - w/2 + gap, math.Min(base, top), x + w/2 - gap, math.Max(base, top)})
				far := top
				if s.Lo != nil && finite(s.Lo[g]) && finite(s.Hi[g]) {
					lo, hi := c.py(c.clip(s.Lo[g])), c.py(c.clip(s.Hi[g]))
					whisker := stroke{color: gray(0.1), width: 1.1}
					cap := math.Min(4, w/4)
					p.segment(whisker, x, lo, x, hi)
					p.segment(whisker, x-cap, lo, x+cap, lo)
					p.segment(whisker, x-cap, hi, x+cap, hi)
					far = math.Max(top, hi)
					if v < 0 {
						far = math.Min(top, lo)
					}
				}
				if size == 0 {
					continue
				}
				free := math.Abs(top - base) // of the bar, below the whisker
				if s.Lo != nil && finite(s.Lo[g]) && finite(s.Hi[g]) {
					free = math.Min(free, math.Min(math.Abs(c.py(c.clip(s.Lo[g]))-base), math.Abs(c.py(c.clip(s.Hi[g]))-base)))
					if s.Lo[g] < 0 && s.Hi[g] > 0 { // the whisker crosses the foot of the bar
						free = 0
					}
				}
				st := style{size: size, color: on(category(i)), align: 0.5}
				y, patch := base+5, false
				if v < 0 {
					y = base - 5 - capHeight*size
				}
				if free < size+9 || p.width(printed(o.Format, v), st) > w-3 {
					st.color, patch = ink, true
					y = math.Min(far+4, c.area.y1+6-capHeight*size)
					if v < 0 {
						y = math.Max(far-4-capHeight*size, c.area.y0+2)
					}
				}
				numbers = append(numbers, func() { write(p, x, y, w, patch, printed(o.Format, v), st) })
			}
		}
		c.references(p)
		for _, number := range numbers {
			number()
		}
	})
}

// write puts a number at the foot of its bar, or beyond its end on a patch of white, so that no line crosses it.
func write(p *pen, x, y, w float64, patch bool, s string, st style) {
	if patch {
		half := math.Min(w, p.width(s, st)+4) / 2
		p.rect(fade(white, 0.9), box{x - half, y - 1.5, x + half, y + capHeight*st.size + 1.5})
	}
	p.text(x, y, s, st)
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
