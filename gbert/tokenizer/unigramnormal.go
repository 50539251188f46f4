package tokenizer

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

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
func (u *unigram) addNormalizer(s jsonStep) error {
	var step func(string) string
	switch s.Type {
	case "Sequence":
		for _, inner := range s.Normalizers {
			if inner.Type == "Sequence" {
				return errors.New("the normalizer is a Sequence within a Sequence")
			}
			if err := u.addNormalizer(inner); err != nil {
				return err
			}
		}
		return nil
	case "NFC":
		step = norm.NFC.String
	case "NFD":
		step = norm.NFD.String
	case "NFKC":
		step = norm.NFKC.String
	case "NFKD":
		step = compatible
	case "Lowercase":
		step = lowerRunes
	case "StripAccents":
		step = stripMarks
	case "Replace":
		switch {
		case s.Pattern.String != nil && *s.Pattern.String != "":
			step = strings.NewReplacer(*s.Pattern.String, s.Content).Replace
		case s.Pattern.Regex != nil && *s.Pattern.Regex == blanks:
			step = func(text string) string { return replaceBlanks(text, s.Content) }
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
		step = chars.apply
	default:
		return fmt.Errorf("the normalizer is %q: supported with a Unigram model are NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Replace, Precompiled and a Sequence of them", s.Type)
	}
	u.normalize = append(u.normalize, step)
	return nil
}

// addPretokenizer sets how text becomes words.
func (u *unigram) addPretokenizer(s jsonStep) error {
	switch s.Type {
	case "Sequence":
		if len(s.Pretokenizers) == 2 && s.Pretokenizers[0].Type == "WhitespaceSplit" && s.Pretokenizers[1].Type == "Metaspace" {
			u.whitespace = true
			return u.addPretokenizer(s.Pretokenizers[1])
		}
	case "Metaspace":
		u.whole = s.Split != nil && !*s.Split
		u.prefix = s.PrefixSpace == nil || *s.PrefixSpace
		switch s.PrependScheme {
		case "":
		case "always", "never":
			u.prefix = s.PrependScheme == "always"
		default:
			return fmt.Errorf("the prepend_scheme is %q: supported are \"always\" and \"never\"", s.PrependScheme)
		}
		if s.Replacement != "" && s.Replacement != metaspace {
			return fmt.Errorf("the pre_tokenizer Metaspace writes %q for a blank: supported is %q", s.Replacement, metaspace)
		}
		return nil
	}
	return fmt.Errorf("the pre_tokenizer is %q: supported with a Unigram model are Metaspace, and a Sequence of WhitespaceSplit and Metaspace", s.Type)
}

// albertNormalizer are the steps that transformers gives an ALBERT.
func (u *unigram) albertNormalizer(lower, keepAccents bool, charsmap []byte) error {
	u.normalize = []func(string) string{strings.NewReplacer("``", `"`).Replace, strings.NewReplacer("''", `"`).Replace}
	if !keepAccents {
		u.normalize = append(u.normalize, compatible, stripMarks)
	}
	if lower {
		u.normalize = append(u.normalize, lowerRunes)
	}
	if len(charsmap) > 0 {
		chars, err := parseCharsmap(charsmap)
		if err != nil {
			return err
		}
		u.normalize = append(u.normalize, chars.apply)
	}
	u.whitespace, u.prefix = true, true
	return nil
}

// lowerRunes is lower case character by character, as Rust's: no rule looks
// at what stands around it.
func lowerRunes(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	for _, r := range text {
		if r == 'İ' {
			out.WriteString("i\u0307")
			continue
		}
		if low, ok := newerLower[r]; ok {
			r = low
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
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

// compatible is the NFKD of the reference.
func compatible(text string) string {
	var out strings.Builder
	for {
		at := strings.IndexFunc(text, func(r rune) bool { return r > 0x32fe && unicode.Is(newerDecompositions, r) })
		if at < 0 && out.Len() == 0 {
			return norm.NFKD.String(text)
		}
		if at < 0 {
			out.WriteString(norm.NFKD.String(text))
			return out.String()
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		out.WriteString(norm.NFKD.String(text[:at]))
		out.WriteString(text[at : at+size])
		text = text[at+size:]
	}
}

// stripMarks leaves out the combining marks that the reference knows.
func stripMarks(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf && unicode.Is(marks, r) {
			return -1
		}
		return r
	}, text)
}

// replaceBlanks replaces two and more blanks in a row.
func replaceBlanks(text, with string) string {
	if !strings.Contains(text, "  ") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && text[end] == ' ' {
			end++
		}
		switch {
		case end-i >= 2:
			out.WriteString(with)
			i = end
		default:
			out.WriteByte(text[i])
			i++
		}
	}
	return out.String()
}
