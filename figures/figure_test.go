package figures

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"flag"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

func names() []string {
	var out []string
	for n := range demos() {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

func demo(t *testing.T, name string) *Figure {
	t.Helper()
	f, err := demos()[name]()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFiguresEqualTheirGoldenImages(t *testing.T) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			got, err := demo(t, name).SVG()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".svg")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from %s; look at both, then run the test with -update", name, path)
			}
		})
	}
}

func TestTheSameDataGiveTheSameBytes(t *testing.T) {
	for _, name := range names() {
		for kind, format := range map[string]func(*Figure) ([]byte, error){"PNG": (*Figure).PNG, "SVG": (*Figure).SVG, "PDF": (*Figure).PDF} {
			var got [2][]byte
			var wait sync.WaitGroup
			for i := range got { // two figures at once, as in a notebook server
				f := demo(t, name)
				wait.Add(1)
				go func() {
					defer wait.Done()
					raw, err := format(f)
					if err != nil {
						t.Error(err)
					}
					got[i] = raw
				}()
			}
			wait.Wait()
			if len(got[0]) == 0 || !bytes.Equal(got[0], got[1]) {
				t.Errorf("%s as %s: %d and %d bytes that differ", name, kind, len(got[0]), len(got[1]))
			}
		}
	}
}

func TestSaveWritesEachFormatAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	f := demo(t, "curves")
	for ext, head := range map[string]string{".png": "\x89PNG", ".svg": "<svg ", ".pdf": "%PDF-", ".csv": "series,"} {
		path := filepath.Join(dir, "figure"+ext)
		if err := f.Save(path); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(raw), head) {
			t.Errorf("%s begins with %.10q (%v)", path, raw, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Errorf("%d files, want 4", len(entries))
	}
	if err := f.Save(filepath.Join(dir, "figure.gif")); err == nil || !strings.Contains(err.Error(), ".png, .svg, .pdf") {
		t.Errorf("saving .gif: %v, want an error that names the formats", err)
	}
	if err := f.Save(filepath.Join(dir, "absent", "figure.png")); err == nil {
		t.Error("saving into an absent folder succeeded")
	}
}

func TestPNGHasTheSizeAskedForAndSVGIsWellFormed(t *testing.T) {
	raw, err := demo(t, "bars").PNG()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil || img.Bounds().Dx() != 8*DPI || img.Bounds().Dy() != 4.5*DPI {
		t.Errorf("PNG is %v (%v), want 1600 × 900", img.Bounds(), err)
	}
	f, err := Bars(BarsOptions{Frame: Frame{Title: `<&"'>` + "\x00\xff"}, Groups: []string{"<a>"}, Series: []BarSeries{{Values: []float64{1}}}})
	if err != nil {
		t.Fatal(err)
	}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg)
}

func wellFormed(t interface{ Fatalf(string, ...any) }, raw []byte) {
	d := xml.NewDecoder(bytes.NewReader(raw))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("not well formed: %v\n%s", err, raw)
		}
	}
}

// embedded are the fonts in an SVG.
var embedded = regexp.MustCompile(`(?s)<style>.*?</style>`)

// laidOut fails if a word leaves the canvas or covers another.
func laidOut(t interface{ Errorf(string, ...any) }, f *Figure) {
	p := f.drawOn(blank{})
	for i, a := range p.words {
		for _, v := range []float64{a.x0, a.x1, a.y0, a.y1} {
			if !finite(v) {
				t.Errorf("%q stands at %v", a.text, a.box)
			}
		}
		if a.x0 < -0.5 || a.x1 > p.w+0.5 || a.y0 < -0.5 || a.y1 > p.h+0.5 {
			t.Errorf("%q at %v leaves the canvas of %g × %g", a.text, a.box, p.w, p.h)
		}
		for _, b := range p.words[:i] {
			if a.grow(-1.2).overlaps(b.grow(-1.2)) {
				t.Errorf("%q at %v covers %q at %v", a.text, a.box, b.text, b.box)
			}
		}
	}
}

func TestNoWordOfTheDemosCoversAnother(t *testing.T) {
	for _, name := range names() {
		t.Run(name, func(t *testing.T) { laidOut(t, demo(t, name)) })
	}
}

var anyNumber = rapid.OneOf(
	rapid.Float64Range(-5, 5), rapid.Float64Range(-1e6, 1e6), rapid.Just(0.0), rapid.Just(1.0),
	rapid.Just(math.NaN()), rapid.Just(math.Inf(1)), rapid.Just(math.Inf(-1)), rapid.Float64Range(-1e99, 1e99), rapid.Float64Range(0, 1e-200),
)

var anyLabel = rapid.OneOf(
	rapid.Just(""), rapid.Just("head"), rapid.String(), rapid.Just(strings.Repeat("a very long label ", 12)), rapid.Just(strings.Repeat("Wort", 60)), rapid.Just("주의 집중"),
)

func anyNumbers(t *rapid.T, n int) []float64 {
	return rapid.SliceOfN(anyNumber, n, n).Draw(t, "values")
}

func anyLabels(t *rapid.T, n int) []string { return rapid.SliceOfN(anyLabel, n, n).Draw(t, "labels") }

func anyFrame(t *rapid.T) Frame {
	l := anyLabels(t, 4)
	return Frame{Title: l[0], Caption: l[1], XLabel: l[2], YLabel: l[3]}
}

func anyReferences(t *rapid.T) []Reference {
	n := rapid.IntRange(0, 3).Draw(t, "references")
	out := make([]Reference, n)
	for i := range out {
		out[i] = Reference{anyNumber.Draw(t, "at"), anyLabel.Draw(t, "label")}
	}
	return out
}

// sound draws f in all formats if it could be made; what cannot be drawn has to be an error, not a panic.
func sound(t *rapid.T, f *Figure, err error) {
	if err != nil {
		if !strings.HasPrefix(err.Error(), "figures: ") {
			t.Errorf("error does not say where it comes from: %v", err)
		}
		return
	}
	laidOut(t, f)
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, svg)
	drawn := embedded.ReplaceAll(svg, nil)
	if bytes.Contains(drawn, []byte("NaN")) && !strings.Contains(f.Alt(), "NaN") || bytes.Contains(drawn, []byte(`"Inf`)) {
		t.Errorf("a coordinate is not a number:\n%s", drawn)
	}
	if _, err := csv.NewReader(strings.NewReader(f.Data().CSV())).ReadAll(); err != nil {
		t.Errorf("data are no CSV: %v", err)
	}
}

var sides = rapid.SampledFrom([]int{1, 2, 6, 12, 16, 40})

func TestAnyHeatmapIsDrawnOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, columns := sides.Draw(t, "rows"), sides.Draw(t, "columns")
		o := HeatmapOptions{Frame: anyFrame(t), Legend: anyLabel.Draw(t, "legend"), Palette: rapid.SampledFrom([]Palette{Sequential, Diverging}).Draw(t, "palette")}
		some := anyNumbers(t, 7)
		for i := range rows {
			row := make([]float64, columns)
			for j := range row {
				row[j] = some[(i*columns+j*j)%len(some)]
			}
			o.Values = append(o.Values, row)
		}
		if rapid.Bool().Draw(t, "named") {
			some := anyLabels(t, 5)
			for i := range rows {
				o.Rows = append(o.Rows, some[i%5])
			}
			for j := range columns {
				o.Columns = append(o.Columns, some[j%5])
			}
		}
		if rapid.Bool().Draw(t, "marked") {
			o.MarkLabel = anyLabel.Draw(t, "mark")
			for range rows {
				o.Marks = append(o.Marks, make([]bool, columns))
				o.Marks[len(o.Marks)-1][columns/2] = true
			}
		}
		f, err := Heatmap(o)
		sound(t, f, err)
	})
}

func TestAnyHistogramIsDrawnOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := HistogramOptions{Frame: anyFrame(t), Bins: rapid.IntRange(0, 50).Draw(t, "bins"), VLines: anyReferences(t)}
		for range rapid.IntRange(0, 2).Draw(t, "samples") {
			o.Samples = append(o.Samples, Sample{anyLabel.Draw(t, "name"), anyNumbers(t, rapid.IntRange(0, 40).Draw(t, "n"))})
		}
		f, err := Histogram(o)
		sound(t, f, err)
	})
}

func TestAnyCurvesAreDrawnOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := CurvesOptions{Frame: anyFrame(t), HLines: anyReferences(t), VLines: anyReferences(t), XTicks: anyNumbers(t, rapid.IntRange(0, 5).Draw(t, "ticks"))}
		for range rapid.IntRange(0, 9).Draw(t, "curves") {
			n := rapid.IntRange(0, 12).Draw(t, "n")
			c := Curve{Name: anyLabel.Draw(t, "name"), X: anyNumbers(t, n), Y: anyNumbers(t, n), Expected: rapid.Bool().Draw(t, "expected")}
			sort.Float64s(c.X)
			if rapid.Bool().Draw(t, "band") {
				c.Lo, c.Hi = anyNumbers(t, n), anyNumbers(t, n)
			}
			o.Curves = append(o.Curves, c)
		}
		f, err := Curves(o)
		sound(t, f, err)
	})
}

func TestTicksThatAreGivenAreTheOnesThatAreWritten(t *testing.T) {
	f, err := Curves(CurvesOptions{Curves: []Curve{{X: []float64{0, 1, 2}, Y: []float64{1, 2, 3}}}, XTicks: []float64{1.75, 0.25, 9}, YFormat: func(float64) string { return "y" }})
	if err != nil {
		t.Fatal(err)
	}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for text, there := range map[string]bool{">0.25<": true, ">1.75<": true, ">9<": false, ">1<": false, ">1.0<": false} {
		if bytes.Contains(svg, []byte(text)) != there {
			t.Errorf("%s: %v", text, !there)
		}
	}
}

func TestGroupsOfPointsAreNamedAndTold(t *testing.T) {
	o := ScatterOptions{X: []float64{0, 1, 2}, Y: []float64{1, 2, 3}, Groups: []string{"pruned", "kept", "pruned"}}
	f, err := Scatter(o)
	if err != nil {
		t.Fatal(err)
	}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(svg, []byte(">pruned<")) || !bytes.Contains(svg, []byte(">kept<")) {
		t.Error("the groups have no names")
	}
	if rows := f.Data().Rows; len(rows) != 3 || rows[1][3] != "kept" {
		t.Errorf("%v", rows)
	}
	o.Groups = o.Groups[:2]
	if _, err := Scatter(o); err == nil || !strings.Contains(err.Error(), "2 groups") {
		t.Error(err)
	}
}

func TestAnyScatterIsDrawnOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 40).Draw(t, "n")
		f, err := Scatter(ScatterOptions{Frame: anyFrame(t), X: anyNumbers(t, n), Y: anyNumbers(t, n), Labels: anyLabels(t, n), Groups: anyLabels(t, n),
			Outliers: rapid.IntRange(-1, 50).Draw(t, "outliers"), Lines: Lines(rapid.IntRange(0, 7).Draw(t, "lines")), Note: anyLabel.Draw(t, "note")})
		sound(t, f, err)
	})
}

func TestAnyBarsAreDrawnOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "groups")
		o := BarsOptions{Frame: anyFrame(t), Groups: anyLabels(t, n), HLines: anyReferences(t)}
		for range rapid.IntRange(0, 4).Draw(t, "series") {
			s := BarSeries{Name: anyLabel.Draw(t, "name"), Values: anyNumbers(t, n)}
			if rapid.Bool().Draw(t, "whiskers") {
				s.Lo, s.Hi = anyNumbers(t, n), anyNumbers(t, n)
			}
			o.Series = append(o.Series, s)
		}
		f, err := Bars(o)
		sound(t, f, err)
		if err == nil {
			if text := crossed(f.drawOn(blank{})); text != "" {
				t.Errorf("%q stands on a whisker", text)
			}
		}
	})
}

// crossed is a text that stands on a whisker; empty where none does.
func crossed(p *pen) string {
	for _, w := range p.words {
		for _, whisker := range p.whiskers {
			if w.overlaps(whisker.grow(0.5)) {
				return w.text
			}
		}
	}
	return ""
}

// Bars of all signs, with whiskers that cross zero or not: on an axis of its own each number is written, on its own side of a whisker that crosses
// zero, and none touches a whisker, which on a given axis holds too.
func TestNumbersOfBarsKeepClearOfWhiskers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, several := rapid.IntRange(1, 3).Draw(t, "groups"), rapid.IntRange(1, 3).Draw(t, "series")
		scale := rapid.SampledFrom([]float64{0.01, 1, 30}).Draw(t, "scale")
		o := BarsOptions{Frame: Frame{Title: "Whiskers", XLabel: "task", YLabel: "change", Size: Size{8, 3}}, Groups: []string{"a", "b", "c"}[:n], Format: "%+.1fp"}
		for i := range several {
			s := BarSeries{Name: strings.Repeat("a series with a long name ", 1+i%2)}
			for range n {
				low, length := rapid.Float64Range(-4, 3).Draw(t, "low"), rapid.Float64Range(0, 4).Draw(t, "length")
				s.Add(scale*(low+length*rapid.Float64Range(0, 1).Draw(t, "value")), scale*low, scale*(low+length))
			}
			o.Series = append(o.Series, s)
		}
		written := func(o BarsOptions) int {
			f, err := Bars(o)
			if err != nil {
				t.Fatal(err)
			}
			p := f.drawOn(blank{})
			if text := crossed(p); text != "" || len(p.whiskers) != n*several {
				t.Fatalf("%q stands on one of %d whiskers: %+v", text, len(p.whiskers), o)
			}
			numbers := 0
			for _, w := range p.words {
				if !strings.HasSuffix(w.text, "p") {
					continue
				}
				numbers++
				for i, whisker := range p.whiskers {
					s := o.Series[i/n]
					crosses := s.Lo[i%n] < 0 && s.Hi[i%n] > 0 && math.Abs(s.Values[i%n]) > 0.1
					if own := (w.y0 > whisker.y1) == (s.Values[i%n] > 0); o.YRange.auto() && crosses && w.x0 < whisker.x0 && whisker.x1 < w.x1 && !own {
						t.Fatalf("%q is on the other side of its whisker: %+v", w.text, o)
					}
				}
			}
			return numbers
		}
		if got := written(o); got < n*several {
			t.Errorf("%d of %d numbers are written: %+v", got, n*several, o)
		}
		o.YRange = Range{-2 * scale, 2 * scale}
		written(o)
	})
}

func TestAnyStackedBarsAreDrawnOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "groups")
		o := StackedOptions{Frame: anyFrame(t), Groups: anyLabels(t, n), Shares: rapid.Bool().Draw(t, "shares"), Format: rapid.SampledFrom([]string{"", "-", "%.1f"}).Draw(t, "format")}
		if rapid.Bool().Draw(t, "totals") {
			o.Totals = anyLabels(t, n)
		}
		for range rapid.IntRange(0, 9).Draw(t, "series") {
			s := BarSeries{Name: anyLabel.Draw(t, "name"), Values: anyNumbers(t, n)}
			for i, v := range s.Values {
				s.Values[i] = math.Abs(v)
			}
			o.Series = append(o.Series, s)
		}
		f, err := StackedBars(o)
		sound(t, f, err)
	})
}

func TestHistogramCountsEveryValueOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := rapid.SliceOfN(rapid.Float64Range(-100, 100), 1, 200).Draw(t, "values")
		f, err := Histogram(HistogramOptions{Samples: []Sample{{Values: vs}}, Bins: rapid.IntRange(0, 40).Draw(t, "bins")})
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, r := range f.Data().Rows {
			sum += r[2].(int)
		}
		if sum != len(vs) {
			t.Errorf("bins hold %d of %d values", sum, len(vs))
		}
	})
}

func TestWhatCannotBeDrawnIsAnErrorThatSaysWhy(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		make func() (*Figure, error)
		want string
	}{
		"empty heat map":  {func() (*Figure, error) { return Heatmap(HeatmapOptions{Frame: Frame{Title: "T"}}) }, `"T" has no cells`},
		"ragged heat map": {func() (*Figure, error) { return Heatmap(HeatmapOptions{Values: [][]float64{{1, 2}, {3}}}) }, "row 1 has 1 values, row 0 has 2"},
		"marks":           {func() (*Figure, error) { return Heatmap(HeatmapOptions{Values: [][]float64{{1}}, Marks: [][]bool{}}) }, "marks are not 1 × 1"},
		"labels": {func() (*Figure, error) {
			return Heatmap(HeatmapOptions{Values: [][]float64{{1}}, Rows: []string{"a", "b"}})
		}, "2 row and 0 column labels"},
		"empty histogram": {func() (*Figure, error) {
			return Histogram(HistogramOptions{Samples: []Sample{{Values: []float64{nan}}}})
		}, "no finite value"},
		"no curve":     {func() (*Figure, error) { return Curves(CurvesOptions{}) }, "no finite point"},
		"uneven curve": {func() (*Figure, error) { return Curves(CurvesOptions{Curves: []Curve{{X: []float64{1}}}}) }, "wanted equal numbers"},
		"falling x": {func() (*Figure, error) {
			return Curves(CurvesOptions{Curves: []Curve{{X: []float64{2, 1}, Y: []float64{0, 0}}}})
		}, "ascending"},
		"scatter of NaN": {func() (*Figure, error) { return Scatter(ScatterOptions{X: []float64{nan}, Y: []float64{1}}) }, "no finite pair"},
		"bars":           {func() (*Figure, error) { return Bars(BarsOptions{Groups: []string{"a"}, Series: []BarSeries{{}}}) }, "0 values"},
		"stacked, negative": {func() (*Figure, error) {
			return StackedBars(StackedOptions{Groups: []string{"a"}, Series: []BarSeries{{Name: "s", Values: []float64{-1}}}})
		}, "not negative"},
		"stacked, uneven": {func() (*Figure, error) {
			return StackedBars(StackedOptions{Groups: []string{"a"}, Series: []BarSeries{{}}})
		}, "0 values"},
		"stacked, nothing": {func() (*Figure, error) {
			return StackedBars(StackedOptions{Groups: []string{"a"}, Series: []BarSeries{{Values: []float64{0}}}})
		}, "no part above zero"},
		"stacked, totals": {func() (*Figure, error) {
			return StackedBars(StackedOptions{Groups: []string{"a"}, Series: []BarSeries{{Values: []float64{1}}}, Totals: []string{"1", "2"}})
		}, "2 totals for 1 bars"},
		"stacked, many": {func() (*Figure, error) {
			return StackedBars(StackedOptions{Groups: []string{"a"}, Series: make([]BarSeries, 9)})
		}, "cannot be told apart"},
		"size": {func() (*Figure, error) {
			return Heatmap(HeatmapOptions{Frame: Frame{Size: Size{1e9, 1}}, Values: [][]float64{{1}}})
		}, "wanted 2 to 60"},
		"range": {func() (*Figure, error) {
			return Scatter(ScatterOptions{X: []float64{1}, Y: []float64{1}, XRange: Range{2, 1}})
		}, "in order"},
		"magnitude": {func() (*Figure, error) { return Scatter(ScatterOptions{X: []float64{1e300}, Y: []float64{1}}) }, "magnitudes"},
	} {
		if _, err := c.make(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func TestDataHoldTheNumbersOfTheFigure(t *testing.T) {
	f, err := Heatmap(HeatmapOptions{Frame: Frame{XLabel: "head", YLabel: "layer"}, Values: [][]float64{{0.1, math.NaN()}}, Legend: "importance", Marks: [][]bool{{true, false}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Data().CSV(), "layer,head,importance,marked\n0,0,0.1,true\n0,1,NaN,false\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTicksAreRoundAndInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, span := rapid.Float64Range(-1e6, 1e6).Draw(t, "from"), rapid.Float64Range(1e-3, 1e6).Draw(t, "span")
		r := Range{a, a + span}
		n := rapid.IntRange(2, 12).Draw(t, "n")
		ticks := r.ticks(n, nil)
		if len(ticks) < 1 || len(ticks) > 2*n+1 {
			t.Errorf("%d ticks for about %d on %v", len(ticks), n, r)
		}
		seen := map[string]bool{}
		for _, k := range ticks {
			if k.at < r.Min-span*1e-6 || k.at > r.Max+span*1e-6 {
				t.Errorf("tick %g outside %v", k.at, r)
			}
			if seen[k.label] {
				t.Errorf("label %s twice on %v", k.label, r)
			}
			seen[k.label] = true
		}
	})
}

func TestPalettesKeepTheirPromise(t *testing.T) {
	last := -1.0
	for i := range 101 {
		l := luminance(Sequential.at(float64(i) / 100))
		if l < last-0.004 {
			t.Errorf("viridis gets darker at %d %%", i)
		}
		last = l
	}
	if c := Diverging.at(0.5); c != white {
		t.Errorf("zero is %v, want white", c)
	}
	for _, p := range []Palette{Sequential, Diverging} {
		for i := range 101 {
			c := p.at(float64(i) / 100)
			a, b := luminance(c), luminance(on(c))
			if ratio := (math.Max(a, b) + 0.05) / (math.Min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("palette %d at %d %%: numbers have contrast %.1f, want 4.5", p, i, ratio)
			}
		}
	}
}

func TestFontFallsBackForMissingCharacters(t *testing.T) {
	f, err := defaultFont()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range "Δξ≥−–×·ℓ²αρ…±" {
		if !f.regular[0].has(r) || !f.bold[0].has(r) {
			t.Errorf("the built-in font lacks %c", r)
		}
	}
	if _, err := NewFont([]byte("no font"), nil); err == nil {
		t.Error("nonsense was taken for a font")
	}
	if _, err := LoadFont(filepath.Join(t.TempDir(), "absent.ttf"), ""); err == nil {
		t.Error("an absent font was loaded")
	}
}

func TestWhatIsExpectedIsDashedWithoutMarkersAndOverWhatIsMeasured(t *testing.T) {
	draw := func(expected bool) string {
		t.Helper()
		f, err := Curves(CurvesOptions{Frame: Frame{Title: "a time"}, Curves: []Curve{
			{Name: "measured", X: []float64{0, 1, 2}, Y: []float64{1, 2, 3}}, {Name: "expected", X: []float64{0, 1, 2}, Y: []float64{1, 2, 3}, Expected: expected},
		}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	plain, expected := draw(false), draw(true)
	if strings.Count(plain, "stroke-dasharray") != 0 || strings.Count(expected, "stroke-dasharray") != 2 {
		t.Errorf("%d and %d dashed lines; the curve and its key are", strings.Count(plain, "stroke-dasharray"), strings.Count(expected, "stroke-dasharray"))
	}
	if first, last := category(0), strings.LastIndex(expected, "stroke-dasharray"); strings.LastIndex(expected, fmt.Sprintf("#%02x%02x%02x", first.R, first.G, first.B)) > last {
		t.Error("the measured curve lies over the expected one")
	}
	if lost := strings.Count(plain, "<path") - strings.Count(expected, "<path"); lost != 8 {
		t.Errorf("%d paths less; three markers and that of the key have two each", lost)
	}
}

func TestThePointOfACurveWithoutNeighboursHasAWhisker(t *testing.T) {
	draw := func(c Curve) int {
		t.Helper()
		f, err := Curves(CurvesOptions{Frame: Frame{Title: "a point"}, Curves: []Curve{{Name: "line", X: []float64{0, 1, 2}, Y: []float64{1, 2, 3}}, c}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(text, []byte("<path"))
	}
	line, point := Curve{Name: "other", X: []float64{0.5, 1.5}, Y: []float64{1.5, 2.5}}, Curve{Name: "other", X: []float64{1}, Y: []float64{1.5}}
	banded, spread := line, point
	banded.Lo, banded.Hi = []float64{1.4, 2.4}, []float64{1.6, 2.6}
	spread.Lo, spread.Hi = []float64{1.2}, []float64{1.8}
	if got := draw(banded) - draw(line); got != 1 {
		t.Errorf("the band of a line takes %d paths, not 1", got)
	}
	if got := draw(spread) - draw(point); got != 3 {
		t.Errorf("the range of a point takes %d paths; a whisker has 3", got)
	}
}
