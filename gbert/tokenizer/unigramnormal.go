package tokenizer

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// jsonStep is a normalizer or pre_tokenizer of a tokenizer.json with a Unigram
// model.
type jsonStep struct {
	Type string `json:"type"`
	// Of sequences.
	Normalizers   []jsonStep `json:"normalizers"`
	Pretokenizers []jsonStep `json:"pretokenizers"`
	// Of Replace.
	Pattern struct {
		String *string `json:"String"`
		Regex  *string `json:"Regex"`
	} `json:"pattern"`
	Content string `json:"content"`
	// Of Precompiled, base64.
	Charsmap string `json:"precompiled_charsmap"`
	// Of Metaspace.
	Replacement   string `json:"replacement"`
	PrefixSpace   *bool  `json:"add_prefix_space"`
	PrependScheme string `json:"prepend_scheme"`
	Split         *bool  `json:"split"`
}

// blanks is the one regular expression that ALBERT's normalizer has.
const blanks = " {2,}"

// addNormalizer appends a normalizer's steps.
func (t *Tokenizer) addNormalizer(s jsonStep) error {
	var add step
	switch s.Type {
	case "Sequence":
		for _, inner := range s.Normalizers {
			if inner.Type == "Sequence" {
				return errors.New("the normalizer is a Sequence within a Sequence")
			}
			if err := t.addNormalizer(inner); err != nil {
				return err
			}
		}
		return nil
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
	case "Replace":
		switch {
		case s.Pattern.String != nil && *s.Pattern.String != "":
			find := literal(*s.Pattern.String)
			add = func(a *aligned) { a.replace(find, s.Content) }
		case s.Pattern.Regex != nil && *s.Pattern.Regex == blanks:
			add = func(a *aligned) { a.replace(twoBlanks, s.Content) }
		default:
			return fmt.Errorf("the normalizer Replace has a pattern that is not a text, nor the regular expression %q", blanks)
		}
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
		return fmt.Errorf("the normalizer is %q: supported with a Unigram model are NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Replace, Precompiled and a Sequence of them", s.Type)
	}
	t.steps = append(t.steps, add)
	return nil
}

// addPretokenizer sets how text becomes words.
func (t *Tokenizer) addPretokenizer(s jsonStep) error {
	switch s.Type {
	case "Sequence":
		if len(s.Pretokenizers) == 2 && s.Pretokenizers[0].Type == "WhitespaceSplit" && s.Pretokenizers[1].Type == "Metaspace" {
			t.words = append(t.words, whitespaceSplit)
			return t.addPretokenizer(s.Pretokenizers[1])
		}
	case "Metaspace":
		m := metaspaces{mark: metaspace, prefix: s.PrefixSpace == nil || *s.PrefixSpace, whole: s.Split != nil && !*s.Split}
		switch s.PrependScheme {
		case "":
		case "always", "never":
			m.prefix = s.PrependScheme == "always"
		default:
			return fmt.Errorf("the prepend_scheme is %q: supported are \"always\" and \"never\"", s.PrependScheme)
		}
		if s.Replacement != "" && s.Replacement != metaspace {
			return fmt.Errorf("the pre_tokenizer Metaspace writes %q for a blank: supported is %q", s.Replacement, metaspace)
		}
		t.words = append(t.words, m.split)
		return nil
	}
	return fmt.Errorf("the pre_tokenizer is %q: supported with a Unigram model are Metaspace, and a Sequence of WhitespaceSplit and Metaspace", s.Type)
}

// albertSteps are the steps that transformers gives an ALBERT.
func (t *Tokenizer) albertSteps(lower, keepAccents bool, charsmap []byte) error {
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
	if len(charsmap) > 0 {
		chars, err := parseCharsmap(charsmap)
		if err != nil {
			return err
		}
		t.steps = append(t.steps, chars.apply)
	}
	t.words = []splitter{whitespaceSplit, metaspaces{mark: metaspace, prefix: true}.split}
	return nil
}

// twoBlanks finds two and more blanks in a row.
func twoBlanks(text []byte, from int) (int, int) {
	start := bytes.Index(text[from:], []byte("  "))
	if start < 0 {
		return -1, -1
	}
	start += from
	end := start
	for end < len(text) && text[end] == ' ' {
		end++
	}
	return start, end
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
