package tokenizer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// tokenizerJSON is what counts of a tokenizer.json.
type tokenizerJSON struct {
	Truncation    *jsonTruncation `json:"truncation"`
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor *postProcessor  `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         jsonModel       `json:"model"`
}

// jsonTruncation is the truncation of a tokenizer.json: its direction is the
// side where tokenizer_config.json says none. Its length does not count, as
// transformers does not cut unless it is told to.
type jsonTruncation struct {
	Direction string `json:"direction"`
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

// steps are the normalizer and the pre_tokenizer; each is nil if it is null or
// missing.
func (j *tokenizerJSON) steps() (normalizer, preTokenizer *jsonStep, err error) {
	for _, part := range []struct {
		name string
		text json.RawMessage
		into **jsonStep
	}{{"normalizer", j.Normalizer, &normalizer}, {"pre_tokenizer", j.PreTokenizer, &preTokenizer}} {
		if part.text == nil {
			continue
		}
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return normalizer, preTokenizer, nil
}

// pieces are the vocabulary of a Unigram model, and the id of its unknown
// token.
func (j *tokenizerJSON) pieces() ([]scored, int, error) {
	var pieces []scored
	if err := json.Unmarshal(j.Model.Vocab, &pieces); err != nil {
		return nil, 0, fmt.Errorf("model.vocab: want a list of [token, log probability]: %w", err)
	}
	if j.Model.UnkID == nil || j.Model.Fallback {
		return nil, 0, errors.New("the Unigram model has no unk_id, or falls back to bytes: not supported")
	}
	return pieces, *j.Model.UnkID, nil
}

// charsmap is the table of the first Precompiled normalizer, if there is one.
func (j *tokenizerJSON) charsmap() (*charsmap, error) {
	n, _, err := j.steps()
	if err != nil || n == nil {
		return nil, err
	}
	all := []jsonStep{*n}
	if n.Type == "Sequence" {
		all = n.Normalizers
	}
	for _, s := range all {
		if s.Type != "Precompiled" {
			continue
		}
		table, err := base64.StdEncoding.DecodeString(s.Charsmap)
		if err != nil {
			return nil, fmt.Errorf("precompiled_charsmap: %w", err)
		}
		return parseCharsmap(table)
	}
	return nil, nil
}

// unlikeBert says what the file has other than a BertTokenizer with that
// normalizer and unknown token.
func (j *tokenizerJSON) unlikeBert(want normalizer, unk string) string {
	var all []string
	differs := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	n, p, err := j.steps()
	switch {
	case err != nil:
		differs("steps that cannot be read (%v)", err)
	case n == nil:
		differs("normalizer null")
	case n.Type != "BertNormalizer":
		differs("normalizer %s", n.Type)
	default:
		has := n.bert()
		for _, s := range []struct {
			name      string
			has, want bool
		}{{"lowercase", has.lower, want.lower}, {"strip_accents", has.strip, want.strip}, {"handle_chinese_chars", has.chinese, want.chinese}, {"clean_text", has.clean, want.clean}} {
			if s.has != s.want {
				differs("%s %t", s.name, s.has)
			}
		}
	}
	switch {
	case err != nil:
	case p == nil:
		differs("pre_tokenizer null")
	case p.Type != "BertPreTokenizer":
		differs("pre_tokenizer %s", p.Type)
	}
	if j.Model.maxRunes() != defaultMaxRunes {
		differs("max_input_chars_per_word %d", j.Model.maxRunes())
	}
	if j.Model.Prefix != nil && *j.Model.Prefix != defaultPrefix {
		differs("continuing_subword_prefix %q", *j.Model.Prefix)
	}
	if j.Model.Unk != "" && j.Model.Unk != unk {
		differs("unk_token %q", j.Model.Unk)
	}
	if frame := j.frameUnlikeBert(); frame != "" {
		differs("%s", frame)
	}
	return strings.Join(all, ", ")
}

// frameUnlikeBert says what the post_processor makes other than BERT's frames.
func (j *tokenizerJSON) frameUnlikeBert() string {
	if j.PostProcessor == nil {
		return "post_processor null"
	}
	f, err := j.PostProcessor.frames()
	if err != nil {
		return "a post_processor that cannot be read"
	}
	if len(f.single) != 3 || len(f.single[0].ids) != 1 || len(f.single[2].ids) != 1 {
		return "a post_processor with other special tokens"
	}
	want := bertFrames(f.single[0].ids[0], f.single[2].ids[0])
	same := func(a, b slot) bool { return slices.Equal(a.ids, b.ids) && a.text == b.text && a.kind == b.kind }
	if !slices.EqualFunc(f.single, want.single, same) || !slices.EqualFunc(f.pair, want.pair, same) {
		return "a post_processor with other special tokens or types"
	}
	return ""
}

// unlikeAlbert says what the file has other than an AlbertTokenizer.
func (j *tokenizerJSON) unlikeAlbert(lower, keepAccents, charsmap bool) string {
	n, _, err := j.steps()
	if err != nil || n == nil {
		return "another normalizer"
	}
	all := []jsonStep{*n}
	if n.Type == "Sequence" {
		all = n.Normalizers
	}
	has := []string{}
	for _, s := range all {
		switch {
		case s.Type == "Replace" && s.Pattern.Regex != nil && *s.Pattern.Regex == " {2,}": // blanks end words however many they are
		case s.Type == "Replace" && s.Pattern.String != nil:
			has = append(has, *s.Pattern.String+s.Content)
		default:
			has = append(has, s.Type)
		}
	}
	want := []string{"``\"", "''\""}
	if !keepAccents {
		want = append(want, "NFKD", "StripAccents")
	}
	if lower {
		want = append(want, "Lowercase")
	}
	if charsmap {
		want = append(want, "Precompiled")
	}
	if !slices.Equal(has, want) {
		return fmt.Sprintf("the normalizers %s in place of %s", strings.Join(has, ", "), strings.Join(want, ", "))
	}
	return ""
}
