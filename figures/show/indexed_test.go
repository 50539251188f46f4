package show

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"bertlab/figures"
)

// field is a figure of many colours: a smooth heat map.
func field(t *testing.T) []byte {
	t.Helper()
	values := make([][]float64, 40)
	for j := range values {
		for i := range 40 {
			values[j] = append(values[j], float64(i*j))
		}
	}
	f, err := figures.Heatmap(figures.HeatmapOptions{Frame: figures.Frame{Title: "products"}, Values: values, Palette: figures.Sequential})
	if err != nil {
		t.Fatal(err)
	}
	picture, err := f.PNG()
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func TestAPictureOf256ColoursLooksTheSameAndIsSmaller(t *testing.T) {
	full := field(t)
	small, err := indexed(full)
	if err != nil {
		t.Fatal(err)
	}
	if len(small) > len(full)*2/3 {
		t.Errorf("%d of %d bytes", len(small), len(full))
	}
	before, err := png.Decode(bytes.NewReader(full))
	if err != nil {
		t.Fatal(err)
	}
	after, err := png.Decode(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	if before.Bounds() != after.Bounds() {
		t.Fatalf("%v became %v", before.Bounds(), after.Bounds())
	}
	worst := 0
	for y := range before.Bounds().Dy() {
		for x := range before.Bounds().Dx() {
			worst = max(worst, apart(colourAt(before, x, y), colourAt(after, x, y)))
		}
	}
	if worst > 16 {
		t.Errorf("a colour is %d of 255 from what it was", worst)
	}
	t.Logf("%d of %d bytes, colours at most %d of 255 apart", len(small), len(full), worst)
}

func colourAt(picture image.Image, x, y int) rgb {
	r, g, b, _ := picture.At(x, y).RGBA()
	return rgb{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
}

func TestFewColoursStayAsTheyAre(t *testing.T) {
	count := map[rgb]int{{}: 9, {1, 1, 1}: 1, {255, 255, 255}: 5, {255, 254, 255}: 5}
	chosen, of := palette(count)
	if len(chosen) != len(count) {
		t.Fatalf("%v", chosen)
	}
	for c := range count {
		if chosen[of[c]] != c {
			t.Errorf("%v became %v", c, chosen[of[c]])
		}
	}
}
