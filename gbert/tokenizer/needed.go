package tokenizer

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Needed are the ids, ascending, that a smaller vocabulary keeps so that no
// text has an unknown token which had none before: those of
// [Tokenizer.SpecialIDs] and of all single characters, those that continue a
// word included.
//
// With these, any word that was divided into tokens can still be divided, into
// its characters if need be. A vocabulary may lack the single token of a
// character that stands in longer ones. A word with such a character must be
// divided as it was, so all tokens stay that its script has: those that are
// connected with the character by tokens which share a character. In the
// vocabularies of BERT and ALBERT there is no such character.
func (t *Tokenizer) Needed() []int32 {
	s := &spelling{of: t, singles: map[string]bool{}, ids: map[int32]bool{}}
	for _, id := range t.SpecialIDs() {
		s.ids[id] = true
	}
	s.read()
	s.keepSingles()
	s.keepScripts()
	return slices.Sorted(maps.Keys(s.ids))
}

// spelling is how words are spelled by single characters.
type spelling struct {
	of      *Tokenizer
	pieces  []spelled
	singles map[string]bool // characters that have a token of their own; those within a word with the prefix
	ids     map[int32]bool  // that stay
}

// spelled is a token with the characters that it is spelled with.
type spelled struct {
	id         int32
	characters []string
}

// read reads the vocabulary but for what stays anyway.
func (s *spelling) read() {
	t := s.of
	_, marked := t.ids[metaspace] // the mark of a word's beginning can stand alone
	for _, id := range slices.Sorted(maps.Keys(t.tokens)) {
		token := t.tokens[id]
		if s.ids[id] || token == "" || t.ids[token] != id { // of equal lines the last one counts
			continue
		}
		if t.unigram != nil {
			if marked {
				token = strings.TrimPrefix(token, metaspace)
			}
			s.add(id, characters(token, "", ""))
			continue
		}
		rest, continues := strings.CutPrefix(token, t.prefix)
		if continues && t.prefix != "" {
			s.add(id, characters(rest, t.prefix, t.prefix))
		}
		if !continues || t.prefix == "" || !t.plain { // a word may begin with the prefix where it is not parted at punctuation
			s.add(id, characters(token, "", t.prefix))
		}
	}
	if t.unigram != nil {
		s.leastLikely()
	}
}

// add adds a token. One that BERT's pre-tokenizer never lets through whole is
// in no word.
func (s *spelling) add(id int32, spelt []string) {
	if len(spelt) == 0 {
		if s.of.unigram != nil { // the mark of a word's beginning
			s.ids[id] = true
		}
		return
	}
	s.pieces = append(s.pieces, spelled{id, spelt})
}

// leastLikely keeps the token of the smallest log probability, by which
// unknown characters are judged.
func (s *spelling) leastLikely() {
	scores := s.of.unigram.scores
	least := int32(0)
	for id, score := range scores {
		if score < scores[least] {
			least = int32(id)
		}
	}
	s.ids[least] = true
}

// characters are those of a token, the first with one prefix and the others
// with another.
func characters(token, first, then string) []string {
	var all []string
	prefix := first
	for _, r := range token {
		all = append(all, prefix+string(r))
		prefix = then
	}
	return all
}

func (s *spelling) keepSingles() {
	for _, p := range s.pieces {
		if len(p.characters) == 1 && (s.of.unigram == nil || utf8.RuneCountInString(s.of.tokens[p.id]) == 1) {
			s.singles[p.characters[0]], s.ids[p.id] = true, true
		}
	}
}

// keepScripts keeps all tokens that are connected with a character which has
// none of its own.
func (s *spelling) keepScripts() {
	parent := map[string]string{}
	var root func(character string) string
	root = func(character string) string {
		up, ok := parent[character]
		if !ok || up == character {
			return character
		}
		parent[character] = root(up)
		return parent[character]
	}
	bare := func(character string) string { // at whichever place of a word
		if rest, ok := strings.CutPrefix(character, s.of.prefix); ok && s.of.unigram == nil && rest != "" {
			return rest
		}
		return character
	}
	for _, p := range s.pieces {
		for _, character := range p.characters {
			parent[root(bare(character))] = root(bare(p.characters[0]))
		}
	}
	whole := map[string]bool{}
	for _, p := range s.pieces {
		if !s.reachable(p) {
			continue
		}
		for _, character := range p.characters {
			if !s.singles[character] {
				whole[root(bare(character))] = true
			}
		}
	}
	for _, p := range s.pieces {
		if whole[root(bare(p.characters[0]))] {
			s.ids[p.id] = true
		}
	}
}

// reachable reports whether a token can be part of a word: BERT's
// pre-tokenizer divides at punctuation, so that [unused1] is none.
func (s *spelling) reachable(p spelled) bool {
	if !s.of.plain {
		return true
	}
	var text []byte
	for _, character := range p.characters {
		text = append(text, strings.TrimPrefix(character, s.of.prefix)...)
	}
	whole := false
	eachWord(text, func(start, end int) { whole = start == 0 && end == len(text) })
	return whole
}
