package tokenizer

import "unicode/utf8"

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

// appendPiece appends the tokens of a word.
func (w *wordPiece) appendPiece(out *tokens, word []byte) {
	if len(word) == 0 {
		return
	}
	if len(word) > w.maxRunes && utf8.RuneCount(word) > w.maxRunes {
		out.add(w.unknown, len(word))
		return
	}
	before := len(out.ids)
	known := w.first
	for at := 0; at < len(word); {
		end := min(len(word), at+w.longest)
		for ; end > at; end-- {
			if end < len(word) && !utf8.RuneStart(word[end]) {
				continue
			}
			if id, ok := known[string(word[at:end])]; ok {
				out.add(id, end)
				break
			}
		}
		if end == at {
			out.ids, out.ends = out.ids[:before], out.ends[:0]
			out.add(w.unknown, len(word))
			return
		}
		at = end
		known = w.continuation
	}
}
