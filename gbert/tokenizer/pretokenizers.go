package tokenizer

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addPretokenizer appends a pre-tokenizer's steps.
func (t *Tokenizer) addPretokenizer(s jsonStep, depth int) error {
	var add splitter
	switch s.Type {
	case "Sequence":
		if depth == maxDepth {
			return fmt.Errorf("the pre_tokenizer has more than %d sequences within each other", maxDepth)
		}
		for _, inner := range s.Pretokenizers {
			if err := t.addPretokenizer(inner, depth+1); err != nil {
				return err
			}
		}
		return nil
	case "BertPreTokenizer":
		add = bertWords
	case "WhitespaceSplit":
		add = whitespaceSplit
	case "Whitespace":
		add = splitAt(wordsOrMarks, removeSeparators, true)
	case "Digits":
		do := contiguous
		if s.Individual {
			do = isolateSeparators
		}
		add = splitAt(runes(isNumeric), do, false)
	case "CharDelimiterSplit":
		if utf8.RuneCountInString(s.Delimiter) != 1 {
			return fmt.Errorf("the delimiter %q of CharDelimiterSplit is not one character", s.Delimiter)
		}
		add = splitAt(literal(s.Delimiter), removeSeparators, false)
	case "Punctuation":
		if s.Behavior == "" {
			s.Behavior = "Isolated"
		}
		do, err := s.behaviour()
		if err != nil {
			return err
		}
		add = splitAt(runes(func(r rune) bool { return unicode.Is(punctuation, r) }), do, false)
	case "Split":
		do, err := s.behaviour()
		if err != nil {
			return err
		}
		find, err := s.pattern()
		if err != nil {
			return err
		}
		add = splitAt(find, do, s.Invert)
	case "Metaspace":
		m, err := s.metaspaces()
		if err != nil {
			return err
		}
		t.located = t.located || m.first
		add = m.split
	default:
		return fmt.Errorf("the pre_tokenizer is %s: supported are BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits, Split, CharDelimiterSplit, Metaspace and a Sequence of them", s.Type)
	}
	t.words = append(t.words, add)
	return nil
}

// behaviour is what becomes of the separators.
func (s jsonStep) behaviour() (behaviour, error) {
	for i, name := range []string{"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"} {
		if s.Behavior == name {
			return behaviour(i), nil
		}
	}
	return 0, fmt.Errorf("the behavior of %s is %q: want Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous", s.Type, s.Behavior)
}

// metaspaces is the step of a Metaspace.
func (s jsonStep) metaspaces() (metaspaces, error) {
	m := metaspaces{mark: s.Replacement, prefix: s.PrefixSpace == nil || *s.PrefixSpace, whole: s.Split != nil && !*s.Split}
	if m.mark == "" {
		m.mark = metaspace
	}
	switch s.PrependScheme {
	case "":
	case "always", "never":
		m.prefix = s.PrependScheme == "always"
	case "first":
		m.prefix, m.first = false, true
	default:
		return m, fmt.Errorf("the prepend_scheme is %q: want \"always\", \"first\" or \"never\"", s.PrependScheme)
	}
	if utf8.RuneCountInString(m.mark) != 1 {
		return m, fmt.Errorf("the replacement %q of Metaspace is not one character", m.mark)
	}
	return m, nil
}

// wordsOrMarks finds \w+|[^\w\s]+.
func wordsOrMarks(text []byte, from int) (int, int) {
	start := bytes.IndexFunc(text[from:], func(r rune) bool { return !unicode.IsSpace(r) })
	if start < 0 {
		return -1, -1
	}
	start += from
	first, _ := utf8.DecodeRune(text[start:])
	word := isWord(first)
	end := bytes.IndexFunc(text[start:], func(r rune) bool { return unicode.IsSpace(r) || isWord(r) != word })
	if end < 0 {
		return start, len(text)
	}
	return start, start + end
}

// isNumeric tells whether r is a number of any kind.
func isNumeric(r rune) bool { return unicode.Is(numbers, r) }

// classes are what the short names of a regular expression stand for, as the
// inside of brackets. Oniguruma's \w has no joiners.
var classes = map[byte]func() string{
	's': func() string { return `\t-\r\x{85}\p{Z}` },
	'd': func() string { return ranges(digits, nil) },
	'w': func() string {
		return ranges(wordCharacters, func(r rune) bool { return r == '\u200c' || r == '\u200d' })
	},
}

// ranges writes a table as the inside of brackets, without the ranges that
// begin with a character that leave accepts.
func ranges(table *unicode.RangeTable, leave func(rune) bool) string {
	var out strings.Builder
	write := func(lo, hi rune) {
		if leave == nil || !leave(lo) {
			fmt.Fprintf(&out, `\x{%x}-\x{%x}`, lo, hi)
		}
	}
	for _, r := range table.R16 {
		write(rune(r.Lo), rune(r.Hi))
	}
	for _, r := range table.R32 {
		write(rune(r.Lo), rune(r.Hi))
	}
	return out.String()
}

// expression finds a regular expression, of the part of Oniguruma's language
// that means the same in Go's.
func expression(source string) (finder, error) {
	refuse := func(what string) (finder, error) {
		return nil, fmt.Errorf("the regular expression %q has %s, which is not supported", source, what)
	}
	var out strings.Builder
	bracket := 0
	for i := 0; i < len(source); i++ {
		c := source[i]
		switch {
		case c == '\\' && i+1 < len(source):
			i++
			next := source[i]
			class, short := classes[next|0x20]
			negated := next < 'a'
			switch {
			case short && negated && bracket > 0:
				return refuse("\\" + string(next) + " in brackets")
			case short && bracket > 0:
				out.WriteString(class())
			case short:
				out.WriteString(map[bool]string{false: "[", true: "[^"}[negated] + class())
				if next|0x20 == 'w' {
					out.WriteString("²³¹¼½¾") // outside of brackets only
				}
				out.WriteByte(']')
			case next == 'p' || next == 'P' || next == 'n' || next == 'r' || next == 't' || !isAlphanumeric(next) && next < utf8.RuneSelf:
				out.WriteString("\\" + string(next))
			default:
				return refuse("\\" + string(next))
			}
			continue
		case c == '[':
			if bracket++; bracket > 1 {
				return refuse("brackets in brackets")
			}
		case c == ']':
			bracket--
		case c == '&' && bracket > 0:
			return refuse("& in brackets")
		case c == '(' && bracket == 0 && strings.HasPrefix(source[i:], "(?") && !strings.HasPrefix(source[i:], "(?:"):
			return refuse("(?")
		case c == '^' && bracket == 0, c == '$' && bracket == 0, c == '.' && bracket == 0:
			return refuse(string(c))
		case c == '+' && bracket == 0 && i > 0 && strings.IndexByte("+*?}", source[i-1]) >= 0:
			return refuse("a possessive repetition")
		}
		out.WriteByte(c)
	}
	compiled, err := regexp.Compile(out.String())
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", source, err)
	}
	return func(text []byte, from int) (int, int) {
		at := compiled.FindIndex(text[from:])
		if at == nil {
			return -1, -1
		}
		return from + at[0], from + at[1]
	}, nil
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
