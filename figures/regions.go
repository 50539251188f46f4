package figures

// node names a point of a triangulation: a corner or a centre (a == b), or where a value is crossed between two of them.
type node struct{ a, b int }

func (n node) crossing() bool { return n.a != n.b }

// corner is a point of the triangulation with its value.
type corner struct {
	id      int
	x, y, v float64
}

// region is where the field is at least a value: closed loops with the region on their left, so that holes run the other way.
type region struct {
	loops [][]node
	place map[node][2]float64
}

// atLeast traces the region of values ≥ level. Each cell of the grid is four triangles around its centre, whose value is the mean of
// the corners; within a triangle the field is linear. Cells with a missing corner are left out.
//
// Every triangle contributes the oriented outline of its part. Edges between two parts appear once each way and cancel; what is
// left are the outlines of the region.
func (f *field) atLeast(level float64) region {
	r := region{place: map[node][2]float64{}}
	open := map[[2]node]bool{}
	var order [][2]node // edges in the order in which they came, for the same bytes each time
	f.triangles(func(t [3]corner) {
		outline := r.clip(t, level)
		for i, from := range outline {
			edge := [2]node{from, outline[(i+1)%len(outline)]}
			if back := [2]node{edge[1], edge[0]}; open[back] {
				delete(open, back)
				continue
			}
			open[edge] = true
			order = append(order, edge)
		}
	})
	next := map[node][]node{}
	for _, edge := range order {
		if open[edge] {
			next[edge[0]] = append(next[edge[0]], edge[1])
			delete(open, edge) // listed once
		}
	}
	for _, edge := range order {
		for at := edge[0]; len(next[at]) > 0; {
			var loop []node
			for len(next[at]) > 0 {
				loop = append(loop, at)
				to := next[at][0]
				next[at] = next[at][1:]
				at = to
			}
			r.loops = append(r.loops, loop)
			at = edge[0]
		}
	}
	return r
}

// triangles visits the triangles of all whole cells, counter-clockwise.
func (f *field) triangles(visit func([3]corner)) {
	nx := len(f.x)
	for j := range len(f.y) - 1 {
		for i := range nx - 1 {
			at := func(di, dj int) corner {
				return corner{(j+dj)*nx + i + di, f.x[i+di], f.y[j+dj], f.values[j+dj][i+di]}
			}
			corners := [4]corner{at(0, 0), at(1, 0), at(1, 1), at(0, 1)}
			centre := corner{id: nx*len(f.y) + j*nx + i}
			for _, c := range corners {
				centre.x, centre.y, centre.v = centre.x+c.x/4, centre.y+c.y/4, centre.v+c.v/4
			}
			if !finite(centre.v) {
				continue
			}
			for k, c := range corners {
				visit([3]corner{c, corners[(k+1)%4], centre})
			}
		}
	}
}

// clip is the outline of the part of a triangle where v ≥ level.
func (r *region) clip(t [3]corner, level float64) []node {
	var outline []node
	for i, from := range t {
		to := t[(i+1)%3]
		if from.v >= level {
			n := node{from.id, from.id}
			r.place[n] = [2]float64{from.x, from.y}
			outline = append(outline, n)
		}
		if (from.v >= level) != (to.v >= level) {
			n := node{min(from.id, to.id), max(from.id, to.id)}
			if _, known := r.place[n]; !known {
				s := (level - from.v) / (to.v - from.v)
				r.place[n] = [2]float64{from.x + s*(to.x-from.x), from.y + s*(to.y-from.y)}
			}
			outline = append(outline, n)
		}
	}
	return outline
}

// lines are the parts of the outlines along which the value is the level, without those along the border.
func (r region) lines() [][]node {
	var lines [][]node
	for _, loop := range r.loops {
		start := 0 // begin after a part along the border, if there is one
		for i, n := range loop {
			if !n.crossing() {
				start = i
			}
		}
		var line []node
		flush := func() {
			if len(line) > 1 {
				lines = append(lines, line)
			}
			line = nil
		}
		closed := loop[start].crossing()
		for k := range loop {
			n := loop[(start+k)%len(loop)]
			if !n.crossing() {
				flush()
				continue
			}
			line = append(line, n)
		}
		if closed && len(line) == len(loop) {
			line = append(line, line[0])
		}
		flush()
	}
	return lines
}
