package tokenizer

import (
	"fmt"
	"slices"
)

// A Tokenizer turns text into token ids. It does not change after it was made
// and may be used by several goroutines at once.
type Tokenizer struct {
	// The ids of the special tokens; -1 where there is none.
	PadID, ClsID, SepID, MaskID, UnkID int32

	normal     *normalizer // BERT's normalizer, if the tokenizer has it
	steps      []step      // else, the normalizer
	chinese    bool        // one of the steps puts blanks around Chinese characters
	words      []splitter  // the pre-tokenizer
	plain      bool        // normal, BERT's words and WordPiece, for which there is a shorter way
	located    bool        // places are needed for the tokens, asked for or not
	unigram    *unigram    // the model, if not nil
	model      wordPiece   // else
	raw        addedTokens // found in the text as it is
	normalized addedTokens // found in the normalised text
	registry   *registry   // while tokens are added
	single     []slot      // the frame of one text
	pair       []slot      // and of two
	cutsLeft   bool        // truncation cuts the beginning of a text
	decoder    decoder
	prefix     string // of a token that continues a word
	ids        map[string]int32
	tokens     map[int32]string
	size       int // one more than the largest id
	notes      []string
	pairNote   string
	files      map[string][]byte // name → contents, for Save
	facts      modelFacts        // of the model's config.json
	added      []int32           // the ids of all tokens that were added
}

// VocabSize returns one more than the largest id: the rows that a model's word
// embedding needs.
func (t *Tokenizer) VocabSize() int { return t.size }

// OneWord tells whether a character is a word wherever it stands, as Chinese
// ones are where tokenize_chinese_chars is not false. Kana and Hangul are not.
func (t *Tokenizer) OneWord(r rune) bool {
	return isChinese(r) && (t.chinese || t.normal != nil && t.normal.chinese)
}

// Token returns the token of an id, or "" if there is none.
func (t *Tokenizer) Token(id int32) string { return t.tokens[id] }

// ID returns the id of a token, such as "[MASK]" or "##ing", and whether there
// is one.
func (t *Tokenizer) ID(token string) (int32, bool) {
	id, ok := t.ids[token]
	return id, ok
}

// Notes says, a line each, what the tokenizer's files say and what is not
// followed, or not as they say it.
func (t *Tokenizer) Notes() []string { return slices.Clone(t.notes) }

// PairNote is a further note that matters for pairs of texts; "" if there is
// none.
func (t *Tokenizer) PairNote() string { return t.pairNote }

// Around are the special tokens before and behind a single text.
func (t *Tokenizer) Around() (before, behind []int32) {
	to := &before
	for _, s := range t.single {
		if s.text == 0 {
			to = &behind
		}
		*to = append(*to, s.ids...)
	}
	return before, behind
}

// Special is the number of special tokens around a single text, or around a
// pair.
func (t *Tokenizer) Special(pair bool) int { return t.special(pair) }

func (t *Tokenizer) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}
