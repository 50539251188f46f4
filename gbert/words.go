package gbert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert/tokenizer"
)

// tokenIDEnding ends the keys of config.json that name a token, such as eos_token_id.
const tokenIDEnding = "_token_id"

// TokenIDs are the words that the configuration itself names, ascending: the one of padding, and those of keys such as eos_token_id.
func (c *Config) TokenIDs() []int {
	ids := []int{c.PadTokenID}
	for key, value := range c.extra {
		if !strings.HasSuffix(key, tokenIDEnding) {
			continue
		}
		for _, id := range idsIn(value) {
			if id >= 0 && id < c.VocabSize {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// idsIn are the numbers of a value that is a number or a list of them; none of any other.
func idsIn(value json.RawMessage) (ids []int) {
	var one *int
	if json.Unmarshal(value, &one) == nil && one != nil {
		return []int{*one}
	}
	if json.Unmarshal(value, &ids) != nil {
		return nil
	}
	return ids
}

// KeepWords keeps the words of some ids, which are ascending, and renumbers them from 0: the rows of the word table, and those of the
// decoder and its bias in a head that predicts words, be it computed or carried. The tokenizer takes the place of the model's, and must
// have these numbers; see [tokenizer.Tokenizer.Keep]. Ids that the configuration names ([Config.TokenIDs]) must be among them. Use it on
// a [Model.Clone].
func (m *Model) KeepWords(ids []int, words *tokenizer.Tokenizer) error {
	c := m.Config
	number := make(map[int]int, len(ids))
	for i, id := range ids {
		if id < 0 || id >= c.VocabSize || i > 0 && id <= ids[i-1] {
			return fmt.Errorf("gbert: word %d, number %d of those that stay: they must be ascending, from 0 to %d", id, i, c.VocabSize-1)
		}
		number[id] = i
	}
	for _, id := range c.TokenIDs() {
		if _, ok := number[id]; !ok {
			return fmt.Errorf("gbert: word %d would be lost, which config.json names", id)
		}
	}
	if err := c.Embedding.form().keepWords(m, ids); err != nil {
		return err
	}
	if err := m.keepPredicted(ids); err != nil {
		return err
	}
	c.VocabSize, c.PadTokenID, m.Tokenizer = len(ids), number[c.PadTokenID], words
	for key, value := range c.extra {
		if strings.HasSuffix(key, tokenIDEnding) {
			c.extra[key] = renumbered(value, number)
		}
	}
	return nil
}

// keepPredicted keeps the rows of words in whatever head predicts them.
func (m *Model) keepPredicted(ids []int) error {
	for _, name := range []string{predictionBias, decoderBias, decoderWeight} {
		if m.has(name) {
			if err := m.keepRows(name, ids); err != nil {
				return err
			}
		}
		carried, ok := m.carried[name]
		if shape := carried.tensor.Shape; !ok || len(shape) == 0 || shape[0] != m.Config.VocabSize {
			continue
		}
		width := 1
		for _, size := range carried.tensor.Shape[1:] {
			width *= size
		}
		shape := append([]int{len(ids)}, carried.tensor.Shape[1:]...)
		cut, err := cutRuns(carried.tensor, shape, runs(ids, 0, width))
		if err != nil {
			return fmt.Errorf("gbert: %s: %w", carried.tensor.Name, err)
		}
		m.carried[name] = carriedTensor{cut, carried.beside}
	}
	return nil
}

// renumbered is a key's value with other numbers of words; as it is where it names none.
func renumbered(value json.RawMessage, number map[int]int) json.RawMessage {
	ids := idsIn(value)
	for i, id := range ids {
		now, ok := number[id]
		if !ok {
			return value
		}
		ids[i] = now
	}
	var written any = ids
	if len(ids) == 1 && !strings.HasPrefix(strings.TrimSpace(string(value)), "[") {
		written = ids[0]
	}
	text, err := json.Marshal(written)
	if err != nil || len(ids) == 0 {
		return value
	}
	return text
}
