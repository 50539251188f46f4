package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// wordPiece is the model: the longest token that begins a word, then the
// longest continuation, until the word is used up.
type wordPiece struct {
	first        map[string]int32 // tokens as they stand in the vocabulary
	continuation map[string]int32 // tokens that begin with the prefix, without it
	longest      int              // bytes of the longest of all these
	maxRunes     int              // longer words are unknown
	unknown      int32
}

func newWordPiece(vocab map[string]int32, prefix string, maxRunes int, unknown int32) wordPiece {
	w := wordPiece{first: vocab, continuation: map[string]int32{}, maxRunes: maxRunes, unknown: unknown}
	for token, id := range vocab {
		w.longest = max(w.longest, len(token))
		if len(token) >= len(prefix) && token[:len(prefix)] == prefix {
			w.continuation[token[len(prefix):]] = id
		}
	}
	return w
}

// appendText appends the ids of the words of normalised text: words end at
// white space, and a punctuation character is a word.
func (w *wordPiece) appendText(ids []int32, text []byte) []int32 {
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
			ids = w.appendWord(ids, text[start:i])
			if punctuated {
				ids = w.appendWord(ids, text[i:i+size])
			}
			start = i + size
		}
		i += size
	}
	return w.appendWord(ids, text[start:])
}

func (w *wordPiece) appendWord(ids []int32, word []byte) []int32 {
	if len(word) == 0 {
		return ids
	}
	if len(word) > w.maxRunes && utf8.RuneCount(word) > w.maxRunes {
		return append(ids, w.unknown)
	}
	before := len(ids)
	tokens := w.first
	for len(word) > 0 {
		end := min(len(word), w.longest)
		for ; end > 0; end-- {
			if end < len(word) && !utf8.RuneStart(word[end]) {
				continue
			}
			if id, ok := tokens[string(word[:end])]; ok {
				ids = append(ids, id)
				break
			}
		}
		if end == 0 {
			return append(ids[:before], w.unknown)
		}
		word = word[end:]
		tokens = w.continuation
	}
	return ids
}
