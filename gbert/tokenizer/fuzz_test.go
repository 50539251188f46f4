package tokenizer

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkEncoding fails the test for ids that are not the vocabulary's, or a
// sequence that is not framed or too long.
func checkEncoding(t *testing.T, tok *Tokenizer, a, b string, most int) {
	t.Helper()
	e := tok.Encode(a, b, most)
	slots := tok.single
	if b != "" {
		slots = tok.pair
	}
	first, last := slots[0].ids, slots[len(slots)-1].ids
	if len(e.IDs) != len(e.Types) || !slices.Equal(e.IDs[:min(len(first), len(e.IDs))], first) || !slices.Equal(e.IDs[max(0, len(e.IDs)-len(last)):], last) {
		t.Fatalf("%q, %q: %v", a, b, e)
	}
	if most >= special(slots) && most > 0 && len(e.IDs) > most {
		t.Fatalf("%q, %q: %d ids, want at most %d", a, b, len(e.IDs), most)
	}
	for _, id := range e.IDs {
		if _, ok := tok.tokens[id]; !ok {
			t.Fatalf("%q, %q: id %d is not in the vocabulary", a, b, id)
		}
	}
	if text := tok.Decode(e.IDs); !utf8.ValidString(text) {
		t.Fatalf("%q, %q: decoded to %q", a, b, text)
	}
}

func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"", "the cats.", "[SEP][MASK", "\xff\xfe\x00", "İ e\u0301\u0327 中\U0001d165\u302e", "\ufffd\u200b\u00ad"} {
		f.Add(seed, "s", 8, true)
		f.Add("the", seed, 0, false)
	}
	f.Fuzz(func(t *testing.T, a, b string, most int, lower bool) {
		tok, err := FromVocab(tinyVocab, lower)
		if err != nil {
			t.Fatal(err)
		}
		checkEncoding(t, tok, a, b, most)
	})
}

func FuzzVocab(f *testing.F) {
	f.Add([]byte(lines(tinyVocab)), []byte(`{"do_lower_case": false}`), "the cat")
	f.Add([]byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\n\n##\n"), []byte(`{"unk_token": "##", "sep_token": "é"}`), "éé a")
	f.Add([]byte("p\nu\nc\ns\n\n"), []byte(`{"pad_token":"p","unk_token":"u","cls_token":"c","sep_token":"s"}`), "é x")
	f.Fuzz(func(t *testing.T, vocab, config []byte, text string) {
		tok, err := fromFiles(map[string][]byte{vocabName: vocab, configName: config})
		if err != nil {
			return
		}
		checkEncoding(t, tok, text, "the", 16)
	})
}

func FuzzTokenizerJSON(f *testing.F) {
	f.Add(tinyJSON(f, nil), "the cats [MASK].")
	f.Add(tinyJSON(f, func(file map[string]any) {
		file["model"].(map[string]any)["continuing_subword_prefix"] = ""
		file["model"].(map[string]any)["max_input_chars_per_word"] = 0
		file["added_tokens"] = []any{map[string]any{"id": 30, "content": " é", "normalized": true, "lstrip": true, "rstrip": true, "single_word": true}}
	}), "  é é the")
	f.Add([]byte(`{"model": {"vocab": []}}`), "")
	f.Add([]byte(`{"added_tokens": null, "normalizer": null}`), "")
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		tok, err := fromFiles(map[string][]byte{jsonName: file})
		if err != nil {
			return
		}
		checkEncoding(t, tok, text, "the", 16)
	})
}

func FuzzTokenizerOptions(f *testing.F) {
	f.Add([]byte(`{"tokenizer_class": "BertTokenizer", "additional_special_tokens": ["the", {"content": "cat", "lstrip": true}], "split_special_tokens": true}`), []byte(`{"mask_token": {"content": "[MASK]", "lstrip": true}}`), []byte(`{"zzz": 13}`), "the  cat [MASK] zzz", true)
	f.Add([]byte(`{"tokenizer_class": "PreTrainedTokenizerFast", "extra_special_tokens": {"a": "c"}, "truncation_side": "left", "model_input_names": []}`), []byte(`{}`), []byte(`{}`), "c", false)
	f.Add([]byte(`{"added_tokens_decoder": {"5": {"content": "the", "single_word": true}, "13": {"content": "x y", "rstrip": true}}, "cls_token": null}`), []byte(`[]`), []byte(`null`), "x y the", true)
	f.Fuzz(func(t *testing.T, config, special, added []byte, text string, lines bool) {
		files := map[string][]byte{configName: config, specialName: special, addedName: added}
		if lines {
			files[vocabName] = []byte(strings.Join(tinyVocab, "\n"))
		} else {
			files[jsonName] = tinyJSON(t, nil)
		}
		tok, err := fromFiles(files)
		if err != nil {
			return
		}
		checkEncoding(t, tok, text, "the", 16)
		if all, err := tok.EncodeWith(Pair{A: text}, Options{Offsets: true}); err != nil || !slices.Equal(all[0].IDs, tok.Encode(text, "", 0).IDs) {
			t.Fatalf("%q: %v, %v with offsets", text, all, err)
		}
	})
}
