package figures

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// area of a region by the shoelace formula; holes count negative.
func (r region) area() float64 {
	sum := 0.0
	for _, loop := range r.loops {
		for i, n := range loop {
			a, b := r.place[n], r.place[loop[(i+1)%len(loop)]]
			sum += (a[0]*b[1] - b[0]*a[1]) / 2
		}
	}
	return sum
}

func grid(n int, f func(x, y float64) float64) *field {
	axis := make([]float64, n)
	for i := range axis {
		axis[i] = 2*float64(i)/float64(n-1) - 1
	}
	values := make([][]float64, n)
	for j, y := range axis {
		for _, x := range axis {
			values[j] = append(values[j], f(x, y))
		}
	}
	return &field{x: axis, y: axis, values: values}
}

func TestTheRegionOfADiscHasItsArea(t *testing.T) {
	f := grid(101, func(x, y float64) float64 { return x*x + y*y })
	r := f.atLeast(0.49)
	if len(r.loops) != 2 { // the border and the hole
		t.Errorf("%d loops", len(r.loops))
	}
	if got, want := r.area(), 4-0.49*math.Pi; math.Abs(got-want) > 2e-3 {
		t.Errorf("area %g, want %g", got, want)
	}
	lines := r.lines()
	if len(lines) != 1 || lines[0][0] != lines[0][len(lines[0])-1] {
		t.Errorf("%d lines, the first from %v to %v: wanted one closed circle", len(lines), lines[0][0], lines[0][len(lines[0])-1])
	}
	for _, n := range lines[0] {
		if at := r.place[n]; math.Abs(math.Hypot(at[0], at[1])-0.7) > 2e-3 {
			t.Errorf("the contour passes %v", at)
		}
	}
}

func TestRegionsNestAndFillThePlane(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 6).Draw(t, "n")
		some := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0.5, 1, 2, 2, 3}), n*n, n*n).Draw(t, "values")
		k := 0
		f := grid(n, func(float64, float64) float64 { k++; return some[k-1] })
		if whole := f.atLeast(math.Inf(-1)).area(); math.Abs(whole-4) > 1e-9 {
			t.Errorf("the whole plane has the area %g", whole)
		}
		last := 4.0
		for _, level := range []float64{0, 0.5, 0.7, 1, 2, 2.5, 3, 3.5} {
			area := f.atLeast(level).area()
			if area < -1e-9 || area > last+1e-9 {
				t.Errorf("above %g the area is %g, below it was %g", level, area, last)
			}
			// The rest of the plane is the region of the field turned over.
			over := grid(n, func(x, y float64) float64 { return 0 })
			for j := range f.values {
				for i := range f.values[j] {
					over.values[j][i] = -f.values[j][i]
				}
			}
			if flat := !contains(some, level); flat && math.Abs(area+over.atLeast(-level).area()-4) > 1e-9 && !centreAt(f, level) {
				t.Errorf("at %g the two sides have the areas %g and %g", level, area, over.atLeast(-level).area())
			}
			last = area
		}
	})
}

func contains(list []float64, v float64) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// centreAt reports whether a cell's centre has just the level, where a flat triangle belongs to both sides.
func centreAt(f *field, level float64) bool {
	hit := false
	f.triangles(func(t [3]corner) { hit = hit || t[2].v == level })
	return hit
}

func TestLevelsAreRoundAndInside(t *testing.T) {
	for _, c := range []struct {
		scale Scale
		r     Range
	}{{Linear, Range{0, 1}}, {Log, Range{0.1, 8}}, {Log, Range{0.3, 0.34}}, {Log, Range{1e-3, 90}}, {Log, Range{1e-9, 1e9}}} {
		f := &field{scale: c.scale, limits: c.r}
		levels := f.levels(10)
		if len(levels) < 2 || len(levels) > 20 {
			t.Errorf("%v has %d levels", c.r, len(levels))
		}
		for i, l := range levels {
			if l.at <= c.r.Min || l.at >= c.r.Max || i > 0 && l.at <= levels[i-1].at {
				t.Errorf("%v has the levels %v", c.r, levels)
			}
		}
	}
}

func TestFieldsThatCannotBeDrawnAreRefused(t *testing.T) {
	good := ContourOptions{X: []float64{0, 1}, Y: []float64{0, 1}, Values: [][]float64{{1, 2}, {3, 4}}}
	for mentions, change := range map[string]func(*ContourOptions){
		"at least 2 × 2":  func(o *ContourOptions) { o.X = o.X[:1] },
		"ascending":       func(o *ContourOptions) { o.Y = []float64{1, 0} },
		"row 1 has 1":     func(o *ContourOptions) { o.Values = [][]float64{{1, 2}, {3}} },
		"no finite value": func(o *ContourOptions) { o.Values = [][]float64{{math.NaN(), math.NaN()}, {math.Inf(1), math.NaN()}} },
		"above 0":         func(o *ContourOptions) { o.Scale, o.Values = Log, [][]float64{{0, 2}, {3, 4}} },
		"level 1":         func(o *ContourOptions) { o.Levels = []float64{2, 1} },
	} {
		o := good
		change(&o)
		if _, err := Contour(o); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%v does not mention %q", err, mentions)
		}
		if mentions == "level 1" {
			continue
		}
		s := SurfaceOptions{X: o.X, Y: o.Y, Values: o.Values, Scale: o.Scale}
		if _, err := Surface(s); err == nil {
			t.Errorf("a surface was drawn of %q", mentions)
		}
		if _, err := s.Interactive(""); err == nil {
			t.Errorf("a surface to turn was made of %q", mentions)
		}
	}
}

func TestAnyContourAndSurfaceIsDrawnOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nx, ny := rapid.IntRange(1, 7).Draw(t, "nx"), rapid.IntRange(1, 7).Draw(t, "ny")
		axis := func(n int) []float64 {
			from, step := anyNumber.Draw(t, "from"), rapid.Float64Range(1e-3, 10).Draw(t, "step")
			out := make([]float64, n)
			for i := range out {
				out[i] = from + step*float64(i)
			}
			return out
		}
		o := ContourOptions{
			Frame: anyFrame(t), X: axis(nx), Y: axis(ny), Scale: rapid.SampledFrom([]Scale{Linear, Log}).Draw(t, "scale"), Legend: anyLabel.Draw(t, "legend"),
			PathName: anyLabel.Draw(t, "path"),
		}
		for range ny {
			row := anyNumbers(t, nx)
			if o.Scale == Log {
				for i := range row {
					row[i] = math.Abs(row[i])
				}
			}
			o.Values = append(o.Values, row)
		}
		for range rapid.IntRange(0, 3).Draw(t, "marks") {
			m := Mark{anyNumber.Draw(t, "x"), anyNumber.Draw(t, "y"), anyLabel.Draw(t, "label")}
			o.Marks = append(o.Marks, m, Mark{o.X[nx/2], o.Y[ny/2], m.Label})
			o.Path = append(o.Path, Waypoint{m.X, m.Y, anyNumber.Draw(t, "value"), m.Label}, Waypoint{o.X[nx/2], o.Y[0], 1, m.Label})
		}
		f, err := Contour(o)
		sound(t, f, err)
		s := SurfaceOptions{Frame: o.Frame, X: o.X, Y: o.Y, Values: o.Values, Scale: o.Scale, ZLabel: o.Legend, Marks: o.Marks}
		f, err = Surface(s)
		sound(t, f, err)
		if piece, err := s.Interactive(""); err == nil && strings.Count(piece, "<script>") != 1 {
			t.Errorf("a label leaves its place:\n%s", piece)
		}
	})
}

func TestASurfaceToTurnNeedsNothingElseAndIsTheSameEachTime(t *testing.T) {
	o := demoSurface(Frame{Title: `</script><b>"`, XLabel: "α"}, []float64{0, 1, 2}, [][]float64{{1, 2, 3}, {4, 5, math.NaN()}, {7, 8, 9}}, []Mark{{1, 0, "</script>"}})
	first, err := o.Interactive("")
	if err != nil {
		t.Fatal(err)
	}
	second, _ := o.Interactive("")
	if first != second {
		t.Error("the same surface has two texts")
	}
	for _, foreign := range []string{"http:", "https:", "src=", "import", "</script><b>"} {
		if strings.Contains(first, foreign) {
			t.Errorf("it contains %q", foreign)
		}
	}
	_, rest, _ := strings.Cut(first, "var d = ")
	text, _, _ := strings.Cut(rest, ", root = ")
	var data struct{ Z [][]*float64 }
	if err := json.Unmarshal([]byte(text), &data); err != nil {
		t.Fatal(err)
	}
	if len(data.Z) != 3 || data.Z[1][2] != nil || *data.Z[0][0] != 0 || *data.Z[2][2] != 1 {
		t.Errorf("heights %v", text)
	}
	page, err := o.InteractivePage("ziehen")
	if err != nil || !strings.HasPrefix(page, "<!DOCTYPE html>") || !strings.Contains(page, "ziehen") || strings.Contains(page, "<b>") {
		t.Errorf("%v\n%s", err, page)
	}
}

func TestLogLevelsAreAtEqualRatiosAndRounded(t *testing.T) {
	levels := LogLevels(Range{0.01, 100}, 4)
	if len(levels) != 3 {
		t.Fatalf("%v", levels)
	}
	for i, want := range []float64{0.1, 1, 10} {
		if math.Abs(levels[i]/want-1) > 1e-9 {
			t.Errorf("level %d is %g, want %g", i, levels[i], want)
		}
	}
	if narrow := LogLevels(Range{1, 1.0001}, 10); len(narrow) > 1 {
		t.Errorf("levels of the same three digits: %v", narrow)
	}
}
