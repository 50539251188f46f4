package tokenizer

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The four Unicode normal forms as the reference has them: by the tables of
// Unicode 9, whatever Go's are, and with the alignment of what is reordered and
// composed (the crate unicode-normalization-alignments).

// decompose is NFD, or NFKD.
func (a *aligned) decompose(form norm.Form) {
	if !isASCII(a.text) {
		a.transform(decomposition(a.text, form), 0)
	}
}

// compose is NFC, or NFKC, after the decomposition form.
func (a *aligned) compose(form norm.Form) {
	if !isASCII(a.text) {
		a.transform(composition(decomposition(a.text, form)), 0)
	}
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// combining is the canonical combining class of r in the reference's tables.
func combining(r rune) uint8 {
	if r < 0x300 {
		return 0
	}
	if class, ok := combiningClass[r]; ok {
		return class
	}
	if !unicode.Is(nonspacing, r) {
		return 0
	}
	var buffer [utf8.UTFMax]byte
	return norm.NFD.Properties(utf8.AppendRune(buffer[:0], r)).CCC()
}

// decomposition is text in the form NFD or NFKD, with marks in canonical order.
func decomposition(text []byte, form norm.Form) []change {
	out := make([]change, 0, len(text))
	ready := 0 // what stands before is in order
	var buffer [64]byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if r < utf8.RuneSelf {
			order(out[ready:])
			out = append(out, change{r, 0})
			ready = len(out)
			continue
		}
		parts := utf8.AppendRune(buffer[:0], r)
		if !unicode.Is(newerDecompositions, r) {
			parts = form.Append(nil, parts...)
		}
		for by := 0; len(parts) > 0; by = 1 {
			part, size := utf8.DecodeRune(parts)
			parts = parts[size:]
			if combining(part) == 0 {
				order(out[ready:])
				out = append(out, change{part, by})
				ready = len(out)
				continue
			}
			out = append(out, change{part, by})
		}
	}
	order(out[ready:])
	return out
}

// order sorts marks by their class.
func order(marks []change) {
	if len(marks) > 1 {
		slices.SortStableFunc(marks, func(a, b change) int { return int(combining(a.r)) - int(combining(b.r)) })
	}
}

// composition puts together what has a composed form.
func composition(parts []change) []change {
	out := make([]change, 0, len(parts))
	base, last := -1, uint8(0) // the starter in out, and the class of the mark behind it; 0: none
	for _, part := range parts {
		class := combining(part.r)
		if base >= 0 && (last == 0 || last < class) {
			if r, ok := composed(out[base].r, part.r); ok {
				out[base] = change{r, out[base].by + part.by - 1}
				continue
			}
		}
		switch {
		case class == 0:
			base, last = len(out), 0
		case base >= 0:
			last = class
		}
		out = append(out, part)
	}
	return out
}

// composed is the primary composite of a and b, if there is one.
func composed(a, b rune) (rune, bool) {
	if b < 0x300 {
		return 0, false
	}
	var buffer [16]byte
	together := norm.NFC.Bytes(utf8.AppendRune(utf8.AppendRune(buffer[:0], a), b))
	r, size := utf8.DecodeRune(together)
	return r, size == len(together) && !unicode.Is(newerDecompositions, r)
}
