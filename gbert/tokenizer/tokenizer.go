package tokenizer

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// A Tokenizer turns text into token ids. It does not change after it was made
// and may be used by several goroutines at once.
type Tokenizer struct {
	// The ids of the special tokens. MaskID is -1 if the vocabulary has none.
	PadID, ClsID, SepID, MaskID, UnkID int32

	normalizer normalizer
	model      wordPiece
	unigram    *unigram    // in place of normalizer and model, if not nil
	raw        addedTokens // found in the text as it is
	normalized addedTokens // found in the normalised text
	ids        map[string]int32
	tokens     map[int32]string
	size       int
	prefix     string
	files      map[string][]byte // name → contents, for Save
}

// An Encoding is what the model is fed with for one sentence or pair; both
// slices have the length of the sequence, without padding.
type Encoding struct {
	IDs   []int32 // [CLS] a [SEP], or [CLS] a [SEP] b [SEP]
	Types []int32 // 0 up to and with the first [SEP], then 1
}

// A Pair is an input of [Tokenizer.EncodeAll]: a single sentence if B is
// empty, unless Both is set.
type Pair struct {
	A, B string
	Both bool // B counts even if it is empty
}

// Encode returns the ids of [CLS] a [SEP], or of [CLS] a [SEP] b [SEP] if b is
// not empty.
//
// A positive maxLength bounds the length of the sequence: the end of the
// longer text is cut until both are equally long, then the ends of both; when
// one token is left over, it goes to the text that was the longer one (to b if
// they were equal). That is what transformers does for truncation=True. The
// special tokens always stay, so that a maxLength below 2 (3 for a pair) counts
// as that. With maxLength ≤ 0 nothing is cut.
func (t *Tokenizer) Encode(a, b string, maxLength int) Encoding {
	return t.encode(Pair{A: a, B: b}, maxLength)
}

// EncodeAll encodes all pairs as [Tokenizer.Encode] does, on all processors.
// Element i of the result is that of pairs[i].
func (t *Tokenizer) EncodeAll(pairs []Pair, maxLength int) []Encoding {
	out := make([]Encoding, len(pairs))
	const chunk = 64
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(pairs)+chunk-1)/chunk) {
		wg.Go(func() {
			for {
				start := int(next.Add(chunk)) - chunk
				if start >= len(pairs) {
					return
				}
				for i := start; i < min(start+chunk, len(pairs)); i++ {
					out[i] = t.encode(pairs[i], maxLength)
				}
			}
		})
	}
	wg.Wait()
	return out
}

// scratch is the memory of one encoding, reused by the next.
type scratch struct {
	text []byte
	a, b []int32
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (t *Tokenizer) encode(p Pair, maxLength int) Encoding {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	s.a = t.appendText(s.a[:0], p.A, s)
	a, b := s.a, []int32(nil)
	pair := p.B != "" || p.Both
	special := 2
	if pair {
		special = 3
		s.b = t.appendText(s.b[:0], p.B, s)
		b = s.b
	}
	if maxLength > 0 {
		na, nb := longestFirst(len(a), len(b), max(0, maxLength-special))
		a, b = a[:na], b[:nb]
	}
	n := special + len(a) + len(b)
	memory := make([]int32, 2*n)
	ids, types := memory[:0:n], memory[n:]
	ids = append(append(append(ids, t.ClsID), a...), t.SepID)
	if pair {
		for i := len(ids); i < n; i++ {
			types[i] = 1
		}
		ids = append(append(ids, b...), t.SepID)
	}
	return Encoding{IDs: ids, Types: types}
}

// longestFirst returns to how many tokens two texts of na and nb tokens are
// cut so that they have at most most together.
func longestFirst(na, nb, most int) (int, int) {
	if na+nb <= most {
		return na, nb
	}
	shorter := min(na, nb)
	longer := max(shorter, most-shorter)
	if shorter > most {
		longer = shorter
	}
	if shorter+longer > most {
		shorter = most / 2
		longer = most - shorter
	}
	if na > nb {
		return longer, shorter
	}
	return shorter, longer
}

// appendText appends the ids of a text without the special tokens around it.
func (t *Tokenizer) appendText(ids []int32, text string, s *scratch) []int32 {
	found := func(id int32) { ids = append(ids, id) }
	words := func(text string) { ids = t.model.appendText(ids, []byte(text)) }
	if t.unigram != nil {
		words = func(text string) { ids = t.unigram.appendText(ids, text) }
	}
	t.raw.split(text, func(text string) {
		if t.unigram != nil {
			t.normalized.split(t.unigram.normalized(text), words, found)
			return
		}
		s.text = t.normalizer.append(s.text[:0], text)
		if t.normalized.any {
			t.normalized.split(string(s.text), words, found)
			return
		}
		ids = t.model.appendText(ids, s.text)
	}, found)
	return ids
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
		case token.Normalized && t.unigram != nil:
			token.Content = t.unigram.normalized(token.Content)
			t.normalized.add(token)
		case token.Normalized:
			token.Content = string(t.normalizer.append(nil, token.Content))
			t.normalized.add(token)
		default:
			t.raw.add(token)
		}
	}
	if t.unigram != nil {
		return nil
	}
	t.model = newWordPiece(vocab, t.prefix, maxRunes, t.UnkID)
	return nil
}
