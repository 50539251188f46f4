package figures

import (
	"math"
	"sort"
)

const endGap = 8.0

// measureEndings breaks the texts at the line ends and returns the width that they need right of the plot.
func (c *chart) measureEndings(p *pen) float64 {
	widest := 0.0
	for i := range c.endings {
		e := &c.endings[i]
		e.lines = p.wrap(clean(e.text), 0.24*p.w, 2, labelStyle)
		for _, l := range e.lines {
			widest = math.Max(widest, p.width(l, labelStyle))
		}
	}
	if widest == 0 {
		return 0
	}
	return widest + endGap + 6
}

// writeEndings puts each text beside the end of its line, moving neighbours apart, with a thin leader where one had to move.
func (c *chart) writeEndings(p *pen) {
	var es []ending
	for _, e := range c.endings {
		if len(e.lines) > 0 {
			e.y = c.py(e.at)
			es = append(es, e)
		}
	}
	if len(es) == 0 {
		return
	}
	sort.SliceStable(es, func(a, b int) bool { return es[a].y > es[b].y })
	const line = leading * labelSize
	half := func(e ending) float64 { return float64(len(e.lines)) * line / 2 }
	hi, lo := c.area.y1+4, c.area.y0-4
	for i := range es {
		limit := hi - half(es[i])
		if i > 0 {
			limit = es[i-1].y - half(es[i-1]) - half(es[i]) - 1
		}
		es[i].y = math.Min(es[i].y, limit)
	}
	for i := len(es) - 1; i >= 0; i-- {
		limit := lo + half(es[i])
		if i < len(es)-1 {
			limit = es[i+1].y + half(es[i+1]) + half(es[i]) + 1
		}
		es[i].y = math.Max(es[i].y, limit)
	}
	for _, e := range es {
		x := c.area.x1 + endGap + 4
		if home := c.py(e.at); math.Abs(home-e.y) > 3 {
			p.segment(stroke{color: fade(e.color, 0.6), width: 0.7}, c.area.x1+2, home, x-2, e.y)
		}
		y := e.y + float64(len(e.lines)-1)*line/2
		for _, l := range e.lines {
			p.middle(x, y, l, style{size: labelSize, color: legible(e.color)})
			y -= line
		}
	}
}

// endingsFit reports whether n texts (of up to two lines) have room beside a plot on a figure of this height.
func endingsFit(n int, height float64) bool {
	return float64(n)*2*leading*labelSize < height-150
}
