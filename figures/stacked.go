package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
)

// StackedOptions describes bars cut into parts, such as the time of each component of a model.
type StackedOptions struct {
	Frame
	// Groups are the bars.
	Groups []string
	// Series are the parts, from the bottom up, each with a value for each bar, none negative; NaN is nothing. Whiskers are not
	// drawn.
	Series []BarSeries
	// Shares draws each bar to the same height, its parts as shares of their sum.
	Shares bool
	// Totals are written over the bars, such as "22.7 M"; nil: none.
	Totals []string
	// Format of the numbers in the parts, a fmt verb; "": "%.3g", and "%.0f %%" for shares, then of a percentage. "-" writes none.
	// They are left out where they would not be legible.
	Format string
	// YFormat writes the numbers on the y axis; nil: plain, and percent for shares.
	YFormat func(float64) string
}

// StackedBars draws bars cut into parts. Its Data has one line a part: bar, series, value, share of the bar.
func StackedBars(o StackedOptions) (*Figure, error) {
	o.Frame = o.Frame.clean()
	if len(o.Groups) == 0 || len(o.Series) == 0 {
		return nil, fmt.Errorf("figures: stacked bars %q: %d bars of %d series: wanted one of each at least", o.Title, len(o.Groups), len(o.Series))
	}
	if most := len(categories) + 1; len(o.Series) > most || len(o.Groups) > 60 {
		return nil, fmt.Errorf("figures: stacked bars %q: %d bars of %d series: more than 60 bars of %d parts cannot be told apart", o.Title, len(o.Groups), len(o.Series), most)
	}
	if o.Totals != nil && len(o.Totals) != len(o.Groups) {
		return nil, fmt.Errorf("figures: stacked bars %q: %d totals for %d bars", o.Title, len(o.Totals), len(o.Groups))
	}
	sums := make([]float64, len(o.Groups))
	for i, s := range o.Series {
		if len(s.Values) != len(o.Groups) {
			return nil, fmt.Errorf("figures: stacked bars %q: series %d (%q) has %d values for %d bars", o.Title, i, s.Name, len(s.Values), len(o.Groups))
		}
		for g, v := range s.Values {
			if v < 0 || math.IsInf(v, 0) {
				return nil, fmt.Errorf("figures: stacked bars %q: series %d (%q) has the value %g: a part is finite and not negative", o.Title, i, s.Name, v)
			}
			if finite(v) {
				sums[g] += v
			}
		}
	}
	highest := 0.0
	for _, sum := range sums {
		highest = math.Max(highest, sum)
	}
	if highest == 0 || math.IsInf(highest, 0) {
		return nil, fmt.Errorf("figures: stacked bars %q have no part above zero", o.Title)
	}
	t := &Table{Columns: []Column{{Name: cmp.Or(o.XLabel, o.say("bar"))}, {Name: o.say("series")}, {Name: cmp.Or(o.YLabel, o.say("value"))}, {Name: o.say("share")}}}
	for _, s := range o.Series {
		for g, v := range s.Values {
			share := math.NaN()
			if sums[g] > 0 {
				share = v / sums[g]
			}
			t.Rows = append(t.Rows, []any{o.Groups[g], s.Name, v, share})
		}
	}
	yr := Range{0, 1}
	if o.Shares {
		o.YFormat = firstFormat(o.YFormat, Percent)
		o.Format = cmp.Or(o.Format, "%.0f %%")
	} else {
		yr = Range{0, 1.04 * highest}.outward(5)
		o.Format = cmp.Or(o.Format, "%.3g")
	}
	return newFigure(o.Frame, Size{8, 4.5}, t, func(p *pen) { o.draw(p, yr, sums) })
}

func firstFormat(f, fallback func(float64) string) func(float64) string {
	if f != nil {
		return f
	}
	return fallback
}

// part is the colour of a part; grey after the last category.
func part(i int) color.NRGBA {
	if i < len(categories) {
		return category(i)
	}
	return gray(0.62)
}

func (o StackedOptions) draw(p *pen, yr Range, sums []float64) {
	c := &chart{frame: o.Frame, x: Range{-0.5, float64(len(o.Groups)) - 0.5}, y: yr, yFormat: o.YFormat}
	for g, name := range o.Groups {
		c.xticks = append(c.xticks, tick{float64(g), clean(name)})
	}
	for i, s := range o.Series {
		c.keys = append(c.keys, key{name: clean(s.Name), draw: func(p *pen, x, y float64) {
			p.rect(part(i), box{x - 7, y - 4.5, x + 7, y + 4.5})
		}})
	}
	if o.Totals != nil && o.Shares { // room for the totals over bars of full height
		c.y.Max = 1.09
		c.yticks = Range{0, 1}.ticks(5, o.YFormat)
	}
	c.draw(p, func() {
		w := math.Min(92, c.area.width()/float64(len(o.Groups))*0.72)
		for g := range o.Groups {
			x, from, all := c.px(float64(g)), 0.0, 1.0
			if o.Shares {
				all = sums[g]
			}
			for i, s := range o.Series {
				v := s.Values[g]
				if !finite(v) || v == 0 || all == 0 {
					continue
				}
				to := from + v/all
				o.part(p, i, v/all, box{x - w/2, c.py(from), x + w/2, c.py(to)})
				from = to
			}
			if o.Totals != nil {
				st := style{size: 9.5, color: ink, align: 0.5, bold: true}
				p.text(x, c.py(from)+4, p.fit(clean(o.Totals[g]), c.area.width()/float64(len(o.Groups))-4, st), st)
			}
		}
	})
}

// part draws one part with its number, if there is room for it.
func (o StackedOptions) part(p *pen, i int, value float64, b box) {
	p.rect(part(i), b)
	if b.height() > 2.5 {
		p.segment(stroke{color: white, width: 0.7}, b.x0, b.y1, b.x1, b.y1)
	}
	if o.Format == "-" {
		return
	}
	if o.Shares {
		value *= 100
	}
	st := style{size: 9.5, color: on(part(i)), align: 0.5}
	text := printed(o.Format, value)
	if b.height() >= st.size+1.5 && p.width(text, st) <= b.width()-4 {
		p.middle((b.x0+b.x1)/2, (b.y0+b.y1)/2, text, st)
	}
}
