package figures

import (
	"cmp"
	"fmt"
	"math"
)

// HeatmapOptions describes a grid of coloured cells, such as layers × heads.
type HeatmapOptions struct {
	Frame
	// Values, row by row, the first row on top. All rows are equally long. NaN and ±Inf are missing cells: grey and hatched.
	Values [][]float64
	// Rows and Columns name the lines of the grid; nil: 0, 1, 2, …
	Rows, Columns []string
	// Palette of the cells.
	Palette Palette
	// Limits of the palette; zero: the values' own, for [Diverging] symmetric about zero. Values beyond take the end's colour.
	Limits Range
	// Legend names the values, with their unit. It stands beside the colour bar.
	Legend string
	// Format of the numbers in the cells, a fmt verb; "": "%.2f". They are left out where they would not be legible.
	Format string
	// Missing says what a missing cell means, such as "removed"; "": "no value".
	Missing string
	// Marks puts a star on each cell where it is true; nil: none. Same shape as Values.
	Marks [][]bool
	// MarkLabel says what the star means, such as "p < 0.01".
	MarkLabel string
}

// Heatmap draws a grid of numbers. Its Data has one line a cell: row, column, value, mark.
func Heatmap(o HeatmapOptions) (*Figure, error) {
	o.Frame = o.Frame.clean()
	rows := len(o.Values)
	if rows == 0 || len(o.Values[0]) == 0 {
		return nil, fmt.Errorf("figures: heat map %q has no cells", o.Title)
	}
	columns := len(o.Values[0])
	for i, r := range o.Values {
		if len(r) != columns {
			return nil, fmt.Errorf("figures: heat map %q: row %d has %d values, row 0 has %d", o.Title, i, len(r), columns)
		}
		if o.Marks != nil && (len(o.Marks) != rows || len(o.Marks[i]) != columns) {
			return nil, fmt.Errorf("figures: heat map %q: marks are not %d × %d like the values", o.Title, rows, columns)
		}
	}
	if most := 4096; rows > most || columns > most || rows*columns > 1<<16 {
		return nil, fmt.Errorf("figures: heat map %q has %d × %d cells: too many to tell apart on a page", o.Title, rows, columns)
	}
	if o.Rows != nil && len(o.Rows) != rows || o.Columns != nil && len(o.Columns) != columns {
		return nil, fmt.Errorf("figures: heat map %q: %d row and %d column labels for %d × %d cells", o.Title, len(o.Rows), len(o.Columns), rows, columns)
	}
	h := heatmap{HeatmapOptions: o, cells: o.Values}
	h.Rows, h.Columns = numbered(o.Rows, rows), numbered(o.Columns, columns)
	if h.Format == "" {
		h.Format = "%.2f"
	}
	if h.Missing == "" {
		h.Missing = h.say("no value")
	}
	h.Legend, h.Missing, h.MarkLabel = clean(h.Legend), clean(h.Missing), clean(h.MarkLabel)
	var err error
	if h.Limits, err = o.limits(); err != nil {
		return nil, err
	}

	size := Size{
		Width:  math.Min(10, math.Max(5.5, (130+float64(columns)*38)/inch)),
		Height: math.Min(8, math.Max(2.6, (150+float64(rows)*27)/inch)),
	}
	return newFigure(o.Frame, size, h.table(), h.draw)
}

func numbered(labels []string, n int) []string {
	out := make([]string, n)
	for i := range out {
		if labels == nil {
			out[i] = fmt.Sprint(i)
		} else {
			out[i] = clean(labels[i])
		}
	}
	return out
}

// limits of the palette. Without any finite cell they are 0 … 1.
func (o HeatmapOptions) limits() (Range, error) {
	if !o.Limits.auto() {
		if err := o.Limits.check("palette"); err != nil {
			return Range{}, err
		}
		return o.Limits.widen(), nil
	}
	r, ok := extent(o.Values...)
	if !ok {
		return Range{0, 1}, nil
	}
	if err := r.check("value"); err != nil {
		return Range{}, err
	}
	if o.Palette == Diverging {
		m := math.Max(math.Abs(r.Min), math.Abs(r.Max))
		if m < 1e-90 {
			m = 1
		}
		return Range{-m, m}, nil
	}
	return r.widen().outward(5), nil
}

type heatmap struct {
	HeatmapOptions
	cells [][]float64
}

func (h heatmap) table() *Table {
	t := &Table{Columns: []Column{
		{Name: cmp.Or(h.YLabel, h.say("row"))}, {Name: cmp.Or(h.XLabel, h.say("column"))}, {Name: cmp.Or(h.Legend, h.say("value")), Format: h.Format},
	}}
	if h.Marks != nil {
		t.Columns = append(t.Columns, Column{Name: cmp.Or(h.MarkLabel, h.say("marked"))})
	}
	for i, row := range h.cells {
		for j, v := range row {
			line := []any{h.Rows[i], h.Columns[j], v}
			if h.Marks != nil {
				line = append(line, h.Marks[i][j])
			}
			t.Rows = append(t.Rows, line)
		}
	}
	return t
}

func (h heatmap) draw(p *pen) {
	f := h.Frame
	rows, columns := len(h.cells), len(h.cells[0])
	top, bottom := f.words(p)
	right := p.w - margin

	top = h.colourBar(p, top, right)
	if f.YLabel != "" {
		p.middle(margin, top-8, p.fit(f.YLabel, right-margin, labelStyle), labelStyle)
		top -= 20
	}
	widest := 0.0
	labels := make([]string, rows)
	for i, l := range h.Rows {
		labels[i] = p.fit(l, 0.28*p.w, tickStyle)
		widest = math.Max(widest, p.width(labels[i], tickStyle))
	}
	left := margin + widest + 7
	if f.XLabel != "" {
		label := p.fit(f.XLabel, right-margin, labelStyle)
		half := p.width(label, labelStyle) / 2
		p.text(math.Min(math.Max((left+right)/2, margin+half), right-half), bottom+2, label, style{size: labelSize, color: ink, align: 0.5})
		bottom += leading*labelSize + 5
	}
	turned, under := h.columnLabels(p, (right-left)/float64(columns))
	bottom += under + 5

	grid := box{left, bottom, right, top}
	if p.crowded = grid.width() < 40 || grid.height() < 16; p.crowded {
		return
	}
	w, t := grid.width()/float64(columns), grid.height()/float64(rows)
	cell := func(i, j int) box {
		return box{grid.x0 + float64(j)*w, grid.y1 - float64(i+1)*t, grid.x0 + float64(j+1)*w, grid.y1 - float64(i)*t}
	}
	gap := math.Min(0.5, math.Min(w, t)/20)
	size := h.valueSize(p, w, t)
	for i, row := range h.cells {
		for j, v := range row {
			h.cell(p, cell(i, j).grow(-gap), v, size, h.Marks != nil && h.Marks[i][j])
		}
	}
	p.line(stroke{color: gray(0.6), width: 0.6}, pt(grid.x0, grid.y0), pt(grid.x1, grid.y0), pt(grid.x1, grid.y1), pt(grid.x0, grid.y1), pt(grid.x0, grid.y0))

	every := int(math.Ceil(tickSize * 1.1 / t))
	for i := 0; i < rows; i += every {
		c := cell(i, 0)
		p.middle(left-7, (c.y0+c.y1)/2, labels[i], style{size: tickSize, color: soft, align: 1})
	}
	for j, l := range turned {
		if l == "" {
			continue
		}
		c := cell(rows-1, j)
		x := (c.x0 + c.x1) / 2
		if h.upright(p, w) {
			p.text(x, bottom-6-capHeight*tickSize, l, style{size: tickSize, color: soft, align: 0.5})
		} else {
			p.text(x+capHeight/2*tickSize, bottom-6, l, style{size: tickSize, color: soft, align: 1, turn: math.Pi / 2})
		}
	}
}

// upright reports whether the column labels fit side by side without turning them: all of them, or numbers with some left out.
func (h heatmap) upright(p *pen, w float64) bool {
	widest, long := 0.0, 0
	for _, l := range h.Columns {
		widest = math.Max(widest, p.width(l, tickStyle))
		long = max(long, len([]rune(l)))
	}
	return widest+5 <= w || long <= 4
}

// columnLabels returns the labels to write (empty: left out) and the height below the grid that they need.
func (h heatmap) columnLabels(p *pen, w float64) ([]string, float64) {
	out := make([]string, len(h.Columns))
	need, height := 0.0, leading*tickSize
	if h.upright(p, w) {
		for _, l := range h.Columns {
			need = math.Max(need, p.width(l, tickStyle)+5)
		}
	} else {
		need = tickSize * 1.15
	}
	every := int(math.Max(1, math.Ceil(need/w)))
	for j := 0; j < len(out); j += every {
		out[j] = p.fit(h.Columns[j], 0.26*p.h, tickStyle)
		if !h.upright(p, w) {
			height = math.Max(height, p.width(out[j], tickStyle))
		}
	}
	return out, height
}

// valueSize is the size at which all numbers fit their cells, or zero.
func (h heatmap) valueSize(p *pen, w, t float64) float64 {
	longest := 0.0
	for _, row := range h.cells {
		for _, v := range row {
			if finite(v) {
				longest = math.Max(longest, p.width(printed(h.Format, v), style{size: 1}))
			}
		}
	}
	room := w - 5
	if h.Marks != nil {
		room = w - 13
	}
	size := math.Min(10, math.Min(room/longest, t*0.6))
	if size < 6.5 {
		return 0
	}
	return size
}

func (h heatmap) cell(p *pen, b box, v, size float64, mark bool) {
	x, y := (b.x0+b.x1)/2, (b.y0+b.y1)/2
	ground := gray(0.94)
	if finite(v) {
		ground = h.Palette.at((v - h.Limits.Min) / (h.Limits.Max - h.Limits.Min))
		p.rect(ground, b)
		if size > 0 {
			p.middle(x, y, printed(h.Format, v), style{size: size, color: on(ground), align: 0.5})
		}
	} else {
		p.hatch(b)
	}
	if mark {
		r := math.Min(3, math.Min(b.width(), b.height())*0.3)
		if size > 0 {
			p.star(on(ground), b.x1-r-1.5, b.y1-r-1.5, r)
		} else {
			p.star(on(ground), x, y, r)
		}
	}
}

// colourBar writes what the colours, the hatching and the stars mean, above the grid.
func (h heatmap) colourBar(p *pen, top, right float64) float64 {
	const barWidth, barHeight = 170.0, 9.0
	bar := math.Min(barWidth, (right-margin)*0.4)
	ticks := h.Limits.ticks(4, nil)
	x, y := margin, top-8
	last := ticks[len(ticks)-1]
	overhang := p.width(last.label, tickStyle)/2 + 2
	if label := p.width(h.Legend, labelStyle); label+12+bar+overhang <= right-margin {
		if h.Legend != "" {
			p.middle(x, y, h.Legend, labelStyle)
			x += label + 12
		}
	} else {
		for _, l := range p.wrap(h.Legend, right-margin, 2, labelStyle) {
			p.middle(x, y, l, labelStyle)
			y -= leading * labelSize
		}
	}
	x = math.Max(x, margin+p.width(ticks[0].label, tickStyle)/2)
	const steps = 100
	for i := range steps { // each to the end of the bar, so that no seam shows
		p.rect(h.Palette.at((float64(i)+0.5)/steps), box{x + bar*float64(i)/steps, y - barHeight/2, x + bar, y + barHeight/2})
	}
	p.line(stroke{color: gray(0.5), width: 0.5}, pt(x, y-barHeight/2), pt(x+bar, y-barHeight/2), pt(x+bar, y+barHeight/2), pt(x, y+barHeight/2), pt(x, y-barHeight/2))
	end := math.Inf(-1)
	for _, t := range ticks {
		at := x + bar*(t.at-h.Limits.Min)/(h.Limits.Max-h.Limits.Min)
		p.segment(stroke{color: gray(0.5), width: 0.6}, at, y-barHeight/2, at, y-barHeight/2-2.5)
		half := p.width(t.label, tickStyle) / 2
		if at-half < end+4 || at+half > right+4 {
			continue
		}
		end = at + half
		p.text(at, y-barHeight/2-4-capHeight*tickSize, t.label, style{size: tickSize, color: soft, align: 0.5})
	}

	var items []key
	if h.hasMissing() {
		items = append(items, key{name: h.Missing, draw: func(p *pen, x, y float64) {
			p.hatch(box{x - 7, y - 4.5, x + 7, y + 4.5})
		}})
	}
	if h.Marks != nil {
		items = append(items, key{name: cmp.Or(h.MarkLabel, h.say("marked")), draw: func(p *pen, x, y float64) { p.star(ink, x, y, 4.5) }})
	}
	after := math.Max(x+bar+overhang, end) + 2*keyGap
	if len(items) > 0 && after+p.keysWidth(items) <= right {
		p.keys(items, after, right+1, y+8)
		return y - 26
	}
	return p.keys(items, margin, right, y-22) - 6
}

func (h heatmap) hasMissing() bool {
	for _, row := range h.cells {
		for _, v := range row {
			if !finite(v) {
				return true
			}
		}
	}
	return false
}
