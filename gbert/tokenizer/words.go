package tokenizer

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A splitter is one part of a pre-tokenizer: it appends the pieces of a text
// to out. Empty pieces are left out.
type splitter func(out []aligned, in aligned) []aligned

// A finder finds the separators of a text: the bounds of the first one at or
// after from, or a start below 0.
type finder func(text []byte, from int) (start, end int)

// behaviour says what becomes of the separators.
type behaviour int

const (
	removeSeparators behaviour = iota
	isolateSeparators
	joinPrevious // to what stands before
	joinNext
	contiguous // separators side by side are one piece
)

// splitAt divides texts at what find finds; with inverted, at what it does not.
func splitAt(find finder, do behaviour, inverted bool) splitter {
	type part struct {
		start, end int
		separator  bool
	}
	return func(out []aligned, in aligned) []aligned {
		var parts []part
		done := 0
		for from := 0; from < len(in.text); {
			start, end := find(in.text, from)
			if start < 0 {
				break
			}
			if done < start {
				parts = append(parts, part{done, start, inverted})
			}
			if start < end {
				parts = append(parts, part{start, end, !inverted})
				done = end
			}
			from = max(end, from+1)
		}
		if done < len(in.text) {
			parts = append(parts, part{done, len(in.text), inverted})
		}
		if do == joinNext {
			slices.Reverse(parts)
		}
		before := false
		kept := parts[:0]
		for _, p := range parts {
			last := len(kept) - 1
			joins := false
			switch do {
			case joinPrevious, joinNext:
				joins = p.separator && !before && last >= 0
			case contiguous:
				joins = p.separator == before && last >= 0
			}
			before = p.separator
			switch {
			case do == removeSeparators && p.separator:
			case joins:
				kept[last].start, kept[last].end = min(kept[last].start, p.start), max(kept[last].end, p.end)
			default:
				kept = append(kept, p)
			}
		}
		if do == joinNext {
			slices.Reverse(kept)
		}
		for _, p := range kept {
			out = append(out, in.slice(p.start, p.end))
		}
		return out
	}
}

// runes finds each single character that is is true of.
func runes(is func(rune) bool) finder {
	return func(text []byte, from int) (int, int) {
		at := bytes.IndexFunc(text[from:], is)
		if at < 0 {
			return -1, -1
		}
		_, size := utf8.DecodeRune(text[from+at:])
		return from + at, from + at + size
	}
}

// bertWords is BertPreTokenizer.
func bertWords(out []aligned, in aligned) []aligned {
	eachWord(in.text, func(start, end int) { out = append(out, in.slice(start, end)) })
	return out
}

// eachWord calls word with the bounds of the words of a normalised text: words
// end at white space, and a punctuation character is a word.
func eachWord(text []byte, word func(start, end int)) {
	start := 0
	for i := 0; i < len(text); {
		space, punctuated, size := false, false, 1
		if c := text[i]; c < utf8.RuneSelf {
			k := ascii[c]
			// \v and \f are here when the text was not cleaned.
			space, punctuated = k == blank || c == '\v' || c == '\f', k == punct
		} else {
			var r rune
			r, size = utf8.DecodeRune(text[i:])
			space = unicode.IsSpace(r)
			punctuated = !space && unicode.Is(punctuation, r)
		}
		if space || punctuated {
			if start < i {
				word(start, i)
			}
			if punctuated {
				word(i, i+size)
			}
			start = i + size
		}
		i += size
	}
	if start < len(text) {
		word(start, len(text))
	}
}

// whitespaceSplit is WhitespaceSplit: words end at white space.
var whitespaceSplit = splitAt(runes(unicode.IsSpace), removeSeparators, false)

// metaspaces is the pre-tokenizer Metaspace.
type metaspaces struct {
	mark   string // in the place of a blank
	prefix bool   // every piece begins with the mark
	first  bool   // the piece at the beginning of the text does
	whole  bool   // a mark within a piece does not begin another
}

// split puts marks in and divides the text at them: each begins a word.
func (m metaspaces) split(out []aligned, in aligned) []aligned {
	in.replace(literal(" "), m.mark)
	if (m.prefix || m.first && m.begins(in)) && !strings.HasPrefix(string(in.text), m.mark) {
		in.prepend(m.mark)
	}
	if m.whole {
		return append(out, in)
	}
	start := 0
	for start < len(in.text) {
		_, size := utf8.DecodeRune(in.text[start:])
		next := bytes.Index(in.text[start+size:], []byte(m.mark))
		if next < 0 {
			break
		}
		out = append(out, in.slice(start, start+size+next))
		start += size + next
	}
	if start < len(in.text) {
		out = append(out, in.slice(start, len(in.text)))
	}
	return out
}

// begins tells whether a piece stands at the beginning of the text.
func (m metaspaces) begins(in aligned) bool { return in.base == 0 }
