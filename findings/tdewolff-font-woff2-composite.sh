#!/usr/bin/env bash
# Version: github.com/tdewolff/font v0.0.0-20250430140153-b654fd8acba3, Liberation Sans 2.1.4 as in codeberg.org/go-fonts/liberation v0.5.0
# (Go 1.26).
# Behaviour: WriteWOFF2 of a subset that has a composite glyph (é) writes a file that ParseWOFF2 of the same package refuses. The same
# subset written by Write, as TrueType, is read back.
# Output:
#   TrueType: read back, 8 glyphs
#   WOFF2: glyf: invalid font data
# Why it matters: a font that is embedded as WOFF2 in an SVG or a page is the smallest; with an accent in the text browsers may drop
# the whole font without a word, and text falls back to what the reader's machine has.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOFLAGS=-mod=mod
go mod init example >/dev/null 2>&1
go mod edit -require=github.com/tdewolff/font@v0.0.0-20250430140153-b654fd8acba3 -require=codeberg.org/go-fonts/liberation@v0.5.0
cat >main.go <<'EOF'
package main

import (
	"fmt"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"github.com/tdewolff/font"
)

func main() {
	whole, err := font.ParseSFNT(liberationsansregular.TTF, 0)
	if err != nil {
		panic(err)
	}
	ids := []uint16{0}
	for _, r := range " ABCé" {
		ids = append(ids, whole.GlyphIndex(r))
	}
	tables := []string{"cmap", "head", "hhea", "hmtx", "maxp", "OS/2", "post", "glyf", "loca", "name"}
	subset, err := whole.Subset(ids, font.SubsetOptions{Tables: tables})
	if err != nil {
		panic(err)
	}
	if back, err := font.ParseSFNT(subset.Write(), 0); err != nil {
		fmt.Println("TrueType:", err)
	} else {
		fmt.Printf("TrueType: read back, %d glyphs\n", back.NumGlyphs())
	}
	packed, err := subset.WriteWOFF2()
	if err != nil {
		panic(err)
	}
	if _, err := font.ParseWOFF2(packed); err != nil {
		fmt.Println("WOFF2:", err)
	} else {
		fmt.Println("WOFF2: read back")
	}
}
EOF
go run . | tee output
diff output - <<'EOF'
TrueType: read back, 8 glyphs
WOFF2: glyf: invalid font data
EOF
