package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// BERT's own settings, which hold where a folder says nothing.
const (
	defaultPrefix   = "##"
	defaultMaxRunes = 100
)

// FromVocab returns the tokenizer of a vocabulary whose token i has id i, with
// BERT's settings. It must hold [PAD], [UNK], [CLS] and [SEP].
func FromVocab(tokens []string, lowerCase bool) (*Tokenizer, error) {
	for i, token := range tokens {
		if !utf8.ValidString(token) || strings.ContainsAny(token, "\r\n") {
			return nil, fmt.Errorf("tokenizer: token %d, %q, is not a line of UTF-8", i, token)
		}
	}
	config, err := json.Marshal(map[string]any{"tokenizer_class": "BertTokenizer", "do_lower_case": lowerCase})
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	t, err := fromFiles(map[string][]byte{
		vocabName:  []byte(strings.Join(tokens, "\n") + "\n"),
		configName: config,
	})
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	return t, nil
}

// setLines takes the vocabulary from the lines of a vocab.txt, the first of
// which has id 0. White space at a line's end does not count; of equal lines
// the last one does.
func (t *Tokenizer) setLines(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("is not UTF-8 text")
	}
	vocab := map[string]int32{}
	names := map[int32]string{}
	id := int32(0)
	for line := range strings.Lines(string(text)) {
		if id == math.MaxInt32 {
			return errors.New("has too many lines")
		}
		token := strings.TrimRightFunc(line, unicode.IsSpace)
		vocab[token], names[id] = id, token
		id++
	}
	t.ids, t.tokens, t.size = vocab, names, int(id)
	return nil
}

// setVocabulary takes the vocabulary from the JSON of token → id.
func (t *Tokenizer) setVocabulary(text json.RawMessage) error {
	var vocab map[string]int32
	if err := json.Unmarshal(text, &vocab); err != nil {
		return fmt.Errorf("model.vocab: want an object of token → id: %w", err)
	}
	if len(vocab) == 0 {
		return errors.New("model.vocab is empty")
	}
	names := make(map[int32]string, len(vocab))
	for token, id := range vocab {
		if id < 0 || id == math.MaxInt32 {
			return fmt.Errorf("token %q has the id %d: want 0 to %d", token, id, math.MaxInt32-1)
		}
		if other, ok := names[id]; ok {
			return fmt.Errorf("tokens %q and %q both have the id %d", min(token, other), max(token, other), id)
		}
		names[id] = token
		t.size = max(t.size, int(id)+1)
	}
	t.ids, t.tokens = vocab, names
	return nil
}
