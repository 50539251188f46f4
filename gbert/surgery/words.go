package surgery

import (
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
)

// KeepWords keeps the words of some ids, ascending, and renumbers them from 0; words is the tokenizer with these numbers, and done is what
// the history says. See [gbert.Model.KeepWords].
func KeepWords(m *gbert.Model, ids []int, words *tokenizer.Tokenizer, done gbert.Operation) (*gbert.Model, error) {
	smaller := m.Clone()
	if err := smaller.KeepWords(ids, words); err != nil {
		return nil, fmt.Errorf("surgery: %w", err)
	}
	return finish(smaller, done)
}
