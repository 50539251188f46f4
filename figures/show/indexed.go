package show

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"slices"
)

// rgb is a colour without transparency.
type rgb [3]uint8

// apart is how far two colours are from each other in the channel in which they differ most, 0 to 255.
func apart(a, b rgb) int {
	most := 0
	for i := range a {
		most = max(most, int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return most
}

// indexed is a PNG of at most 256 colours, a third of the size: notebooks hold many pictures. Of a figure nobody sees the difference: the
// most frequent colours stay as they are, and each other takes one that is as near as 256 colours allow.
func indexed(picture []byte) ([]byte, error) {
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	from := image.NewRGBA(decoded.Bounds())
	draw.Draw(from, from.Bounds(), decoded, from.Bounds().Min, draw.Src)
	count := map[rgb]int{}
	runs(from, func(c rgb, start, end int) { count[c] += end - start })
	chosen, of := palette(count)
	to := image.NewPaletted(from.Bounds(), nil)
	for _, c := range chosen {
		to.Palette = append(to.Palette, color.RGBA{c[0], c[1], c[2], 255})
	}
	runs(from, func(c rgb, start, end int) {
		for i, index := start, of[c]; i < end; i++ {
			to.Pix[i] = index
		}
	})
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to); err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	return out.Bytes(), nil
}

// runs calls for each run of pixels of one colour, from start to before end, counted row by row.
func runs(picture *image.RGBA, call func(c rgb, start, end int)) {
	var last rgb
	start, end := 0, len(picture.Pix)/4
	for i := range end {
		c := rgb(picture.Pix[4*i:])
		if i > 0 && c != last {
			call(last, start, i)
			start = i
		}
		last = c
	}
	call(last, start, end)
}

// palette chooses at most 256 of the colours that were counted, such that each is at most so far from one of them as the smallest distance
// allows, and tells which stands for each.
func palette(count map[rgb]int) (chosen []rgb, of map[rgb]uint8) {
	colours := make([]rgb, 0, len(count))
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b rgb) int {
		return cmp.Or(count[b]-count[a], slices.Compare(a[:], b[:]))
	})
	for limit := 0; ; limit += 2 {
		if chosen = cover(colours, limit); chosen != nil {
			break
		}
	}
	of = make(map[rgb]uint8, len(colours))
	for _, c := range colours {
		nearest := 0
		for i := range chosen {
			if apart(c, chosen[i]) < apart(c, chosen[nearest]) {
				nearest = i
			}
		}
		of[c] = uint8(nearest)
	}
	return chosen, of
}

// cover chooses colours, in their order, until each is within a distance of one of them; nil: 256 do not suffice.
func cover(colours []rgb, limit int) []rgb {
	var chosen []rgb
	for _, c := range colours {
		if slices.ContainsFunc(chosen, func(other rgb) bool { return apart(c, other) <= limit }) {
			continue
		}
		if len(chosen) == 256 {
			return nil
		}
		chosen = append(chosen, c)
	}
	return chosen
}
