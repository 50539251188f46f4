package tokenizer

import "testing"

// FuzzOptions reads what a class says of itself beside its vocabulary: options, special tokens, added tokens, with either file of
// the vocabulary.
func FuzzOptions(f *testing.F) {
	f.Add([]byte(`{"tokenizer_class": "BertTokenizer", "do_lower_case": false, "truncation_side": "left", "padding_side": "left", "additional_special_tokens": ["[E1]"], "never_split": ["the"]}`),
		[]byte(`{"unk_token": "[UNK]", "sep_token": {"content": "[SEP]", "lstrip": true}}`), []byte(`{"[E1]": 40}`), "the [E1] cats", true)
	f.Add([]byte(`{"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": ["input_ids"], "split_special_tokens": true, "extra_special_tokens": {"x": "the"}, "bos_token": "[CLS]", "eos_token": "cat"}`),
		[]byte(`{"additional_special_tokens": ["cat", {"content": "the"}]}`), []byte(nil), "[CLS] the\xff cat", false)
	f.Add([]byte(`{"added_tokens_decoder": {"40": {"content": "x y", "special": true, "rstrip": true, "single_word": true}}, "strip_accents": true, "keep_accents": false}`),
		[]byte(`{}`), []byte(`{"": 41, "a": -1}`), "x y é", true)
	slow := []byte(lines(tinyVocab))
	fast := tinyJSON(f, nil)
	f.Fuzz(func(t *testing.T, config, special, added []byte, text string, fromVocab bool) {
		files := map[string][]byte{configName: config, specialName: special, jsonName: fast}
		if fromVocab {
			files = map[string][]byte{configName: config, specialName: special, addedName: added, vocabName: slow}
		}
		tok, err := fromFiles(files)
		if err != nil {
			return
		}
		for _, most := range []int{0, 3, 8} {
			e := tok.Encode(text, "the", most)
			if len(e.IDs) != len(e.Types) || most >= 3 && len(e.IDs) > most {
				t.Fatalf("%q to at most %d: %v", text, most, e)
			}
			for _, id := range e.IDs {
				if _, ok := tok.tokens[id]; !ok {
					t.Fatalf("%q: id %d is not in the vocabulary", text, id)
				}
			}
		}
	})
}
