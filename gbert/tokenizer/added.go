package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is found in the text before it is split into
// words, as the special tokens are. The fields are those of tokenizer.json.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
	passed     bool   // split_special_tokens: where it is found, it is ordinary text
}

// addedTokens finds tokens in text, the leftmost first and the longest there.
type addedTokens struct {
	byFirst [256][]addedToken // by their first byte, the longest first
	any     bool
}

func (a *addedTokens) add(token addedToken) {
	if token.Content == "" {
		return
	}
	list := &a.byFirst[token.Content[0]]
	for i := range *list {
		if (*list)[i].Content == token.Content {
			return
		}
	}
	at, _ := slices.BinarySearchFunc(*list, len(token.Content), func(t addedToken, n int) int { return n - len(t.Content) })
	*list = slices.Insert(*list, at, token)
	a.any = true
}

// next returns the first token in text at or after from, its bounds and the
// token; ok is false if there is none.
func (a *addedTokens) next(text string, from int) (start, end int, token addedToken, ok bool) {
	if !a.any {
		return 0, 0, token, false
	}
	for i := from; i < len(text); i++ {
		for _, t := range a.byFirst[text[i]] {
			if strings.HasPrefix(text[i:], t.Content) {
				return i, i + len(t.Content), t, true
			}
		}
	}
	return 0, 0, token, false
}

// split calls between with the bounds of the text between tokens, and found
// for each token with its own, which include the white space that it takes.
func (a *addedTokens) split(text string, between func(start, end int), found func(id int32, start, end int)) {
	done := 0
	for from := 0; ; {
		start, end, token, ok := a.next(text, from)
		if !ok {
			break
		}
		from = end
		if token.passed || token.SingleWord && (endsWithWord(text[:start]) || startsWithWord(text[end:])) {
			continue
		}
		if token.LStrip {
			start = max(done, len(strings.TrimRightFunc(text[:start], unicode.IsSpace)))
		}
		if token.RStrip {
			end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
		}
		if done < start {
			between(done, start)
		}
		if start < end { // else, the one before has taken its white space
			found(token.ID, start, end)
		}
		done = end
	}
	if done < len(text) {
		between(done, len(text))
	}
}

func endsWithWord(text string) bool {
	r, size := utf8.DecodeLastRuneInString(text)
	return size > 0 && isWord(r)
}

func startsWithWord(text string) bool {
	r, size := utf8.DecodeRuneInString(text)
	return size > 0 && isWord(r)
}

// isWord is \w of the reference's regular expressions.
func isWord(r rune) bool { return unicode.Is(wordCharacters, r) }
