package tokenizer

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalizer holds the four switches of Hugging Face's BertNormalizer.
type normalizer struct {
	clean   bool // remove control characters, make every white space a blank
	chinese bool // blanks around Chinese characters, so that each is a word
	strip   bool // remove accents
	lower   bool // lower case
}

// kind is what an ASCII character is to the normaliser and the word splitter.
type kind uint8

const (
	plain kind = iota
	upper
	blank
	control
	punct
)

var ascii = func() (kinds [utf8.RuneSelf]kind) {
	for c := range rune(utf8.RuneSelf) {
		switch {
		case c == '\t' || c == '\n' || c == '\r' || c == ' ':
			kinds[c] = blank
		case unicode.Is(removed, c):
			kinds[c] = control
		case unicode.IsUpper(c):
			kinds[c] = upper
		case unicode.Is(punctuation, c):
			kinds[c] = punct
		}
	}
	return kinds
}()

// append appends the normalised text to out. Bytes that are not UTF-8 count as
// U+FFFD.
func (n normalizer) append(out []byte, text string) []byte {
	// Marks with a combining class move back over marks of a higher one, but
	// not beyond floor.
	floor := len(out)
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			i++
			switch k := ascii[c]; {
			case k == upper && n.lower:
				c += 'a' - 'A'
			case k == blank && n.clean:
				c = ' '
			case k == control && n.clean:
				continue
			}
			out = append(out, c)
			floor = len(out)
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		if n.clean {
			if unicode.Is(removed, r) {
				continue
			}
			if unicode.IsSpace(r) {
				out = append(out, ' ')
				floor = len(out)
				continue
			}
		}
		spaced := n.chinese && isChinese(r)
		if spaced {
			out = append(out, ' ')
			floor = len(out)
		}
		if n.strip {
			out, floor = n.appendStripped(out, floor, r)
		} else {
			out = n.appendLower(out, r)
		}
		if spaced {
			out = append(out, ' ')
			floor = len(out)
		}
	}
	return out
}

// appendStripped appends the canonical decomposition of r without its
// non-spacing marks and returns the new floor for marks that move.
func (n normalizer) appendStripped(out []byte, floor int, r rune) ([]byte, int) {
	var buffer [64]byte
	parts := buffer[:utf8.EncodeRune(buffer[:], r)]
	if r != 0x11938 { // it got its decomposition after the reference's tables
		var decomposed [64]byte
		parts = norm.NFD.Append(decomposed[:0], parts...)
	}
	for len(parts) > 0 {
		part, size := utf8.DecodeRune(parts)
		class := combiningClass[part]
		switch {
		case unicode.Is(nonspacing, part):
			if norm.NFD.Properties(parts).CCC() == 0 {
				floor = len(out)
			}
		case class > 0:
			at := len(out)
			for at > floor {
				last, width := utf8.DecodeLastRune(out[floor:at])
				if combiningClass[last] <= class {
					break
				}
				at -= width
			}
			moved := append([]byte{}, out[at:]...)
			out = append(n.appendLower(out[:at], part), moved...)
		default:
			out = n.appendLower(out, part)
			floor = len(out)
		}
		parts = parts[size:]
	}
	return out, floor
}

func (n normalizer) appendLower(out []byte, r rune) []byte {
	if !n.lower {
		return utf8.AppendRune(out, r)
	}
	if r == 'İ' { // the one letter whose lower case is two characters
		return append(out, "i\u0307"...)
	}
	if low, ok := newerLower[r]; ok {
		return utf8.AppendRune(out, low)
	}
	return utf8.AppendRune(out, unicode.ToLower(r))
}

// isChinese tells whether r is in a block of CJK ideographs. Hangul, Hiragana
// and Katakana are not: they are written with words.
func isChinese(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4dbf,
		0x4e00 <= r && r <= 0x9fff,
		0xf900 <= r && r <= 0xfaff,
		0x20000 <= r && r <= 0x2a6df,
		0x2a700 <= r && r <= 0x2b81f,
		0x2b920 <= r && r <= 0x2ceaf, // the reference's, where the block begins at 2b820
		0x2f800 <= r && r <= 0x2fa1f:
		return true
	}
	return false
}
