package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// specialNames are the special tokens as they stand in the vocabulary.
type specialNames struct{ pad, unk, cls, sep, mask string }

// config is what counts of tokenizer_config.json and special_tokens_map.json.
type config struct {
	Class        string                `json:"tokenizer_class"`
	LowerCase    *bool                 `json:"do_lower_case"`
	StripAccents *bool                 `json:"strip_accents"`
	KeepAccents  *bool                 `json:"keep_accents"` // of an ALBERT
	ChineseChars *bool                 `json:"tokenize_chinese_chars"`
	Pad          *tokenName            `json:"pad_token"`
	Unk          *tokenName            `json:"unk_token"`
	Cls          *tokenName            `json:"cls_token"`
	Sep          *tokenName            `json:"sep_token"`
	Mask         *tokenName            `json:"mask_token"`
	AddedByID    map[string]addedToken `json:"added_tokens_decoder"`
	added        []addedToken          // AddedByID by id
}

// tokenName is a token's text, in JSON a string or an object with "content".
type tokenName string

func (n *tokenName) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err == nil {
		*n = tokenName(s)
		return nil
	}
	var object struct {
		Content string `json:"content"`
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return fmt.Errorf("a token is neither a string nor an object with content: %w", err)
	}
	*n = tokenName(object.Content)
	return nil
}

func readConfig(text []byte) (config, error) {
	var c config
	if text == nil {
		return c, nil
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, err
	}
	for key, token := range c.AddedByID {
		id, err := strconv.ParseInt(key, 10, 32)
		if err != nil {
			return c, fmt.Errorf("added_tokens_decoder: %q is not a token's id", key)
		}
		token.ID = int32(id)
		c.added = append(c.added, token)
	}
	slices.SortFunc(c.added, func(a, b addedToken) int { return int(a.ID) - int(b.ID) })
	return c, nil
}

// apply returns names with those that the file gives in their place.
func (c config) apply(names specialNames) specialNames {
	for _, p := range []struct {
		from *tokenName
		to   *string
	}{{c.Pad, &names.pad}, {c.Unk, &names.unk}, {c.Cls, &names.cls}, {c.Sep, &names.sep}, {c.Mask, &names.mask}} {
		if p.from != nil && *p.from != "" {
			*p.to = string(*p.from)
		}
	}
	return names
}

// applyTo sets what the file says about normalisation. transformers lets it
// overrule tokenizer.json for BERT's own classes, and leaves tokenizer.json as
// it is for the general ones.
func (c config) applyTo(n *normalizer, besideJSON bool) {
	if besideJSON && (c.Class == "PreTrainedTokenizerFast" || c.Class == "TokenizersBackend") {
		return
	}
	if c.LowerCase != nil {
		n.lower = *c.LowerCase
		n.strip = n.lower // what a strip_accents of null means
	}
	if c.StripAccents != nil {
		n.strip = *c.StripAccents
	}
	if c.ChineseChars != nil {
		n.chinese = *c.ChineseChars
	}
}
