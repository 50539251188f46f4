package tokenizer

import (
	"unicode/utf8"
)

// span is a part of the original text: bytes start to end, end excluded.
type span struct{ start, end int32 }

// aligned is a text on its way to the model, with the place in the original
// text that each of its bytes came from. It is the NormalizedString of Hugging
// Face's tokenizers, whose rules of alignment give a token's offsets.
type aligned struct {
	text  []byte // UTF-8
	spans []span // by byte of text; nil if nobody asked for offsets
	base  int32  // where what was inserted before everything else counts as coming from
}

// newAligned returns text[start:end] as it is. Bytes that are not UTF-8 count
// as U+FFFD.
func newAligned(text string, start, end int, located bool) aligned {
	a := aligned{base: int32(start), text: make([]byte, 0, end-start)}
	if !located {
		part := text[start:end]
		if utf8.ValidString(part) {
			a.text = append(a.text, part...)
			return a
		}
		for _, r := range part {
			a.text = utf8.AppendRune(a.text, r)
		}
		return a
	}
	a.spans = make([]span, 0, end-start)
	for i := start; i < end; {
		r, size := utf8.DecodeRuneInString(text[i:end])
		a.push(r, span{int32(i), int32(i + size)})
		i += size
	}
	return a
}

// push appends a character that came from s.
func (a *aligned) push(r rune, s span) {
	before := len(a.text)
	a.text = utf8.AppendRune(a.text, r)
	for range len(a.text) - before {
		a.spans = append(a.spans, s)
	}
}

// slice is the bytes from to to of the text.
func (a *aligned) slice(from, to int) aligned {
	s := aligned{text: a.text[from:to:to], base: a.base}
	if a.spans != nil {
		s.spans = a.spans[from:to:to]
		if from < to {
			s.base = s.spans[0].start
		}
	}
	return s
}

// span is where the bytes from to to of the text came from.
func (a *aligned) span(from, to int) span {
	if from >= to {
		return span{a.base, a.base}
	}
	return span{a.spans[from].start, a.spans[to-1].end}
}

// change is a character of a new text. by 0 means that it takes the place of
// the next character of the old text, 1 that it is inserted, and −n that it
// takes the place of the next and that n more are removed.
type change struct {
	r  rune
	by int
}

// transform makes the text that of the changes; of the old text, skipped
// characters are removed before the first.
func (a *aligned) transform(changes []change, skipped int) {
	old := *a
	a.text = make([]byte, 0, len(old.text))
	if old.spans == nil {
		for _, c := range changes {
			a.text = utf8.AppendRune(a.text, c.r)
		}
		return
	}
	a.spans = make([]span, 0, len(old.text))
	at := 0
	advance := func(n int) {
		for range n {
			_, size := utf8.DecodeRune(old.text[at:])
			at += size
		}
	}
	advance(skipped)
	for _, c := range changes {
		from := span{old.base, old.base}
		if c.by > 0 && at > 0 {
			from = old.spans[at-1]
		} else if c.by <= 0 && len(old.spans) > 0 {
			from = old.spans[min(at, len(old.spans)-1)]
		}
		a.push(c.r, from)
		if c.by <= 0 {
			advance(1 - c.by)
		}
	}
}

// filter keeps the characters that keep accepts.
func (a *aligned) filter(keep func(rune) bool) {
	var changes []change
	skipped, removed := 0, 0
	for text := a.text; len(text) > 0; {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		if !keep(r) {
			if removed++; len(changes) == 0 {
				skipped++
			} else {
				changes[len(changes)-1].by--
			}
			continue
		}
		changes = append(changes, change{r, 0})
	}
	if removed > 0 {
		a.transform(changes, skipped)
	}
}

// mapped replaces each character by those that with appends for it: the first
// in its place, the others inserted.
func (a *aligned) mapped(with func(out []change, r rune) []change) {
	changes := make([]change, 0, len(a.text))
	for text := a.text; len(text) > 0; {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		changes = with(changes, r)
	}
	a.transform(changes, 0)
}

// replace puts content in the place of each part of the text that find
// returns: the bounds of the first one at or after from, or a start below 0.
// What it writes came from where the last byte of the part did.
func (a *aligned) replace(find func(text []byte, from int) (start, end int), content string) {
	var out aligned
	done := 0
	for from := 0; from <= len(a.text); {
		start, end := find(a.text, from)
		if start < 0 {
			break
		}
		if out.text == nil {
			out.text = make([]byte, 0, len(a.text)+len(content))
		}
		out.text = append(append(out.text, a.text[done:start]...), content...)
		if a.spans != nil {
			out.spans = append(out.spans, a.spans[done:start]...)
			s := span{a.base, a.base}
			if end > 0 {
				s = a.spans[end-1]
			}
			for range len(content) {
				out.spans = append(out.spans, s)
			}
		}
		done, from = end, end
		if start == end {
			from++
		}
	}
	if out.text == nil {
		return
	}
	a.text = append(out.text, a.text[done:]...)
	if a.spans != nil {
		a.spans = append(out.spans, a.spans[done:]...)
	}
}

// prepend puts content before the text; it counts as coming from the first
// character. An empty text stays empty.
func (a *aligned) prepend(content string) {
	if len(a.text) == 0 || content == "" {
		return
	}
	_, size := utf8.DecodeRune(a.text)
	a.text = append([]byte(content), a.text...)
	if a.spans == nil {
		return
	}
	spans := make([]span, 0, len(a.text))
	for range len(content) + size {
		spans = append(spans, a.spans[0])
	}
	a.spans = append(spans, a.spans[size:]...)
}
