package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// namedTokens are the special tokens with names of their own, in the order in
// which the reference adds them.
var namedTokens = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

// settings are what tokenizer_config.json, special_tokens_map.json and
// added_tokens.json say, put together as transformers 5 does it.
type settings struct {
	class   string                     // without "Fast" at its end; "": none
	raw     map[string]json.RawMessage // tokenizer_config.json, and what special_tokens_map.json puts in its place
	named   map[string]specialToken    // by name; a null is there with a content of ""
	more    []addedToken               // special tokens with further names
	texts   map[string]bool            // the extra tokens that were given as text
	mapped  bool                       // extra is a list of additional tokens that did not take the new name: there are tokens by name, or special_tokens_map.json has it
	extra   []addedToken               // additional_special_tokens, or extra_special_tokens if there are any
	given   bool                       // extra_special_tokens was a list, and not empty
	listed  bool                       // there is a list of extra tokens, if an empty one
	decoder []addedToken               // added_tokens_decoder, or what counts in its place, by id
	decoded bool                       // tokenizer_config.json has an added_tokens_decoder
}

// specialToken is a token that was given as text, or with its options.
type specialToken struct {
	addedToken
	text bool
}

// member of a JSON object, in its order.
type member struct {
	key   string
	value json.RawMessage
}

// members reads a JSON object. Of equal keys the last value counts, as in
// Python.
func members(text []byte) ([]member, error) {
	var all []member
	decoder := json.NewDecoder(bytes.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(errors.New("want a JSON object"), err)
	}
	at := map[string]int{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		m := member{key: key.(string)}
		if err := decoder.Decode(&m.value); err != nil {
			return nil, err
		}
		if i, ok := at[m.key]; ok {
			all[i].value = m.value
			continue
		}
		at[m.key] = len(all)
		all = append(all, m)
	}
	_, err := decoder.Token()
	return all, err
}

// parseToken reads a token: a text, or an object with its content and options.
// With special it is one, whatever it says.
func parseToken(text []byte, special bool) (specialToken, error) {
	t := specialToken{addedToken: addedToken{ID: -1, Special: true}, text: true}
	if err := json.Unmarshal(text, &t.Content); err == nil {
		return t, nil
	}
	var object struct {
		Content    string `json:"content"`
		SingleWord bool   `json:"single_word"`
		LStrip     bool   `json:"lstrip"`
		RStrip     bool   `json:"rstrip"`
		Normalized *bool  `json:"normalized"`
		Special    bool   `json:"special"`
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return t, fmt.Errorf("a token is neither a text nor an object with content: %w", err)
	}
	t = specialToken{addedToken: addedToken{ID: -1, Content: object.Content, SingleWord: object.SingleWord, LStrip: object.LStrip, RStrip: object.RStrip, Special: object.Special || special}}
	t.Normalized = !t.Special
	if object.Normalized != nil {
		t.Normalized = *object.Normalized
	}
	return t, nil
}

// readSettings puts the files together. tokens are those that tokenizer.json
// adds.
func readSettings(files map[string][]byte, facts modelFacts, tokens []addedToken) (*settings, error) {
	s := &settings{raw: map[string]json.RawMessage{}, named: map[string]specialToken{}, texts: map[string]bool{}}
	inOrder := []member{}
	if text := files[configName]; text != nil {
		var err error
		if inOrder, err = members(text); err != nil {
			return nil, fmt.Errorf("%s: %w", configName, err)
		}
	}
	if err := s.take(inOrder); err != nil {
		return nil, fmt.Errorf("%s: %w", configName, err)
	}
	if !s.decoded {
		if err := s.older(files, tokens); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(s.decoder, func(a, b addedToken) int { return int(a.ID) - int(b.ID) })
	for name, token := range s.named {
		for _, added := range s.decoder {
			if added.Content == token.Content && token.Content != "" {
				s.named[name] = specialToken{addedToken: added}
			}
		}
	}
	if s.class == "" {
		s.class = facts.Class
	}
	s.class = strings.TrimSuffix(s.class, "Fast")
	return s, nil
}

// take takes tokenizer_config.json.
func (s *settings) take(inOrder []member) error {
	for _, m := range inOrder {
		s.raw[m.key] = m.value
	}
	for _, m := range inOrder {
		if err := s.takeOne(m); err != nil {
			return fmt.Errorf("%s: %w", m.key, err)
		}
	}
	if !s.given {
		s.mapped = bytes.HasPrefix(s.raw["extra_special_tokens"], []byte("{"))
		return s.takeExtra(s.raw["additional_special_tokens"], false)
	}
	return nil
}

func (s *settings) takeOne(m member) error {
	switch {
	case m.key == "tokenizer_class":
		return json.Unmarshal(m.value, &s.class)
	case m.key == "extra_special_tokens":
		return s.takeExtra(m.value, false)
	case m.key == "added_tokens_decoder":
		s.decoded = true
		return s.takeDecoder(m.value)
	case slices.Contains(namedTokens, m.key):
		return s.name(m, false)
	case strings.HasSuffix(m.key, "_token"):
		if token, err := parseToken(m.value, false); err == nil && token.Content != "" && (token.text || strings.Contains(string(m.value), `"__type"`)) {
			s.more = append(s.more, token.addedToken)
		}
	}
	return nil
}

// name sets a special token with a name of its own.
func (s *settings) name(m member, special bool) error {
	if string(m.value) == "null" {
		s.named[m.key] = specialToken{}
		return nil
	}
	token, err := parseToken(m.value, special)
	token.Special, token.text = true, token.text || special
	s.named[m.key] = token
	return err
}

// takeExtra takes a list of special tokens, or an object of them by name.
func (s *settings) takeExtra(text json.RawMessage, special bool) error {
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	if text[0] == '{' {
		byName, err := members(text)
		if err != nil {
			return err
		}
		for _, m := range byName {
			token, err := parseToken(m.value, special)
			if err != nil {
				return fmt.Errorf("%s: %w", m.key, err)
			}
			s.more = append(s.more, token.addedToken)
		}
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("want a list of tokens, or an object of them by name: %w", err)
	}
	s.listed = true
	for _, one := range list {
		token, err := parseToken(one, special)
		if err != nil {
			return err
		}
		s.extra = append(s.extra, token.addedToken)
		s.given = true
		s.texts[token.Content] = s.texts[token.Content] || token.text
	}
	return nil
}

func (s *settings) takeDecoder(text json.RawMessage) error {
	if string(text) == "null" {
		return errors.New("want an object of id → token")
	}
	byID, err := members(text)
	if err != nil {
		return err
	}
	for _, m := range byID {
		id, err := strconv.ParseInt(m.key, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is not a token's id", m.key)
		}
		token, err := parseToken(m.value, false)
		if err != nil {
			return fmt.Errorf("%s: %w", m.key, err)
		}
		token.ID = int32(id)
		s.decoder = append(s.decoder, token.addedToken)
	}
	return nil
}

// older takes the files that count where tokenizer_config.json has no
// added_tokens_decoder: special_tokens_map.json in the place of what that
// says, added_tokens.json, and tokenizer.json's own tokens.
func (s *settings) older(files map[string][]byte, tokens []addedToken) error {
	if text := files[specialName]; text != nil {
		inOrder, err := members(text)
		if err != nil {
			return fmt.Errorf("%s: %w", specialName, err)
		}
		for _, m := range inOrder {
			if err := s.replace(m); err != nil {
				return fmt.Errorf("%s: %s: %w", specialName, m.key, err)
			}
		}
	}
	if text := files[addedName]; text != nil {
		byToken, err := members(text)
		if err != nil {
			return fmt.Errorf("%s: %w", addedName, err)
		}
		for _, m := range byToken {
			token := addedToken{Content: m.key, Special: s.isSpecial(m.key)}
			token.Normalized = !token.Special
			if err := json.Unmarshal(m.value, &token.ID); err != nil {
				return fmt.Errorf("%s: %q: want the token's id: %w", addedName, m.key, err)
			}
			s.decoder = append(s.decoder, token)
		}
	}
	for _, token := range tokens { // in the place of those with the same id
		s.decoder = slices.DeleteFunc(s.decoder, func(t addedToken) bool { return t.ID == token.ID })
		s.decoder = append(s.decoder, token)
	}
	return nil
}

// replace takes a line of special_tokens_map.json.
func (s *settings) replace(m member) error {
	switch {
	case slices.Contains(namedTokens, m.key):
		return s.name(m, true)
	case m.key == "extra_special_tokens":
		return s.takeExtra(m.value, true)
	case m.key == "additional_special_tokens":
		if s.listed && !s.mapped { // those of tokenizer_config.json have taken the new name
			return nil
		}
		if s.mapped {
			s.extra, s.listed = nil, false
		}
		s.mapped = true
		return s.takeExtra(m.value, false)
	case strings.HasSuffix(m.key, "_token"):
		return s.takeOne(m)
	}
	s.raw[m.key] = m.value
	return nil
}

// isSpecial tells whether a token has a name, or is an extra special one. Those
// that tokenizer_config.json gives as objects do not count, as in the
// reference.
func (s *settings) isSpecial(content string) bool {
	for _, name := range namedTokens {
		if t, ok := s.named[name]; ok && t.text && t.Content == content {
			return true
		}
	}
	return !s.mapped && s.texts[content]
}

// flag is a switch of tokenizer_config.json, or what holds where it says
// nothing.
func (s *settings) flag(key string, or bool) (bool, error) {
	value, err := s.optional(key)
	if value == nil {
		if raw, ok := s.raw[key]; ok && err == nil && string(raw) == "null" {
			return or, fmt.Errorf("%s: %s is null: want true or false", configName, key)
		}
		return or, err
	}
	return *value, err
}

// optional is a switch that may be null.
func (s *settings) optional(key string) (*bool, error) {
	var value *bool
	if raw, ok := s.raw[key]; ok {
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, fmt.Errorf("%s: %s: want true or false: %w", configName, key, err)
		}
	}
	return value, nil
}

// text is a text of tokenizer_config.json, or what holds where it says
// nothing.
func (s *settings) text(key, or string) (string, error) {
	raw, ok := s.raw[key]
	if !ok {
		return or, nil
	}
	value := or
	if err := json.Unmarshal(raw, &value); err != nil {
		return or, fmt.Errorf("%s: %s: want a text: %w", configName, key, err)
	}
	return value, nil
}

// token is the content of a named token, or of the one that the class has; ""
// if it was set to null.
func (s *settings) token(name, or string) string {
	if t, ok := s.named[name]; ok {
		return t.Content
	}
	return or
}
