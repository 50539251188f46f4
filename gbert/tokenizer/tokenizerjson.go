package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// tokenizerJSON is what counts of a tokenizer.json.
type tokenizerJSON struct {
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor *postProcessor  `json:"post_processor"`
	Model         jsonModel       `json:"model"`
}

type typed struct {
	Type string `json:"type"`
}

type jsonNormal struct {
	Type         string `json:"type"`
	CleanText    *bool  `json:"clean_text"`
	ChineseChars *bool  `json:"handle_chinese_chars"`
	StripAccents *bool  `json:"strip_accents"`
	LowerCase    *bool  `json:"lowercase"`
}

type jsonModel struct {
	Type     string          `json:"type"`
	Unk      string          `json:"unk_token"`
	Prefix   *string         `json:"continuing_subword_prefix"`
	MaxRunes *int            `json:"max_input_chars_per_word"`
	Vocab    json.RawMessage `json:"vocab"`
	Merges   json.RawMessage `json:"merges"`
	// Of a Unigram model.
	UnkID    *int `json:"unk_id"`
	Fallback bool `json:"byte_fallback"`
}

func (m jsonModel) maxRunes() int {
	if m.MaxRunes == nil || *m.MaxRunes < 0 {
		return defaultMaxRunes
	}
	return *m.MaxRunes
}

// kind returns the model's type; files of old releases leave it out.
func (m jsonModel) kind() string {
	switch {
	case m.Type != "":
		return m.Type
	case m.Merges != nil:
		return "BPE"
	case len(m.Vocab) > 0 && m.Vocab[0] == '[':
		return "Unigram"
	}
	return "WordPiece"
}

// setJSON takes vocabulary, normalisation and the unknown token's name from a
// tokenizer.json, and refuses one that is not BERT's kind.
func (t *Tokenizer) setJSON(text []byte, names *specialNames) (*tokenizerJSON, error) {
	var parsed tokenizerJSON
	if err := json.Unmarshal(text, &parsed); err != nil {
		return nil, err
	}
	const supported = "supported are BERT's kind, a WordPiece model with BertNormalizer and BertPreTokenizer, and ALBERT's, a Unigram model"
	switch kind := parsed.Model.kind(); kind {
	case "WordPiece":
	case "Unigram":
		return &parsed, t.setUnigramJSON(&parsed, names)
	default:
		return nil, fmt.Errorf("the model is %s: %s", kind, supported)
	}
	var n *jsonNormal
	var p *typed
	if err := parsed.steps(&n, &p); err != nil {
		return nil, err
	}
	if n != nil {
		if n.Type != "BertNormalizer" {
			return nil, fmt.Errorf("the normalizer is %s: %s", n.Type, supported)
		}
		t.bert.clean = n.CleanText == nil || *n.CleanText
		t.bert.chinese = n.ChineseChars == nil || *n.ChineseChars
		t.bert.lower = n.LowerCase == nil || *n.LowerCase
		t.bert.strip = t.bert.lower
		if n.StripAccents != nil {
			t.bert.strip = *n.StripAccents
		}
	}
	if p != nil && p.Type != "BertPreTokenizer" {
		return nil, fmt.Errorf("the pre_tokenizer is %s: %s", p.Type, supported)
	}
	if p := parsed.PostProcessor; p != nil {
		if err := p.check(); err != nil {
			return nil, err
		}
	}
	if parsed.Model.Unk != "" {
		names.unk = parsed.Model.Unk
	}
	if parsed.Model.Prefix != nil {
		t.prefix = *parsed.Model.Prefix
	}
	var vocab map[string]int32
	if err := json.Unmarshal(parsed.Model.Vocab, &vocab); err != nil {
		return nil, fmt.Errorf("model.vocab: want an object of token → id: %w", err)
	}
	if len(vocab) == 0 {
		return nil, errors.New("model.vocab is empty")
	}
	return &parsed, t.setVocab(vocab)
}

// steps reads normalizer and pre_tokenizer; each may be null, or missing.
func (p *tokenizerJSON) steps(normalizer, preTokenizer any) error {
	for _, part := range []struct {
		name string
		text json.RawMessage
		into any
	}{{"normalizer", p.Normalizer, normalizer}, {"pre_tokenizer", p.PreTokenizer, preTokenizer}} {
		if part.text == nil {
			continue
		}
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// setUnigramJSON takes a Unigram model, its normalizer and its pre_tokenizer.
func (t *Tokenizer) setUnigramJSON(parsed *tokenizerJSON, names *specialNames) error {
	var n, p *jsonStep
	if err := parsed.steps(&n, &p); err != nil {
		return err
	}
	u := &unigram{}
	if n != nil {
		if err := t.addNormalizer(*n); err != nil {
			return err
		}
	}
	if p == nil {
		return errors.New("there is no pre_tokenizer: a Unigram model needs Metaspace")
	}
	if err := t.addPretokenizer(*p); err != nil {
		return err
	}
	if p := parsed.PostProcessor; p != nil {
		if err := p.check(); err != nil {
			return err
		}
	}
	var pieces []scored
	if err := json.Unmarshal(parsed.Model.Vocab, &pieces); err != nil {
		return fmt.Errorf("model.vocab: want a list of [token, log probability]: %w", err)
	}
	if parsed.Model.UnkID == nil || parsed.Model.Fallback {
		return errors.New("the Unigram model has no unk_id, or falls back to bytes: not supported")
	}
	if err := t.setPieces(u, pieces, *parsed.Model.UnkID); err != nil {
		return fmt.Errorf("model.vocab: %w", err)
	}
	names.unk = pieces[*parsed.Model.UnkID].token
	return nil
}

// postProcessor puts the special tokens around the texts.
type postProcessor struct {
	Type   string  `json:"type"`
	Single []piece `json:"single"`
	Pair   []piece `json:"pair"`
}

// piece is a special token or one of the texts.
type piece struct {
	SpecialToken *pieceID `json:"SpecialToken"`
	Sequence     *pieceID `json:"Sequence"`
}

type pieceID struct {
	ID   string `json:"id"`
	Type int    `json:"type_id"`
}

// check tells whether p makes BERT's sequences.
func (p *postProcessor) check() error {
	switch p.Type {
	case "BertProcessing":
		return nil
	case "TemplateProcessing":
		if shape(p.Single) == "s0 A0 s0" && shape(p.Pair) == "s0 A0 s0 B1 s1" {
			return nil
		}
		return errors.New("the post_processor does not make [CLS] A [SEP] and [CLS] A [SEP] B [SEP] with the types 0 and 1, which BERT takes")
	}
	return fmt.Errorf("the post_processor is %s: supported are BertProcessing and TemplateProcessing", p.Type)
}

// shape writes a template as text, "s" for a special token.
func shape(pieces []piece) string {
	text := ""
	for i, p := range pieces {
		if i > 0 {
			text += " "
		}
		switch {
		case i > 5: // longer than any that is accepted
			return text
		case p.SpecialToken != nil:
			text += fmt.Sprint("s", p.SpecialToken.Type)
		case p.Sequence != nil:
			text += fmt.Sprint(p.Sequence.ID, p.Sequence.Type)
		}
	}
	return text
}
