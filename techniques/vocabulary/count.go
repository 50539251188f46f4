package vocabulary

import (
	"errors"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
)

// Counts are how often each token of a tokenizer stands in texts, by its id; special tokens around the texts do not count.
type Counts struct {
	Texts  int
	Tokens []int
}

// Add counts the tokens of texts and pairs of texts, however long they are.
func (c *Counts) Add(t *tokenizer.Tokenizer, texts []tokenizer.Pair) {
	if c.Tokens == nil {
		c.Tokens = make([]int, t.VocabSize())
	}
	c.Texts += len(texts)
	for _, encoding := range t.EncodeAll(texts, 0) {
		for _, id := range encoding.IDs {
			c.Tokens[id]++
		}
	}
}

// Choice says which tokens stay.
type Choice struct {
	// MinCount is how often the texts use a word at least that stays for their sake.
	MinCount int `json:"min_count"`
	// Texts is the number of texts that were counted.
	Texts int `json:"texts"`
	// Before is the number of rows of the word table, After the number of those that stay.
	Before int `json:"words_before"`
	After  int `json:"words"`
	// Used of them are used often enough; Needed are the others, which stay as special tokens or characters.
	Used   int `json:"used"`
	Needed int `json:"needed"`

	ids []int32 // ascending, tokens without a row included
}

// ErrNothing says that all words stay.
var ErrNothing = errors.New("no word is left out")

// Choose says which tokens of a model stay where texts use words as counted: those that they use at least minCount times, and those that
// every vocabulary needs. No texts, a count below 1, and a model without a tokenizer are errors; so is a choice that leaves nothing out,
// [ErrNothing].
func Choose(m *gbert.Model, counts Counts, minCount int) (*Choice, error) {
	switch {
	case m.Tokenizer == nil:
		return nil, errors.New("vocabulary: the model has no tokenizer")
	case minCount < 1:
		return nil, fmt.Errorf("vocabulary: a word that stays must be used %d times at least: 1 is the least", minCount)
	case counts.Texts == 0:
		return nil, errors.New("vocabulary: there are no texts whose words are to stay")
	case len(counts.Tokens) != m.Tokenizer.VocabSize():
		return nil, fmt.Errorf("vocabulary: counts of %d tokens for a tokenizer of %d", len(counts.Tokens), m.Tokenizer.VocabSize())
	}
	choice := &Choice{MinCount: minCount, Texts: counts.Texts, Before: m.Config.VocabSize}
	choice.ids = m.Tokenizer.Needed()
	for _, id := range m.Config.TokenIDs() {
		if m.Tokenizer.Token(int32(id)) != "" {
			choice.ids = append(choice.ids, int32(id))
		}
	}
	needed := len(unique(choice.ids))
	for id, count := range counts.Tokens {
		if count >= minCount {
			choice.ids = append(choice.ids, int32(id))
		}
	}
	choice.ids = unique(choice.ids)
	choice.After = len(choice.rows(m.Config))
	choice.Used = 0
	for _, id := range choice.ids {
		if counts.Tokens[id] >= minCount {
			choice.Used++
		}
	}
	choice.Needed = len(choice.ids) - choice.Used
	if choice.After == choice.Before {
		return nil, fmt.Errorf("vocabulary: %w: all %d words stay, %d of them are needed whatever the texts are, and the texts use the others", ErrNothing, choice.Before, needed)
	}
	return choice, nil
}

// unique sorts ids, of which each stays once.
func unique(ids []int32) []int32 {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// rows are the rows of the word table that stay. A tokenizer may have more tokens than the table has rows.
func (c *Choice) rows(config *gbert.Config) (rows []int) {
	for _, id := range c.ids {
		if int(id) < config.VocabSize {
			rows = append(rows, int(id))
		}
	}
	return rows
}
