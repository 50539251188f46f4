package tokenizer

import "encoding/json"

// fewest is the number of tokens with which something of a text is read: [CLS], a token and [SEP].
const fewest = 3

// MaxLength is the number of tokens of a sequence at most, special ones included, that tokenizer_config.json names as model_max_length,
// or, in old files, as max_len; 0 where it names none, or one that cannot be kept. [Tokenizer.Encode] does not cut to it by itself.
func (t *Tokenizer) MaxLength() int {
	var config struct {
		Limit *float64 `json:"model_max_length"`
		Older *float64 `json:"max_len"`
	}
	if err := json.Unmarshal(t.files[configName], &config); err != nil {
		return 0 // there is no such file, or the limit is no number
	}
	limit := config.Limit
	if limit == nil {
		limit = config.Older
	}
	const most = 1 << 30 // "no limit" is written as 1e30
	if limit == nil || !(*limit >= fewest && *limit < most) {
		return 0
	}
	return int(*limit)
}
