package tokenizer

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// jsonStep is a normalizer or pre_tokenizer of a tokenizer.json.
type jsonStep struct {
	Type string `json:"type"`
	// Of sequences.
	Normalizers   []jsonStep `json:"normalizers"`
	Pretokenizers []jsonStep `json:"pretokenizers"`
	// Of BertNormalizer.
	CleanText    *bool `json:"clean_text"`
	ChineseChars *bool `json:"handle_chinese_chars"`
	StripAccents *bool `json:"strip_accents"`
	LowerCase    *bool `json:"lowercase"`
	// Of Replace and Split.
	Pattern struct {
		String *string `json:"String"`
		Regex  *string `json:"Regex"`
	} `json:"pattern"`
	Content string `json:"content"`
	// Of Strip and Prepend.
	StripLeft  bool   `json:"strip_left"`
	StripRight bool   `json:"strip_right"`
	Prepend    string `json:"prepend"`
	// Of Precompiled, base64.
	Charsmap string `json:"precompiled_charsmap"`
	// Of Metaspace.
	Replacement   string `json:"replacement"`
	PrefixSpace   *bool  `json:"add_prefix_space"`
	PrependScheme string `json:"prepend_scheme"`
	Split         *bool  `json:"split"`
	// Of Split, Punctuation, Digits and CharDelimiterSplit.
	Behavior   string `json:"behavior"`
	Invert     bool   `json:"invert"`
	Individual bool   `json:"individual_digits"`
	Delimiter  string `json:"delimiter"`
}

// bert are the switches of a BertNormalizer.
func (s jsonStep) bert() normalizer {
	on := func(b *bool) bool { return b == nil || *b }
	n := normalizer{clean: on(s.CleanText), chinese: on(s.ChineseChars), lower: on(s.LowerCase)}
	n.strip = n.lower // what a strip_accents of null means
	if s.StripAccents != nil {
		n.strip = *s.StripAccents
	}
	return n
}

// maxDepth bounds sequences within sequences.
const maxDepth = 8

// addNormalizer appends a normalizer's steps.
func (t *Tokenizer) addNormalizer(s jsonStep, depth int) error {
	var add step
	switch s.Type {
	case "Sequence":
		if depth == maxDepth {
			return fmt.Errorf("the normalizer has more than %d sequences within each other", maxDepth)
		}
		for _, inner := range s.Normalizers {
			if err := t.addNormalizer(inner, depth+1); err != nil {
				return err
			}
		}
		return nil
	case "BertNormalizer":
		n := s.bert()
		add, t.chinese = n.align, t.chinese || n.chinese
	case "NFC":
		add = func(a *aligned) { a.compose(norm.NFD) }
	case "NFD":
		add = func(a *aligned) { a.decompose(norm.NFD) }
	case "NFKC":
		add = func(a *aligned) { a.compose(norm.NFKD) }
	case "NFKD":
		add = func(a *aligned) { a.decompose(norm.NFKD) }
	case "Lowercase":
		add = lowercase
	case "StripAccents":
		add = stripAccents
	case "Nmt":
		add = nmt
	case "Prepend":
		add = func(a *aligned) { a.prepend(s.Prepend) }
	case "Strip":
		add = func(a *aligned) { a.trim(s.StripLeft, s.StripRight) }
	case "Replace":
		find, err := s.pattern()
		if err != nil {
			return err
		}
		add = func(a *aligned) { a.replace(find, s.Content) }
	case "Precompiled":
		table, err := base64.StdEncoding.DecodeString(s.Charsmap)
		if err != nil {
			return fmt.Errorf("precompiled_charsmap: %w", err)
		}
		chars, err := parseCharsmap(table)
		if err != nil {
			return err
		}
		add = chars.apply
	default:
		return fmt.Errorf("the normalizer is %s: supported are BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace, Nmt, Precompiled and a Sequence of them", s.Type)
	}
	t.steps = append(t.steps, add)
	return nil
}

// pattern finds what a Replace replaces, or a Split splits at.
func (s jsonStep) pattern() (finder, error) {
	switch {
	case s.Pattern.String != nil && *s.Pattern.String != "":
		return literal(*s.Pattern.String), nil
	case s.Pattern.Regex != nil:
		return expression(*s.Pattern.Regex)
	}
	return nil, fmt.Errorf("the %s has no pattern", s.Type)
}

// albertSteps are the steps that transformers gives an ALBERT.
func (t *Tokenizer) albertSteps(lower, keepAccents bool, chars *charsmap) {
	for _, quotes := range []string{"``", "''"} {
		find := literal(quotes)
		t.steps = append(t.steps, func(a *aligned) { a.replace(find, `"`) })
	}
	if !keepAccents {
		t.steps = append(t.steps, func(a *aligned) { a.decompose(norm.NFKD) }, stripAccents)
	}
	if lower {
		t.steps = append(t.steps, lowercase)
	}
	if chars != nil {
		t.steps = append(t.steps, chars.apply)
	}
}

// trim takes white space off the ends.
func (a *aligned) trim(left, right bool) {
	from, to := 0, len(a.text)
	if left {
		from = len(a.text) - len(bytes.TrimLeftFunc(a.text, unicode.IsSpace))
	}
	if right {
		to = max(from, len(bytes.TrimRightFunc(a.text, unicode.IsSpace)))
	}
	base := a.base
	*a = a.slice(from, to)
	a.base = base
}

// nmt is the normalizer Nmt of SentencePiece: some control characters go, some
// others and what has no width are blanks.
func nmt(a *aligned) {
	a.filter(func(r rune) bool {
		switch {
		case r >= 1 && r <= 8, r == 0xb, r >= 0xe && r <= 0x1f, r == 0x7f, r == 0x8f, r == 0x9f:
			return false
		}
		return true
	})
	a.mapped(func(out []change, r rune) []change {
		switch {
		case r == 9, r == 0xa, r == 0xc, r == 0xd, r == 0x1680, r >= 0x200b && r <= 0x200f, r == 0x2028, r == 0x2029, r == 0x2581, r == 0xfeff, r == 0xfffd:
			r = ' '
		}
		return append(out, change{r, 0})
	})
}

// newerDecompositions holds characters that Unicode 10 to 15 gave a
// decomposition. The reference's table is of Unicode 9, Go's of 15.
var newerDecompositions = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x32ff, Hi: 0x32ff, Stride: 1}, {Lo: 0xa7f2, Hi: 0xa7f4, Stride: 1}, {Lo: 0xab69, Hi: 0xab69, Stride: 1}},
	R32: []unicode.Range32{
		{Lo: 0x10781, Hi: 0x107ba, Stride: 1}, {Lo: 0x11938, Hi: 0x11938, Stride: 1}, {Lo: 0x1e030, Hi: 0x1e06d, Stride: 1},
		{Lo: 0x1f16c, Hi: 0x1f16c, Stride: 1}, {Lo: 0x1fbf0, Hi: 0x1fbf9, Stride: 1},
	},
}
