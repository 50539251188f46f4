package tokenizer

import (
	"fmt"
	"maps"
	"slices"
)

// registry holds the added tokens as Hugging Face's tokenizers does: a token
// of the vocabulary keeps its id, and one that is added again gets its new
// options.
type registry struct {
	next     int32                // the id of a token that the vocabulary does not have
	tokens   map[int32]addedToken // the last version of each
	specials map[string]bool      // those that any version called special
}

func newRegistry(size int) *registry {
	return &registry{next: int32(size), tokens: map[int32]addedToken{}, specials: map[string]bool{}}
}

// add adds a token whose id is token.ID, or is to be found if that is
// negative.
func (t *Tokenizer) add(token addedToken) error {
	r := t.registry
	if token.Content == "" {
		return nil
	}
	r.specials[token.Content] = r.specials[token.Content] || token.Special
	id, known := t.ids[token.Content]
	switch {
	case known && token.ID >= 0 && id != token.ID:
		return fmt.Errorf("added token %q has the id %d, and %d in the vocabulary", token.Content, token.ID, id)
	case !known && token.ID < 0:
		id = r.next
	case !known:
		id = token.ID
		if id != r.next {
			t.note("the added token %q has the id %d, as its file says; transformers 5 gives it %d", token.Content, id, r.next)
		}
	}
	if other, ok := t.tokens[id]; ok && other != token.Content {
		return fmt.Errorf("added token %q has the id %d, which is that of %q", token.Content, id, other)
	}
	token.ID = id
	t.ids[token.Content], t.tokens[id] = id, token.Content
	t.size = max(t.size, int(id)+1)
	r.tokens[id], r.next = token, max(r.next, id+1)
	return nil
}

// build makes the finders of the added tokens. With splits, special ones are
// passed over.
func (r *registry) build(t *Tokenizer, splits bool) error {
	for _, id := range slices.Sorted(maps.Keys(r.tokens)) {
		token := r.tokens[id]
		token.passed = splits && r.specials[token.Content]
		if !token.Normalized {
			t.raw.add(token)
			continue
		}
		content := newAligned(token.Content, 0, len(token.Content), false)
		t.normalize(&content)
		if len(content.text) == 0 {
			return fmt.Errorf("nothing is left of the added token %q after the normalizer", token.Content)
		}
		token.Content = string(content.text)
		t.normalized.add(token)
	}
	return nil
}
