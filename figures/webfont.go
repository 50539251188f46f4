package figures

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	webfont "github.com/tdewolff/font"
)

// webFonts collects which characters of which faces a document uses.
type webFonts map[*face]map[rune]bool

func (w webFonts) add(runs []run) {
	for _, r := range runs {
		if w[r.face] == nil {
			w[r.face] = map[rune]bool{}
		}
		for _, c := range r.text {
			w[r.face][c] = true
		}
	}
}

// builtIn is the family of the built-in Latin font.
const builtIn = "Liberation Sans"

// looksAlike are the families that look like the built-in ones, for viewers that take no embedded fonts.
const looksAlike = "'Liberation Sans', Arimo, Arial, Helvetica, NanumBarunGothic, 'Noto Sans KR', 'Noto Sans CJK KR', 'Malgun Gothic', 'Apple SD Gothic Neo', sans-serif"

// style gives @font-face rules with what is used of each face, as WOFF2, and the list of families for font-family. The families have
// names that depend on what they hold, so that several documents may stand in one page.
func (w webFonts) style() (rules, families string, err error) {
	faces := slices.SortedFunc(maps.Keys(w), func(a, b *face) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), strings.Compare(a.weight(), b.weight()))
	})
	var packed [][]byte
	sum := sha256.New()
	for _, f := range faces {
		raw, err := f.webFont(slices.Sorted(maps.Keys(w[f])))
		if err != nil {
			return "", "", err
		}
		packed = append(packed, raw)
		sum.Write(raw)
	}
	id := hex.EncodeToString(sum.Sum(nil)[:5])
	var out strings.Builder
	var names, own []string
	for i, f := range faces {
		name := fmt.Sprintf("f%s-%d", id, f.slot)
		fmt.Fprintf(&out, "@font-face{font-family:%s;font-weight:%s;src:url(data:font/woff2;base64,%s) format('woff2')}\n", name, f.weight(), base64.StdEncoding.EncodeToString(packed[i]))
		names = append(names, name)
		if f.slot == 0 && f.family != builtIn {
			own = append(own, "'"+strings.NewReplacer("'", "", `\`, "").Replace(f.family)+"'")
		}
	}
	return out.String(), strings.Join(append(slices.Compact(append(names, own...)), looksAlike), ", "), nil
}

// kept are the tables of a face that a page needs: the outlines with their hints, metrics and kerning.
var kept = []string{"CFF ", "OS/2", "cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "kern", "loca", "maxp", "name", "post", "prep"}

// webFont is the face with the characters of chars alone, ascending, as WOFF2.
func (f *face) webFont(chars []rune) ([]byte, error) {
	whole, err := webfont.ParseSFNT(f.raw, 0) // anew each time: Subset writes into what it reads
	if err != nil {
		return nil, err
	}
	glyphs := []uint16{0}
	for _, c := range chars {
		glyphs = append(glyphs, whole.GlyphIndex(c))
	}
	slices.Sort(glyphs)
	glyphs = slices.Compact(glyphs)
	place := map[uint16]uint32{}
	for i, g := range glyphs {
		place[g] = uint32(i)
	}
	tables := kept
	if whole.Kern == nil {
		tables = slices.DeleteFunc(slices.Clone(kept), func(tag string) bool { return tag == "kern" })
	}
	part, err := whole.Subset(glyphs, webfont.SubsetOptions{Tables: tables})
	if err != nil {
		return nil, err
	}
	part.Tables["cmap"] = characterMap(chars, func(c rune) uint32 { return place[whole.GlyphIndex(c)] })
	return woff2(part.Tables)
}

// woff2 packs a font's tables as W3C's WOFF 2.0 has them, each as it is. (The library's own writer takes the glyphs apart first, as the
// format allows, and spoils fonts with an empty glyph beside a composite one.)
func woff2(tables map[string][]byte) ([]byte, error) {
	tags := slices.Sorted(maps.Keys(tables)) // loca follows glyf
	var list, data []byte
	size := 12 + 16*len(tags)
	for _, tag := range tags {
		table := tables[tag]
		if tag == "head" {
			table = slices.Clone(table)
			table[16] |= 0x08 // bit 11 of the flags: the font was compressed
		}
		version := byte(0)
		if tag == "glyf" || tag == "loca" {
			version = 3 // as it is; 0 would be taken apart
		}
		list = append(append(list, version<<6|63), tag...) // 63: the tag follows
		list = append(list, base128(len(table))...)
		data = append(data, table...)
		size += (len(table) + 3) &^ 3
	}
	var packed bytes.Buffer
	w := brotli.NewWriterOptions(&packed, brotli.WriterOptions{Quality: 9, LGWin: 16}) // a window of 64 KiB
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	const header = 48
	whole := (header + len(list) + packed.Len() + 3) &^ 3
	version := uint32(0x00010000) // TrueType outlines
	if tables["glyf"] == nil {
		version = 0x4F54544F // "OTTO"
	}
	put32, put16 := binary.BigEndian.AppendUint32, binary.BigEndian.AppendUint16
	out := put32(put32([]byte("wOF2"), version), uint32(whole))
	out = put16(put16(out, uint16(len(tags))), 0)
	out = put32(put32(out, uint32(size)), uint32(packed.Len()))
	out = append(put16(put16(out, 1), 0), make([]byte, 20)...) // version 1.0; no metadata, no private data
	out = append(append(out, list...), packed.Bytes()...)
	return append(out, make([]byte, whole-len(out))...), nil
}

// base128 writes a number in groups of seven bits, the last one without the top bit.
func base128(n int) []byte {
	out := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		out = append([]byte{byte(n&0x7f) | 0x80}, out...)
	}
	return out
}

// characterMap is a font's cmap table in format 12. Subset's own gives a glyph one character, though some have two (Δ and ∆).
func characterMap(chars []rune, glyph func(rune) uint32) []byte {
	var out []byte
	put := binary.BigEndian.AppendUint32
	out = put(out, 1)        // version 0, one subtable:
	out = put(out, 3<<16|10) // Windows, all of Unicode,
	out = put(out, 12)       // which begins here
	out = put(out, 12<<16)   // format 12
	out = put(out, uint32(16+12*len(chars)))
	out = put(out, 0) // any language
	out = put(out, uint32(len(chars)))
	for _, c := range chars {
		out = put(put(put(out, uint32(c)), uint32(c)), glyph(c))
	}
	return out
}
