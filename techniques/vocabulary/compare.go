package vocabulary

import (
	"slices"

	"bertlab/gbert/tokenizer"
)

// Comparison says what a smaller vocabulary does to texts.
type Comparison struct {
	// Texts is the number of texts, or pairs of them, and Changed that of those which have other tokens now.
	Texts   int `json:"texts"`
	Changed int `json:"changed"`
	// TokensBefore and Tokens count the tokens of all texts, special ones not included.
	TokensBefore int `json:"tokens_before"`
	Tokens       int `json:"tokens"`
	// UnknownBefore and Unknown count unknown tokens among them.
	UnknownBefore int `json:"unknown_before"`
	Unknown       int `json:"unknown"`
}

// Compare divides texts with the tokenizer before and with the smaller one. Tokens are the same where their names are.
func Compare(before, now *tokenizer.Tokenizer, texts []tokenizer.Pair) Comparison {
	c := Comparison{Texts: len(texts)}
	smaller := now.EncodeAll(texts, 0)
	for i, encoding := range before.EncodeAll(texts, 0) {
		was, is := names(before, encoding.IDs), names(now, smaller[i].IDs)
		if !slices.Equal(was, is) {
			c.Changed++
		}
		around := before.Special(texts[i].Both || texts[i].B != "")
		c.TokensBefore, c.Tokens = c.TokensBefore+len(was)-around, c.Tokens+len(is)-around
		c.UnknownBefore += unknown(before, encoding.IDs)
		c.Unknown += unknown(now, smaller[i].IDs)
	}
	return c
}

func names(t *tokenizer.Tokenizer, ids []int32) []string {
	tokens := make([]string, len(ids))
	for i, id := range ids {
		tokens[i] = t.Token(id)
	}
	return tokens
}

func unknown(t *tokenizer.Tokenizer, ids []int32) (n int) {
	for _, id := range ids {
		if id == t.UnkID {
			n++
		}
	}
	return n
}
