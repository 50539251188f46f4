package figures

import (
	_ "embed"
	"fmt"
	"sync"

	webfont "github.com/tdewolff/font"
)

// hangulRegular and hangulBold are all Korean syllables and letters, from Nanum Barun Gothic. hangul/make.py makes them, and
// hangul/OFL.txt is their licence.
var (
	//go:embed hangul/regular.woff2
	hangulRegular []byte
	//go:embed hangul/bold.woff2
	hangulBold []byte
)

// unpack returns the face in a WOFF2 file that is part of the program.
func unpack(packed []byte, bold bool) func() *face {
	return sync.OnceValue(func() *face {
		raw, err := webfont.ParseWOFF2(packed)
		if err == nil {
			var f *face
			if f, err = parseFace(raw, bold); err == nil {
				f.slot = 2
				return f
			}
		}
		panic(fmt.Sprintf("figures: built-in Korean font: %v", err)) // the program itself is broken
	})
}

var koreanRegular, koreanBold = unpack(hangulRegular, false), unpack(hangulBold, true)

// korean is the built-in face for Korean, which takes some 25 ms to unpack when it is first needed.
func korean(bold bool) *face {
	if bold {
		return koreanBold()
	}
	return koreanRegular()
}
