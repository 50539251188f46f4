package figures

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"codeberg.org/go-fonts/liberation/liberationserifregular"
	"gonum.org/v1/plot/vg"
)

func TestAFontOfTheUsersIsUsedInEveryFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "serif.ttf")
	if err := os.WriteFile(path, liberationserifregular.TTF, 0o644); err != nil {
		t.Fatal(err)
	}
	font, err := LoadFont(path, "")
	if err != nil {
		t.Fatal(err)
	}
	options := BarsOptions{Frame: Frame{Title: "Title", Font: font}, Groups: []string{"a"}, Series: []BarSeries{{Values: []float64{1}}}}
	with, err := Bars(options)
	if err != nil {
		t.Fatal(err)
	}
	options.Font = nil
	without, err := Bars(options)
	if err != nil {
		t.Fatal(err)
	}
	svg, err := with.SVG()
	if err != nil || !bytes.Contains(svg, []byte("Liberation Serif")) {
		t.Errorf("SVG does not name the font (%v)", err)
	}
	for kind, format := range map[string]func(*Figure) ([]byte, error){"PNG": (*Figure).PNG, "PDF": (*Figure).PDF} {
		a, errA := format(with)
		b, errB := format(without)
		if errA != nil || errB != nil || bytes.Equal(a, b) {
			t.Errorf("%s ignores the font (%v, %v)", kind, errA, errB)
		}
	}
}

func TestOutlinesStandWhereTheTextWould(t *testing.T) {
	f, err := defaultFont()
	if err != nil {
		t.Fatal(err)
	}
	const size = 20.0
	face := f.regular[0]
	path := outline(face, size, pt(100, 50), "HH")
	lo, hi := pt(1e9, 1e9), pt(-1e9, -1e9)
	for _, c := range path {
		if c.Type == vg.CloseComp {
			continue
		}
		lo.X, lo.Y, hi.X, hi.Y = min(lo.X, c.Pos.X), min(lo.Y, c.Pos.Y), max(hi.X, c.Pos.X), max(hi.Y, c.Pos.Y)
	}
	right := 100 + f.width("HH", size, false)
	if lo.X < 100 || float64(hi.X) > right || float64(hi.X) < right-0.2*size || lo.Y != 50 || float64(hi.Y) < 50+0.65*size || float64(hi.Y) > 50+capHeight*size {
		t.Errorf("outline of HH lies in %v … %v, want on the line from (100, 50) to (%.1f, 50), %g high", lo, hi, right, capHeight*size)
	}
}
