package figures

import (
	"image/color"
	"math"
	"sort"
)

// Sizes of text in points. On a slide 13.3 inches wide the figure is shown 1.7 times as large.
const (
	margin      = 20.0
	titleSize   = 15.0
	labelSize   = 10.5
	tickSize    = 10.0
	captionSize = 8.5
)

var (
	labelStyle = style{size: labelSize, color: ink}
	tickStyle  = style{size: tickSize, color: soft}
)

// Reference is a line across the figure with its meaning, such as the accuracy of the unpruned model.
type Reference struct {
	Value float64
	Label string
}

// words writes title and caption and returns the heights between which the rest has to fit.
func (f Frame) words(p *pen) (top, bottom float64) {
	inner := p.w - 2*margin
	top = p.h - 16
	st := style{size: titleSize, bold: true, color: ink}
	for _, l := range p.wrap(f.Title, inner, 3, st) {
		top -= capHeight * st.size
		p.text(margin, top, l, st)
		top -= (leading - capHeight) * st.size
	}
	top -= 6
	bottom = 14.0
	st = style{size: captionSize, color: soft}
	lines := p.wrap(f.Caption, inner, 3, st)
	for i := len(lines) - 1; i >= 0; i-- {
		p.text(margin, bottom, lines[i], st)
		bottom += leading * st.size
	}
	if len(lines) > 0 {
		bottom += 5
	}
	return top, bottom
}

// key explains a look: a line, a marker or a filled box, with its name.
type key struct {
	name string
	draw func(p *pen, x, y float64) // at the middle of an 18-point wide place
}

const keyWidth, keyGap = 18.0, 16.0

// keys writes the legend in rows between left and right, downward from top, and returns the new top.
func (p *pen) keys(items []key, left, right, top float64) float64 {
	if len(items) == 0 {
		return top
	}
	x, y := left, top-8
	for _, k := range items {
		name := p.fit(k.name, right-left-keyWidth-6, labelStyle)
		w := keyWidth + 6 + p.width(name, labelStyle)
		if x > left && x+w > right {
			x, y = left, y-leading*labelSize-3
		}
		k.draw(p, x+keyWidth/2, y)
		p.middle(x+keyWidth+6, y, name, labelStyle)
		x += w + keyGap
	}
	return y - 12
}

// keysWidth is the width of the legend in one row.
func (p *pen) keysWidth(items []key) float64 {
	w := -keyGap
	for _, k := range items {
		w += keyWidth + 6 + p.width(k.name, labelStyle) + keyGap
	}
	return w
}

// ending is a text at the right end of a line.
type ending struct {
	at    float64 // in the units of y
	text  string
	color color.NRGBA
	lines []string
	y     float64 // where it ended up, points
}

// chart is a plot with two axes.
type chart struct {
	frame   Frame
	x, y    Range
	xticks  []tick // those of category axes are given, others computed
	yticks  []tick
	xFormat func(float64) string
	yFormat func(float64) string
	keys    []key
	note    string
	endings []ending
	columns []Reference // vertical lines
	rows    []Reference // horizontal lines

	reserve float64 // width to the right of the plot that is somebody else's

	area box
}

func (c *chart) px(v float64) float64 {
	return c.area.x0 + (v-c.x.Min)/(c.x.Max-c.x.Min)*c.area.width()
}

func (c *chart) py(v float64) float64 {
	return c.area.y0 + (v-c.y.Min)/(c.y.Max-c.y.Min)*c.area.height()
}

// draw lays out the axes and words, then calls data to fill c.area and to place the reference lines behind or before the data.
func (c *chart) draw(p *pen, data func()) {
	top, bottom := c.frame.words(p)

	top = c.header(p, top)
	right := p.w - margin - c.reserve
	for _, r := range c.rows {
		c.endings = append(c.endings, ending{at: r.Value, text: r.Label, color: soft})
	}
	endWidth := c.measureEndings(p)

	if c.yticks == nil {
		c.yticks = c.y.ticks(int(math.Max(2, math.Min(6, (top-bottom)/38))), c.yFormat)
	}
	widest := 0.0
	for i := range c.yticks {
		c.yticks[i].label = p.fit(c.yticks[i].label, 0.2*p.w, tickStyle)
		widest = math.Max(widest, p.width(c.yticks[i].label, tickStyle))
	}
	c.area.x0 = margin + widest + 7
	c.area.x1 = right - endWidth
	if endWidth == 0 {
		c.area.x1 -= 8
	}

	if c.frame.XLabel != "" {
		lines := p.wrap(c.frame.XLabel, right-c.area.x0, 2, labelStyle)
		for i := len(lines) - 1; i >= 0; i-- {
			half := p.width(lines[i], labelStyle) / 2
			x := math.Min(math.Max((c.area.x0+c.area.x1)/2, margin+half), right-half)
			p.text(x, bottom+2, lines[i], style{size: labelSize, color: ink, align: 0.5})
			bottom += leading * labelSize
		}
		bottom += 3
	}
	if c.xticks == nil {
		c.xticks = c.x.ticks(int(math.Max(2, math.Min(10, c.area.width()/65))), c.xFormat)
	}
	labels, lines := c.placeXTicks(p)
	bottom += float64(lines)*leading*tickSize + 6
	top = c.columnLabels(p, top, right)
	c.area.y0, c.area.y1 = bottom, top-5

	if p.crowded = c.area.width() < 60 || c.area.height() < 40; p.crowded {
		return
	}
	c.grid(p, labels)
	data()
	c.writeEndings(p)
}

// header writes the legend, the note and the name of the y axis above the plot.
func (c *chart) header(p *pen, top float64) float64 {
	right := p.w - margin
	noteWidth := p.width(c.note, labelStyle)
	legend := p.keysWidth(c.keys)
	label := p.width(c.frame.YLabel, labelStyle)
	inner := right - margin
	if len(c.keys) > 0 && c.note == "" && c.frame.YLabel != "" && label+legend+2*keyGap <= inner {
		p.keys(c.keys, right-legend, right+1, top)
		p.middle(margin, top-8, c.frame.YLabel, labelStyle)
		return top - 24
	}
	if len(c.keys) > 0 {
		top = p.keys(c.keys, margin, right, top)
	}
	if c.note != "" && label+noteWidth+2*keyGap > inner {
		for _, l := range p.wrap(c.note, inner, 2, labelStyle) {
			p.middle(margin, top-8, l, style{size: labelSize, color: ink})
			top -= leading * labelSize
		}
		top -= 4
	} else if c.note != "" {
		p.middle(right, top-8, c.note, style{size: labelSize, color: ink, align: 1})
	}
	lines := p.wrap(c.frame.YLabel, inner, 2, labelStyle)
	if c.note != "" && label+noteWidth+2*keyGap <= inner && len(lines) == 0 { // the note has the row for itself
		top -= 20
	}
	for _, l := range lines {
		p.middle(margin, top-8, l, labelStyle)
		top -= leading * labelSize
	}
	if len(lines) > 0 {
		top -= 7
	}
	return top
}

// placeXTicks chooses the labels that have room: in one line, else wrapped in up to three, else every second, third, …
func (c *chart) placeXTicks(p *pen) (labels [][]string, lines int) {
	labels = make([][]string, len(c.xticks))
	if len(c.xticks) == 0 {
		return labels, 0
	}
	room := c.area.width()
	for i := 1; i < len(c.xticks); i++ {
		room = math.Min(room, c.px(c.xticks[i].at)-c.px(c.xticks[i-1].at))
	}
	every := 1
	for ; every < len(c.xticks); every++ {
		if every > 1 || room*float64(every) > 34 {
			broken := false
			for i := 0; i < len(c.xticks); i += every {
				for _, l := range p.wrap(c.xticks[i].label, room*float64(every)-8, 3, tickStyle) {
					if l == "" || len([]rune(l)) < 3 && len([]rune(c.xticks[i].label)) > 3 {
						broken = true
					}
				}
			}
			if !broken && room*float64(every) > 16 {
				break
			}
		} else {
			fits := true
			for i := range c.xticks {
				fits = fits && p.width(c.xticks[i].label, tickStyle) <= room-5
			}
			if fits {
				break
			}
		}
	}
	space := room*float64(every) - 5
	if every > 1 || space > 34 {
		space -= 3
	}
	for i := 0; i < len(c.xticks); i += every {
		max := math.Min(space, 2*math.Min(c.px(c.xticks[i].at)-2, p.w-2-c.px(c.xticks[i].at)))
		labels[i] = p.wrap(c.xticks[i].label, max, 3, tickStyle)
		if len(labels[i]) > lines {
			lines = len(labels[i])
		}
	}
	return labels, lines
}

func (c *chart) grid(p *pen, labels [][]string) {
	for _, t := range c.yticks {
		y := c.py(t.at)
		s := stroke{color: faint, width: 0.7}
		if t.at == 0 {
			s = stroke{color: gray(0.6), width: 0.8}
		}
		p.segment(s, c.area.x0, y, c.area.x1, y)
		p.middle(c.area.x0-7, y, t.label, style{size: tickSize, color: soft, align: 1})
	}
	axis := stroke{color: gray(0.45), width: 0.9}
	p.segment(axis, c.area.x0, c.area.y0, c.area.x1, c.area.y0)
	for i, lines := range labels {
		if lines == nil {
			continue
		}
		x := c.px(c.xticks[i].at)
		p.segment(axis, x, c.area.y0, x, c.area.y0-3.5)
		y := c.area.y0 - 6
		for _, l := range lines {
			p.text(x, y-capHeight*tickSize-1, l, style{size: tickSize, color: soft, align: 0.5})
			y -= leading * tickSize
		}
	}
}

// columnLabels writes the labels of vertical lines above the plot, in as many rows as they need.
func (c *chart) columnLabels(p *pen, top, right float64) float64 {
	if len(c.columns) == 0 {
		return top
	}
	order := make([]int, 0, len(c.columns))
	for i := range c.columns {
		if c.columns[i].Label != "" {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return top
	}
	sort.SliceStable(order, func(a, b int) bool { return c.columns[order[a]].Value < c.columns[order[b]].Value })
	const most = 4
	var ends []float64
	st := style{size: tickSize, color: ink}
	labels := make([]string, len(c.columns))
	for _, i := range order {
		labels[i] = p.fit(clean(c.columns[i].Label), (right-margin)*0.6, st)
	}
	for k, i := range order {
		label, width := labels[i], p.width(labels[i], st)
		at := c.px(c.columns[i].Value)
		// Centred on its line; where neighbours collide, one ends and the other begins at its line.
		sides := []float64{0.5, 0}
		if k+1 < len(order) {
			n := order[k+1]
			if at+width/2+8 > c.px(c.columns[n].Value)-p.width(labels[n], st)/2 {
				sides = []float64{1, 0.5, 0}
			}
		}
		row, x := 0, 0.0
	search:
		for ; row < most; row++ {
			end := math.Inf(-1)
			if row < len(ends) {
				end = ends[row] + 8
			}
			for _, side := range sides {
				x = at - side*width + (side-0.5)*6
				x = math.Min(math.Max(x, margin), right-width)
				if x >= end {
					break search
				}
			}
		}
		if row == most {
			continue
		}
		if row == len(ends) {
			ends = append(ends, 0)
		}
		ends[row] = x + width
		p.text(x, top-capHeight*tickSize-float64(row)*leading*tickSize, label, st)
	}
	return top - float64(len(ends))*leading*tickSize
}

// reference is the stroke of what was not measured.
var (
	referenceColor = gray(0.25)
	reference      = stroke{color: referenceColor, width: 1.1, dash: []float64{4, 2.5}}
)

// references draws the lines of c.columns and c.rows.
func (c *chart) references(p *pen) {
	for _, r := range c.columns {
		x := c.px(r.Value)
		p.segment(reference, x, c.area.y0, x, c.area.y1+3)
	}
	for _, r := range c.rows {
		y := c.py(r.Value)
		p.segment(reference, c.area.x0, y, c.area.x1, y)
	}
}
