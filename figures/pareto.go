package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"sort"
)

// ParetoPoint is something that costs X and is worth Y.
type ParetoPoint struct {
	Name string
	X, Y float64
	// Lo and Hi are the ends of the interval of Y; both NaN or both 0: none.
	Lo, Hi float64
	// Group is the index of its kind in [ParetoOptions.Groups].
	Group int
}

// ParetoOptions describes things of which less of x and more of y is better, such as models by size and accuracy.
type ParetoOptions struct {
	Frame
	Points []ParetoPoint
	// Groups name the kinds of points, each with a colour and a shape of its own; none: one kind without a name.
	Groups []string
	// HLines are levels to compare with, such as that of the original.
	HLines []Reference
	// XRange and YRange; zero: what the data need.
	XRange, YRange Range
	// XFormat and YFormat write the numbers on the axes; nil: plain.
	XFormat, YFormat func(float64) string
}

// Pareto draws points with intervals and names, and through those that nothing beats the front: the most that can be had at each
// cost. Points that something beats are pale. Its Data has one line a point.
func Pareto(o ParetoOptions) (*Figure, error) {
	o.Frame = o.Frame.clean()
	if len(o.Points) == 0 {
		return nil, fmt.Errorf("figures: pareto %q has no point", o.Title)
	}
	t := &Table{Columns: []Column{{Name: o.say("name")}, {Name: cmp.Or(o.XLabel, "x")}, {Name: cmp.Or(o.YLabel, "y")}, {Name: o.say("low")}, {Name: o.say("high")}, {Name: o.say("group")}, {Name: o.say("front")}}}
	front := ParetoFront(o.Points)
	var xs, ys []float64
	for i, p := range o.Points {
		if !finite(p.X) || !finite(p.Y) {
			return nil, fmt.Errorf("figures: pareto %q: %s stands at (%g, %g): finite numbers were expected", o.Title, p.Name, p.X, p.Y)
		}
		group := ""
		if len(o.Groups) > 0 {
			if p.Group < 0 || p.Group >= len(o.Groups) {
				return nil, fmt.Errorf("figures: pareto %q: %s is of group %d, of %d", o.Title, p.Name, p.Group, len(o.Groups))
			}
			group = o.Groups[p.Group]
		}
		xs, ys = append(xs, p.X), append(ys, p.Y)
		line := []any{p.Name, p.X, p.Y, math.NaN(), math.NaN(), group, front[i]}
		if p.whiskers() {
			line[3], line[4] = p.Lo, p.Hi
			ys = append(ys, p.Lo, p.Hi)
		}
		t.Rows = append(t.Rows, line)
	}
	xr, yr, err := ranges(o.XRange, o.YRange, [][]float64{xs}, [][]float64{ys, values(o.HLines)})
	if err != nil {
		return nil, fmt.Errorf("%w (pareto %q)", err, o.Title)
	}
	if o.XRange.auto() {
		xr = xr.pad(0.08)
	}
	if o.YRange.auto() {
		yr = yr.pad(0.06)
	}
	o.HLines = within(o.HLines, yr)
	return newFigure(o.Frame, Size{8, 5}, t, func(p *pen) { o.draw(p, front, xr, yr) })
}

func (p ParetoPoint) whiskers() bool { return finite(p.Lo) && finite(p.Hi) && p.Lo < p.Hi }

// ParetoFront says which points nothing beats: no other point costs no more and is worth no less, and differs.
func ParetoFront(points []ParetoPoint) []bool {
	front := make([]bool, len(points))
	for i, p := range points {
		front[i] = true
		for _, q := range points {
			if q.X <= p.X && q.Y >= p.Y && (q.X < p.X || q.Y > p.Y) {
				front[i] = false
				break
			}
		}
	}
	return front
}

func (o ParetoOptions) draw(p *pen, front []bool, xr, yr Range) {
	c := &chart{frame: o.Frame, x: xr, y: yr, xFormat: o.XFormat, yFormat: o.YFormat, rows: o.HLines}
	colour := func(group int, onFront bool) color.NRGBA {
		if onFront {
			return category(group)
		}
		return fade(category(group), 0.45)
	}
	for i, name := range o.Groups {
		c.keys = append(c.keys, key{name: clean(name), draw: func(p *pen, x, y float64) { p.marker(i, category(i), x, y, 4) }})
	}
	edge := stroke{color: gray(0.55), width: 1.4}
	c.keys = append(c.keys, key{name: o.say("nothing beats it"), draw: func(p *pen, x, y float64) { p.segment(edge, x-9, y, x+9, y) }})
	c.draw(p, func() {
		c.references(p)
		lines := c.front(p, edge, o.Points, front)
		for _, r := range o.HLines {
			lines = append(lines, box{c.area.x0, c.py(r.Value), c.area.x1, c.py(r.Value)})
		}
		var taken []box
		for i, point := range o.Points {
			if !c.inside(point.X) {
				continue
			}
			x, y := c.px(point.X), c.py(c.clip(point.Y))
			if point.whiskers() {
				p.whisker(stroke{color: colour(point.Group, front[i]), width: 1.3}, x, c.py(c.clip(point.Lo)), c.py(c.clip(point.Hi)), 2.5)
			}
			taken = append(taken, box{x, y, x, y}.grow(5))
		}
		for i, point := range o.Points {
			if c.inside(point.X) {
				p.marker(point.Group, colour(point.Group, front[i]), c.px(point.X), c.py(c.clip(point.Y)), 4.4)
			}
		}
		c.nameAll(p, o.Points, front, taken, lines)
	})
}

// front draws the staircase through the points that nothing beats, and returns where its lines are.
func (c *chart) front(p *pen, s stroke, points []ParetoPoint, front []bool) (lines []box) {
	var steps []ParetoPoint
	for i, point := range points {
		if front[i] && c.inside(point.X) {
			steps = append(steps, point)
		}
	}
	sort.SliceStable(steps, func(i, j int) bool { return steps[i].X < steps[j].X })
	for i, point := range steps {
		x, y, right := c.px(point.X), c.py(c.clip(point.Y)), c.area.x1
		if i+1 < len(steps) {
			right = c.px(steps[i+1].X)
			above := c.py(c.clip(steps[i+1].Y))
			p.segment(s, right, y, right, above)
			lines = append(lines, box{right, y, right, above})
		}
		p.segment(s, x, y, right, y)
		lines = append(lines, box{x, y, right, y})
	}
	return lines
}

// nameAll writes the name of every point where it covers neither a point nor another name nor, if there is room, a whisker or a line; with a
// thread to the point where that is far. Those on the front choose first.
func (c *chart) nameAll(p *pen, points []ParetoPoint, front []bool, taken, lines []box) {
	const size = 9.0
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return front[order[a]] && !front[order[b]] })
	for _, i := range order {
		if !c.inside(points[i].X) {
			continue
		}
		st := style{size: size, color: ink, bold: front[i]}
		label := p.fit(clean(points[i].Name), 0.25*p.w, st)
		w, h := p.width(label, st), size*0.95
		x, y := c.px(points[i].X), c.py(c.clip(points[i].Y))
		b, far, ok := c.place(x, y, w, h, taken, append(slices.Clone(p.whiskers), lines...), 38)
		if !ok {
			b, far, ok = c.place(x, y, w, h, taken, p.whiskers, 150)
		}
		if !ok {
			b, far, ok = c.place(x, y, w, h, taken, nil, 150)
		}
		if ok {
			if far {
				p.segment(stroke{color: gray(0.6), width: 0.6}, x, y, math.Max(b.x0, math.Min(b.x1, x)), math.Max(b.y0, math.Min(b.y1, y)))
			}
			p.rect(fade(white, 0.8), b.grow(1)) // a line behind the words does not cross them out
			p.text(b.x0, b.y0+descent*size, label, st)
			taken = append(taken, b)
		}
	}
}

// place finds room for a text of this size near a point: the nearest place in widening rings around it.
func (c *chart) place(x, y, w, h float64, taken, lines []box, most float64) (_ box, far, ok bool) {
	for _, radius := range []float64{7, 10, 14, 20, 28, 38, 50, 64, 80, 100, 125, 150} {
		if radius > most {
			break
		}
		for _, degrees := range []float64{0, 180, 90, 270, 45, 315, 135, 225, 20, 340, 160, 200} {
			sin, cos := math.Sincos(degrees * math.Pi / 180)
			// The text's nearest edge lies on the ring.
			middleX, middleY := x+cos*radius+w/2*math.Copysign(math.Min(1, math.Abs(cos)*1.5), cos), y+sin*(radius+h/2)
			b := box{middleX - w/2, middleY - h/2, middleX + w/2, middleY + h/2}
			if b.x0 < c.area.x0+1 || b.x1 > c.area.x1 || b.y0 < c.area.y0+1 || b.y1 > c.area.y1 {
				continue
			}
			free := true
			for _, t := range taken {
				free = free && !b.grow(1).overlaps(t)
			}
			for _, t := range lines {
				free = free && !b.overlaps(t.grow(0.5))
			}
			if free {
				return b, radius > 14, true
			}
		}
	}
	return box{}, false, false
}
