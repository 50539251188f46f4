package tokenizer

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/rivo/uniseg"
)

// A step is one part of a normalizer.
type step func(a *aligned)

// align is what append makes of a text, with alignment.
func (n normalizer) align(a *aligned) {
	if n.clean {
		a.filter(func(r rune) bool { return !unicode.Is(removed, r) })
		a.mapped(func(out []change, r rune) []change {
			if unicode.IsSpace(r) {
				r = ' '
			}
			return append(out, change{r, 0})
		})
	}
	if n.chinese {
		a.mapped(func(out []change, r rune) []change {
			if !isChinese(r) {
				return append(out, change{r, 0})
			}
			return append(out, change{' ', 0}, change{r, 1}, change{' ', 1})
		})
	}
	if n.strip {
		a.decompose(norm.NFD)
		a.filter(func(r rune) bool { return r < utf8.RuneSelf || !unicode.Is(nonspacing, r) })
	}
	if n.lower {
		lowercase(a)
	}
}

// lowercase is lower case character by character, as Rust's: no rule looks at
// what stands around it.
func lowercase(a *aligned) {
	if a.spans == nil && isASCII(a.text) {
		a.text = bytes.ToLower(a.text)
		return
	}
	a.mapped(func(out []change, r rune) []change {
		if r == 'İ' { // the one letter whose lower case is two characters
			return append(out, change{'i', 0}, change{'\u0307', 1})
		}
		return append(out, change{lowerRune(r), 0})
	})
}

// lowerRune is the lower case of one character that has one.
func lowerRune(r rune) rune {
	if low, ok := newerLower[r]; ok {
		return low
	}
	return unicode.ToLower(r)
}

// stripAccents leaves out the combining marks that the reference knows.
func stripAccents(a *aligned) {
	if !isASCII(a.text) {
		a.filter(func(r rune) bool { return r < utf8.RuneSelf || !unicode.Is(marks, r) })
	}
}

// literal finds a text, for [aligned.replace].
func literal(text string) func([]byte, int) (int, int) {
	return func(in []byte, from int) (int, int) {
		at := bytes.Index(in[from:], []byte(text))
		if at < 0 {
			return -1, -1
		}
		return from + at, from + at + len(text)
	}
}

// apply normalises a text: what a reader takes for one character is replaced
// as a whole where it is short and has a replacement, else each of its
// characters.
func (c *charsmap) apply(a *aligned) {
	changes := make([]change, 0, len(a.text))
	modified := false
	state := -1
	for text := a.text; len(text) > 0; {
		var cluster []byte
		cluster, text, _, state = uniseg.FirstGraphemeCluster(text, state)
		if len(cluster) < 6 {
			if with, ok := c.lookup(cluster); ok {
				changes, modified = replaced(changes, utf8.RuneCount(cluster), with), true
				continue
			}
		}
		for len(cluster) > 0 {
			r, size := utf8.DecodeRune(cluster)
			if with, ok := c.lookup(cluster[:size]); ok {
				changes, modified = replaced(changes, 1, with), true
			} else {
				changes = append(changes, change{r, 0})
			}
			cluster = cluster[size:]
		}
	}
	if modified {
		a.transform(changes, 0)
	}
}

// replaced appends what comes in the place of n characters, aligned as the
// reference does it: what is too many is inserted at the end, and what is too
// few is removed behind the last character that there is.
func replaced(changes []change, n int, with string) []change {
	first := len(changes)
	for _, r := range with {
		changes = append(changes, change{r, 0})
	}
	switch more := len(changes) - first - n; {
	case more > 0:
		for i := len(changes) - more; i < len(changes); i++ {
			changes[i].by = 1
		}
	case more < 0 && len(changes) > 0:
		changes[len(changes)-1].by += more
	}
	return changes
}
