package tokenizer

import (
	"fmt"
	"strings"
)

// A Tokenizer turns text into token ids. It does not change after it was made
// and may be used by several goroutines at once.
type Tokenizer struct {
	// The ids of the special tokens. MaskID is -1 if the vocabulary has none.
	PadID, ClsID, SepID, MaskID, UnkID int32

	bert       normalizer  // of BERT's kind
	steps      []step      // the normalizer
	words      []splitter  // the pre-tokenizer
	unigram    *unigram    // the model, if not nil
	model      wordPiece   // else
	cutsLeft   bool        // truncation cuts the beginning of a text
	raw        addedTokens // found in the text as it is
	normalized addedTokens // found in the normalised text
	ids        map[string]int32
	tokens     map[int32]string
	size       int
	prefix     string
	files      map[string][]byte // name → contents, for Save
}

// VocabSize returns one more than the largest id: the rows that a model's word
// embedding needs.
func (t *Tokenizer) VocabSize() int { return t.size }

// Token returns the token of an id, or "" if there is none.
func (t *Tokenizer) Token(id int32) string { return t.tokens[id] }

// ID returns the id of a token, such as "[MASK]" or "##ing", and whether there
// is one.
func (t *Tokenizer) ID(token string) (int32, bool) {
	id, ok := t.ids[token]
	return id, ok
}

// Decode returns ids as text, as transformers' decode does: continuations are
// joined to what they continue, other tokens get a blank before them, except
// for . , ? and !. Special tokens are written out. Ids without a token are left
// out.
func (t *Tokenizer) Decode(ids []int32) string {
	if t.unigram != nil {
		return t.decodePieces(ids)
	}
	var text strings.Builder
	for _, id := range ids {
		token, ok := t.tokens[id]
		if !ok {
			continue
		}
		if text.Len() > 0 {
			if rest, continues := strings.CutPrefix(token, t.prefix); continues {
				token = rest
			} else {
				token = " " + token
			}
		}
		for _, tidy := range tidying {
			token = strings.ReplaceAll(token, tidy.from, tidy.to)
		}
		text.WriteString(token)
	}
	return text.String()
}

// tidying is what the reference replaces, in this order, in each token with
// the blank before it.
var tidying = []struct{ from, to string }{
	{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
	{" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
}

// finish builds the lookups once ids, the special tokens' names and the
// options are known.
func (t *Tokenizer) finish(names specialNames, added []addedToken, maxRunes int) error {
	for _, special := range []struct {
		name string
		id   *int32
		what string
	}{
		{names.pad, &t.PadID, "pad"}, {names.unk, &t.UnkID, "unknown"}, {names.cls, &t.ClsID, "classification"},
		{names.sep, &t.SepID, "separator"}, {names.mask, &t.MaskID, "mask"},
	} {
		id, ok := t.ids[special.name]
		switch {
		case ok:
			added = append(added, addedToken{ID: id, Content: special.name, Special: true})
		case special.id == &t.MaskID:
			id = -1
		default:
			return fmt.Errorf("the vocabulary has no %q, the %s token: a BERT vocabulary has [PAD], [UNK], [CLS] and [SEP], an ALBERT's <pad>, <unk>, [CLS] and [SEP]", special.name, special.what)
		}
		*special.id = id
	}
	vocab := t.ids
	if len(added) > 0 {
		// Tokens that only the list of added ones has are not WordPiece's.
		t.ids = make(map[string]int32, len(vocab)+len(added))
		for token, id := range vocab {
			t.ids[token] = id
		}
	}
	for _, token := range added {
		if token.Content == "" {
			continue
		}
		switch id, ok := t.ids[token.Content]; {
		case ok && id != token.ID:
			return fmt.Errorf("added token %q has the id %d, and %d in the vocabulary", token.Content, token.ID, id)
		case token.ID < 0:
			return fmt.Errorf("added token %q has the id %d, which is negative", token.Content, token.ID)
		}
		if other, ok := t.tokens[token.ID]; ok && other != token.Content {
			return fmt.Errorf("added token %q has the id %d, which is that of %q", token.Content, token.ID, other)
		}
		t.ids[token.Content], t.tokens[token.ID] = token.ID, token.Content
		t.size = max(t.size, int(token.ID)+1)
		switch {
		case token.Normalized:
			content := newAligned(token.Content, 0, len(token.Content), false)
			t.normalize(&content)
			token.Content = string(content.text)
			t.normalized.add(token)
		default:
			t.raw.add(token)
		}
	}
	if t.unigram == nil {
		t.words = []splitter{bertWords}
		t.model = newWordPiece(vocab, t.prefix, maxRunes, t.UnkID)
	}
	return nil
}
