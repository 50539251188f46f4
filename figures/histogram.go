package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"sort"

	"gonum.org/v1/plot/vg"
)

// Sample is a named list of numbers. NaN and ±Inf are left out of what is drawn.
type Sample struct {
	Name   string
	Values []float64
}

// HistogramOptions describes how often values fall in each of equally wide bins.
type HistogramOptions struct {
	Frame
	// Samples are drawn over one another in the same bins: one or two can be told apart well.
	Samples []Sample
	// Bins is their number; 0: by the rule of Freedman and Diaconis, 5 to 40.
	Bins int
	// XRange that the bins divide; zero: from the data. A value outside is not counted.
	XRange Range
	// VLines are values to compare with, such as the accuracy of the unpruned model.
	VLines []Reference
	// XFormat writes the numbers on the x axis; nil: plain.
	XFormat func(float64) string
}

// Histogram draws counts. An empty YLabel becomes "count". Its Data has one line a bin: from, to, and a count for each sample.
func Histogram(o HistogramOptions) (*Figure, error) {
	o.Frame = o.Frame.clean()
	if o.Bins < 0 || o.Bins > 1000 {
		return nil, fmt.Errorf("figures: histogram %q: %d bins: wanted 1 to 1000, or 0 to choose", o.Title, o.Bins)
	}
	var all []float64
	for _, s := range o.Samples {
		for _, v := range s.Values {
			if finite(v) {
				all = append(all, v)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("figures: histogram %q has no finite value", o.Title)
	}
	xr, _, err := ranges(o.XRange, Range{0, 1}, [][]float64{all}, nil)
	if err != nil {
		return nil, fmt.Errorf("%w (histogram %q)", err, o.Title)
	}
	bins := o.Bins
	if bins == 0 {
		bins = freedmanDiaconis(all, xr)
	}
	if o.Bins == 0 && o.XRange.auto() { // bins with round edges
		step := niceStep(xr.Max-xr.Min, bins)
		lo, hi := math.Floor(xr.Min/step), math.Floor(xr.Max/step)+1
		xr, bins = xr.include(lo*step).include(hi*step), int(hi-lo)
	}
	counts := make([][]int, len(o.Samples))
	for i, s := range o.Samples {
		counts[i] = count(s.Values, xr, bins)
	}
	if o.YLabel == "" {
		o.YLabel = o.say("count")
	}
	t := &Table{Columns: []Column{{Name: o.say("from")}, {Name: o.say("to")}}}
	for _, s := range o.Samples {
		t.Columns = append(t.Columns, Column{Name: cmp.Or(s.Name, o.YLabel)})
	}
	for b := range bins {
		line := []any{edge(xr, bins, b), edge(xr, bins, b+1)}
		for i := range counts {
			line = append(line, counts[i][b])
		}
		t.Rows = append(t.Rows, line)
	}
	return newFigure(o.Frame, Size{8, 4.5}, t, func(p *pen) { o.draw(p, xr, counts) })
}

func edge(r Range, bins, b int) float64 {
	return r.Min + (r.Max-r.Min)*float64(b)/float64(bins)
}

// count returns how many values lie in each bin; the last bin includes its upper end.
func count(vs []float64, r Range, bins int) []int {
	out := make([]int, bins)
	for _, v := range vs {
		if !finite(v) || v < r.Min || v > r.Max {
			continue
		}
		b := int((v - r.Min) / (r.Max - r.Min) * float64(bins))
		out[min(b, bins-1)]++
	}
	return out
}

func freedmanDiaconis(vs []float64, r Range) int {
	s := append([]float64(nil), vs...)
	sort.Float64s(s)
	iqr := s[len(s)*3/4] - s[len(s)/4]
	width := 2 * iqr / math.Cbrt(float64(len(s)))
	if width <= 0 || (r.Max-r.Min)/width > 40 {
		width = (r.Max - r.Min) / math.Min(40, math.Max(5, math.Sqrt(float64(len(s)))))
	}
	return int(math.Max(5, math.Min(40, math.Ceil((r.Max-r.Min)/width))))
}

func (o HistogramOptions) draw(p *pen, xr Range, counts [][]int) {
	most := 1
	for _, c := range counts {
		for _, n := range c {
			most = max(most, n)
		}
	}
	axis := xr
	for _, r := range o.VLines {
		if finite(r.Value) && math.Abs(r.Value) < largest && o.XRange.auto() {
			axis = axis.include(r.Value)
		}
	}
	y := Range{0, float64(most)}
	c := &chart{frame: o.Frame, x: axis.pad(0.02), xFormat: o.XFormat, columns: within(o.VLines, axis)}
	// Counts are whole: no ticks between them.
	step := math.Max(1, niceStep(y.Max, 5))
	c.y = Range{0, math.Ceil(y.Max/step) * step}
	for v := 0.0; v <= c.y.Max; v += step {
		c.yticks = append(c.yticks, tick{v, stepFormat(v, step)})
	}
	if len(counts) > 1 {
		for i, s := range o.Samples {
			c.keys = append(c.keys, key{name: clean(s.Name), draw: func(p *pen, x, y float64) {
				b := box{x - 7, y - 4.5, x + 7, y + 4.5}
				p.rect(fade(category(i), 0.45), b)
				p.line(stroke{color: category(i), width: 1.4}, pt(b.x0, b.y0), pt(b.x0, b.y1), pt(b.x1, b.y1), pt(b.x1, b.y0))
			}})
		}
	}
	c.draw(p, func() {
		for i, ns := range counts {
			for b, n := range ns {
				if n == 0 {
					continue
				}
				r := box{c.px(edge(xr, len(ns), b)), c.py(0), c.px(edge(xr, len(ns), b+1)), c.py(float64(n))}
				if len(counts) == 1 {
					gap := math.Min(0.6, r.width()/6)
					r.x0, r.x1 = r.x0+gap, r.x1-gap
					p.rect(category(i), r)
				}
			}
			if len(counts) > 1 {
				c.outline(p, xr, ns, category(i), stroke{color: category(i), width: 1.4, dash: [][]float64{nil, {5, 2}}[min(i, 1)]})
			}
		}
		c.references(p)
	})
}

// outline fills and draws the staircase of one sample, so that overlapping ones can be told apart.
func (c *chart) outline(p *pen, r Range, ns []int, fill color.NRGBA, s stroke) {
	var pts []vg.Point
	for b, n := range append(ns[:len(ns):len(ns)], 0) {
		x0, x1, y := c.px(edge(r, len(ns), b)), c.px(edge(r, len(ns), b+1)), c.py(float64(n))
		switch {
		case n > 0 && pts == nil:
			pts = append(pts, pt(x0, c.py(0)), pt(x0, y), pt(x1, y))
		case n > 0:
			pts = append(pts, pt(x0, y), pt(x1, y))
		case pts != nil:
			pts = append(pts, pt(x0, c.py(0)))
			p.polygon(fade(fill, 0.45), pts...)
			p.line(s, pts...)
			pts = nil
		}
	}
}
