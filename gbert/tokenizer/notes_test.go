package tokenizer

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestWhatIsNotFollowedIsSaidInALine(t *testing.T) {
	json := func(edit func(f map[string]any)) string { return string(tinyJSON(t, edit)) }
	part := func(key string, value any) string { return json(func(f map[string]any) { f[key] = value }) }
	model := func(key string, value any) string {
		return json(func(f map[string]any) { f["model"].(map[string]any)[key] = value })
	}
	normal := func(key string, value any) string {
		return json(func(f map[string]any) { f["normalizer"].(map[string]any)[key] = value })
	}
	bert := `{"tokenizer_class": "BertTokenizer"}`
	for name, c := range map[string]struct {
		files map[string]string
		want  []string // in the notes, one a line; none: nothing is said
	}{
		"as the class has it":     {map[string]string{jsonName: json(nil), configName: bert}, nil},
		"vocab.txt":               {map[string]string{vocabName: lines(tinyVocab), configName: bert}, nil},
		"cased in both":           {map[string]string{jsonName: normal("lowercase", false), configName: `{"tokenizer_class": "BertTokenizer", "do_lower_case": false}`}, nil},
		"cased in one":            {map[string]string{jsonName: normal("lowercase", false), configName: bert}, []string{"lowercase false"}},
		"accents":                 {map[string]string{jsonName: normal("strip_accents", false), configName: bert}, []string{"strip_accents false"}},
		"uncleaned":               {map[string]string{jsonName: normal("clean_text", false), configName: bert}, []string{"clean_text false"}},
		"Chinese":                 {map[string]string{jsonName: normal("handle_chinese_chars", false), configName: bert}, []string{"handle_chinese_chars false"}},
		"normalizer null":         {map[string]string{jsonName: part("normalizer", nil), configName: bert}, []string{"normalizer null"}},
		"another normalizer":      {map[string]string{jsonName: part("normalizer", map[string]any{"type": "NFC"}), configName: bert}, []string{"normalizer NFC"}},
		"pre_tokenizer null":      {map[string]string{jsonName: part("pre_tokenizer", nil), configName: bert}, []string{"pre_tokenizer null"}},
		"another pre_tokenizer":   {map[string]string{jsonName: part("pre_tokenizer", map[string]any{"type": "Whitespace"}), configName: bert}, []string{"pre_tokenizer Whitespace"}},
		"short words":             {map[string]string{jsonName: model("max_input_chars_per_word", 5), configName: bert}, []string{"max_input_chars_per_word 5"}},
		"another prefix":          {map[string]string{jsonName: model("continuing_subword_prefix", "@@"), configName: bert}, []string{`continuing_subword_prefix "@@"`}},
		"post_processor null":     {map[string]string{jsonName: part("post_processor", nil), configName: bert}, []string{"post_processor null"}},
		"two things, one line":    {map[string]string{jsonName: json(func(f map[string]any) { f["normalizer"], f["pre_tokenizer"] = nil, nil }), configName: bert}, []string{"normalizer null, pre_tokenizer null"}},
		"a general class follows": {map[string]string{jsonName: normal("lowercase", false), configName: `{"tokenizer_class": "PreTrainedTokenizerFast"}`}, nil},
		"padding left":            {map[string]string{vocabName: lines(tinyVocab), configName: `{"padding_side": "left"}`}, []string{"padding_side left is not followed"}},
		"another id":              {map[string]string{vocabName: lines(tinyVocab), configName: `{"added_tokens_decoder": {"30": {"content": "zzz"}}}`}, []string{`"zzz" has the id 30, as its file says; transformers 5 gives it 13`}},
		"no file of the class":    {map[string]string{vocabName: lines(tinyVocab), configName: `{"tokenizer_class": "PreTrainedTokenizerFast"}`}, []string{"read as a BertTokenizer's"}},
	} {
		t.Run(name, func(t *testing.T) {
			tok, err := Load(folder(t, c.files))
			if err != nil {
				t.Fatal(err)
			}
			notes := tok.Notes()
			if len(notes) != len(c.want) {
				t.Fatalf("notes %q, want %d", notes, len(c.want))
			}
			for i, want := range c.want {
				if !strings.Contains(notes[i], want) || strings.Contains(notes[i], "\n") {
					t.Errorf("note %q, want one line with %q", notes[i], want)
				}
			}
		})
	}
}

func TestTokenTypesAreThoseThatTheModelWasTrainedWith(t *testing.T) {
	general := `{"tokenizer_class": "PreTrainedTokenizerFast"}`
	for name, c := range map[string]struct {
		files map[string]string
		typed bool
		noted bool
	}{
		"BertTokenizer":                       {map[string]string{configName: `{"tokenizer_class": "BertTokenizer"}`, "config.json": `{"transformers_version": "5.24.0"}`}, true, false},
		"general, saved by transformers 5":    {map[string]string{configName: general, "config.json": `{"model_type": "bert", "transformers_version": "5.24.0"}`}, false, false},
		"general, saved by transformers 4":    {map[string]string{configName: general, "config.json": `{"model_type": "bert", "transformers_version": "4.57.1"}`}, true, true},
		"general, saved by nobody knows what": {map[string]string{configName: general, "config.json": `{"model_type": "bert", "layer_norm_eps": Infinity}`}, true, true},
		"general, types asked for":            {map[string]string{configName: `{"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": ["token_type_ids"]}`, "config.json": `{"transformers_version": "5.24.0"}`}, true, false},
		"BertTokenizer, none asked for":       {map[string]string{configName: `{"tokenizer_class": "BertTokenizer", "model_input_names": ["input_ids"]}`}, false, false},
	} {
		files := map[string]string{jsonName: string(tinyJSON(t, nil))}
		maps.Copy(files, c.files)
		tok, err := Load(folder(t, files))
		if err != nil {
			t.Fatal(err)
		}
		types := tok.Encode("the", "cat", 0).Types
		if typed := slices.Contains(types, 1); typed != c.typed || (tok.PairNote() != "") != c.noted {
			t.Errorf("%s: types %v, note %q", name, types, tok.PairNote())
		}
	}
}

func TestSpecialTokensAroundATextAreThoseOfItsFrame(t *testing.T) {
	template := func(single, pair []any) string {
		return string(tinyJSON(t, func(f map[string]any) {
			f["post_processor"] = map[string]any{"type": "TemplateProcessing", "single": single, "pair": pair,
				"special_tokens": map[string]any{"[CLS]": map[string]any{"ids": []int{2}}, "[SEP]": map[string]any{"ids": []int{3, 3}}}}
		}))
	}
	special := func(id string) any { return map[string]any{"SpecialToken": map[string]any{"id": id, "type_id": 0}} }
	text := func(id string) any { return map[string]any{"Sequence": map[string]any{"id": id, "type_id": 0}} }
	for name, c := range map[string]struct {
		json           string
		before, behind []int32
		pair           int
	}{
		"BERT's":  {string(tinyJSON(t, nil)), []int32{2}, []int32{3}, 3},
		"none":    {string(tinyJSON(t, func(f map[string]any) { f["post_processor"] = nil })), nil, nil, 0},
		"another": {template([]any{special("[CLS]"), special("[CLS]"), text("A"), special("[SEP]")}, []any{text("B"), special("[SEP]"), text("A")}), []int32{2, 2}, []int32{3, 3}, 2},
	} {
		tok, err := Load(folder(t, map[string]string{jsonName: c.json, configName: `{"tokenizer_class": "PreTrainedTokenizerFast"}`}))
		if err != nil {
			t.Fatal(err)
		}
		before, behind := tok.Around()
		if !slices.Equal(before, c.before) || !slices.Equal(behind, c.behind) || tok.Special(true) != c.pair || tok.Special(false) != len(before)+len(behind) {
			t.Errorf("%s: %v and %v, %d around a pair", name, before, behind, tok.Special(true))
		}
	}
}
