package tokenizer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// defaults are the special tokens that a class has where nothing else is said.
func (a *assembly) defaults() map[string]string {
	bert := map[string]string{"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
	albert := map[string]string{"bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "<unk>", "sep_token": "[SEP]", "pad_token": "<pad>", "cls_token": "[CLS]", "mask_token": "[MASK]"}
	switch {
	case a.of == xlmRobertaFamily:
		return map[string]string{"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"}
	case a.of == albertFamily:
		return albert
	case a.of == byFiles && a.unigram != nil:
		albert["unk_token"] = a.tokens[a.unigram.unknown]
		return albert
	case a.of == byFiles:
		bert["unk_token"] = a.unk
		return bert
	case a.of == bertFamily:
		return bert
	}
	return nil
}

// named is the content of a special token with a name of its own; "" if there
// is none.
func (a *assembly) named(name string) string { return a.s.token(name, a.defaults()[name]) }

// addTokens adds the tokens that are found before words are: tokenizer.json's,
// where it is followed, those of added_tokens_decoder, and the special ones.
func (a *assembly) addTokens() error {
	if a.of == general || a.of == byFiles {
		if a.json != nil {
			if err := a.addAll(a.json.AddedTokens, jsonName); err != nil {
				return err
			}
		}
	}
	var list []addedToken
	for _, token := range a.s.decoder {
		token.Special = token.Special || a.hasName(token.Content)
		list = append(list, token)
	}
	known := map[string]bool{}
	for _, token := range slices.Concat(list, a.addedTokens()) {
		known[token.Content] = true
	}
	for _, name := range namedTokens {
		content := a.named(name)
		if content == "" || known[content] {
			continue
		}
		if _, has := a.ids[content]; !has && a.of == byFiles {
			continue
		}
		token := a.s.named[name]
		if token.Content == "" {
			token = specialToken{addedToken: addedToken{Content: content, Special: true}, text: true}
		}
		token.ID = -1
		list = append(list, token.addedToken)
	}
	for _, token := range slices.Concat(a.s.more, a.s.extra) {
		if !known[token.Content] {
			token.ID = -1
			list = append(list, token)
		}
	}
	return a.addAll(list, configName)
}

// required reports special tokens that the vocabulary must have.
func (a *assembly) required() error {
	for _, token := range []struct{ name, what string }{{"pad_token", "pad"}, {"unk_token", "unknown"}, {"cls_token", "classification"}, {"sep_token", "separator"}} {
		content := a.named(token.name)
		if token.name == "unk_token" && a.unigram == nil {
			content = a.unk
		} else if content == "" || a.of == general {
			continue
		}
		if _, ok := a.ids[content]; !ok {
			return fmt.Errorf("the vocabulary has no %q, the %s token: a BERT vocabulary has [PAD], [UNK], [CLS] and [SEP], an ALBERT's <pad>, <unk>, [CLS] and [SEP]", content, token.what)
		}
	}
	return nil
}

// hasName tells whether a token is one of those with names.
func (a *assembly) hasName(content string) bool {
	return content != "" && (slices.ContainsFunc(namedTokens, func(name string) bool { return a.named(name) == content }) ||
		slices.ContainsFunc(a.s.more, func(t addedToken) bool { return t.Content == content }))
}

// addedTokens are those that have been added.
func (a *assembly) addedTokens() []addedToken {
	var all []addedToken
	for _, token := range a.registry.tokens {
		all = append(all, token)
	}
	return all
}

// addAll adds tokens of a file.
func (a *assembly) addAll(list []addedToken, file string) error {
	for _, token := range list {
		if err := a.add(token); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// options sets what is left once all tokens are known.
func (a *assembly) options(facts modelFacts) error {
	splits, err := a.s.flag("split_special_tokens", false)
	if err != nil {
		return err
	}
	if err := a.registry.build(a.Tokenizer, splits); err != nil {
		return fmt.Errorf("%s: %w", a.source(), err)
	}
	a.added = slices.Sorted(maps.Keys(a.registry.tokens))
	a.registry = nil
	for _, id := range []struct {
		name string
		to   *int32
	}{{"pad_token", &a.PadID}, {"unk_token", &a.UnkID}, {"cls_token", &a.ClsID}, {"sep_token", &a.SepID}, {"mask_token", &a.MaskID}} {
		if found, ok := a.ids[a.named(id.name)]; ok {
			*id.to = found
		}
	}
	if err := a.sides(); err != nil {
		return err
	}
	if err := a.setFrames(facts); err != nil {
		return err
	}
	return a.setDecoder()
}

// sides reads on which side a text is cut, and padded.
func (a *assembly) sides() error {
	cut := "right"
	if a.json != nil && a.json.Truncation != nil && a.json.Truncation.Direction != "" {
		cut = strings.ToLower(a.json.Truncation.Direction)
	}
	cut, err := a.s.text("truncation_side", cut)
	if err != nil {
		return err
	}
	pad, err := a.s.text("padding_side", "right")
	if err != nil {
		return err
	}
	for _, side := range []struct{ key, value string }{{"truncation_side", cut}, {"padding_side", pad}} {
		if side.value != "right" && side.value != "left" {
			return fmt.Errorf("%s: %s is %q: want \"right\" or \"left\"", configName, side.key, side.value)
		}
	}
	a.cutsLeft = cut == "left"
	if pad == "left" {
		a.note("padding_side left is not followed: a text is read from position 0, as without padding; transformers moves the positions of the shorter texts of a batch")
	}
	return nil
}

// setFrames sets the special tokens around the texts, and the token types.
func (a *assembly) setFrames(facts modelFacts) error {
	id := func(name string, or int32) int32 {
		if found, ok := a.ids[a.named(name)]; ok {
			return found
		}
		return or
	}
	f := bare
	processor := a.of == general || a.of == byFiles || a.of == albertFamily
	switch {
	case processor && a.json != nil && a.json.PostProcessor != nil:
		var err error
		if f, err = a.json.PostProcessor.frames(); err == nil {
			err = f.check(a.tokens)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", jsonName, err)
		}
	case a.of == xlmRobertaFamily:
		f = robertaFrames(id("bos_token", 0), id("eos_token", 2))
	case a.of != general:
		f = bertFrames(id("cls_token", 2), id("sep_token", 3))
	}
	if a.of == albertFamily && a.json == nil {
		var err error
		if f, err = a.beginAndEnd(f); err != nil {
			return err
		}
	}
	typed, note, err := a.s.typed(facts, a.of)
	if err != nil {
		return fmt.Errorf("%s: %w", configName, err)
	}
	a.pairNote = note
	a.single, a.pair = f.single, f.pair
	if !typed {
		a.single, a.pair = slices.Clone(f.single), slices.Clone(f.pair)
		for i := range a.single {
			a.single[i].kind = 0
		}
		for i := range a.pair {
			a.pair[i].kind = 0
		}
	}
	return nil
}

// beginAndEnd are the frames of a SentencePiece model with add_bos_token or
// add_eos_token: transformers puts these around each text, in the place of
// [CLS] and [SEP].
func (a *assembly) beginAndEnd(f frames) (frames, error) {
	_, bos := a.s.raw["add_bos_token"]
	_, eos := a.s.raw["add_eos_token"]
	if !bos && !eos {
		return f, nil
	}
	around := map[string]slot{}
	for _, name := range []string{"bos_token", "eos_token"} {
		on, err := a.s.flag("add_"+name, false)
		if err != nil {
			return f, err
		}
		if id, ok := a.ids[a.named(name)]; on && ok {
			around[name] = slot{[]int32{id}, -1, 0}
		}
	}
	framed := func(text int8) []slot {
		var out []slot
		for _, name := range []string{"bos_token", "", "eos_token"} {
			s, ok := around[name]
			if name == "" {
				s, ok = slot{nil, text, 0}, true
			}
			if s.kind = int32(text); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return frames{framed(0), slices.Concat(framed(0), framed(1))}, nil
}

// setDecoder sets how tokens become text.
func (a *assembly) setDecoder() error {
	if a.json == nil || a.of != general {
		return nil
	}
	var d *struct {
		Type    string  `json:"type"`
		Prefix  *string `json:"prefix"`
		Cleanup *bool   `json:"cleanup"`
	}
	if len(a.json.Decoder) > 0 {
		if err := json.Unmarshal(a.json.Decoder, &d); err != nil {
			return fmt.Errorf("%s: decoder: %w", jsonName, err)
		}
	}
	switch {
	case d == nil:
		a.decoder = blankDecoder
	case d.Type == "WordPiece":
		a.decoder = wordPieceDecoder
		if d.Prefix != nil {
			a.prefix = *d.Prefix
		}
		if d.Cleanup != nil && !*d.Cleanup {
			a.decoder = untidyDecoder
		}
	case d.Type == "Metaspace":
		a.decoder = metaspaceDecoder
	default:
		a.decoder = blankDecoder
		a.note("the decoder %s of %s is not followed where tokens are written as text", d.Type, jsonName)
	}
	return nil
}
