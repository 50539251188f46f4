package gbert

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rewritten is the text of testdata/tiny/config.json with a key in front of the others whose value is any text.
func rewritten(t *testing.T, key, value string) []byte {
	t.Helper()
	return []byte(strings.Replace(string(edited(t, object{key: nil})), "{", `{"`+key+`": `+value+",\n", 1))
}

func TestNumbersThatJSONHasNotAreReadAsPythonDoesAndWrittenAsTransformersDoes(t *testing.T) {
	for value, want := range map[string]string{
		"Infinity":                    `{"__float__":"Infinity"}`,
		"-Infinity":                   `{"__float__":"-Infinity"}`,
		"NaN":                         `{"__float__":"NaN"}`,
		`{"__float__": "NaN"}`:        `{"__float__":"NaN"}`,
		`[1, {"deep": -Infinity}]`:    `[1,{"deep":{"__float__":"-Infinity"}}]`,
		`"NaN, \"Infinity\" \\"`:      `"NaN, \"Infinity\" \\"`,
		`{"Infinity": "NaN"}`:         `{"Infinity":"NaN"}`,
		`["\\", NaN, "\"", Infinity]`: `["\\",{"__float__":"NaN"},"\"",{"__float__":"Infinity"}]`,
	} {
		config, err := ParseConfig(rewritten(t, "something_else", value))
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		text, err := json.Marshal(config)
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(text, &fields); err != nil || string(fields["something_else"]) != want {
			t.Errorf("%s is written as %s, want %s", value, fields["something_else"], want)
		}
	}
}

func TestNumbersThatAreNoneAreRefusedByTheirKey(t *testing.T) {
	for _, key := range []string{"hidden_size", "layer_norm_eps", "hidden_dropout_prob", "initializer_range", "pad_token_id", "classifier_dropout"} {
		for _, value := range []string{"NaN", "Infinity", "-Infinity"} {
			_, err := ParseConfig(rewritten(t, key, value))
			if want := "line 1: " + key + " is " + value + "; it must be a finite number"; err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %q", value, err, want)
			}
		}
	}
}

func TestValuesOfAnotherKindAreRefusedByTheirKeyAndLine(t *testing.T) {
	for key, values := range map[string][]string{
		"hidden_size":         {`16.0 whole number, written without a decimal point`, `"16" whole number`, `true whole number`, `null a number`, `1e1 whole number`},
		"layer_norm_eps":      {`"1e-12" a number`, `true a number`, `[1] a number`},
		"is_decoder":          {`0 true or false`, `"false" true or false`},
		"tie_word_embeddings": {`0 true or false`, `"false" true or false`},
		"model_type":          {`7 a text`},
		"hidden_act":          {`["gelu"] a text`},
	} {
		for _, test := range values {
			value, want, _ := strings.Cut(test, " ")
			_, err := ParseConfig(rewritten(t, key, value))
			if err == nil || !strings.Contains(err.Error(), key+" is "+value+"; it must be ") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s of %s: %v, want %q", key, value, err, want)
			}
		}
	}
	_, err := ParseConfig([]byte("{\n\"model_type\": \"bert\",\n\n\"vocab_size\": {}\n}"))
	if err == nil || !strings.HasPrefix(err.Error(), "line 4: vocab_size is {}; ") {
		t.Errorf("%v", err)
	}
}

func TestKeysAreReadAsTheyAreWritten(t *testing.T) {
	data := rewritten(t, "Hidden_Size", "32") // encoding/json alone takes it for hidden_size
	config, err := ParseConfig(data)
	if err != nil || config.HiddenSize != 16 {
		t.Fatalf("%v, %v", config, err)
	}
	text, err := json.Marshal(config)
	if err != nil || !strings.Contains(string(text), `"Hidden_Size":32`) || !strings.Contains(string(text), `"hidden_size":16`) {
		t.Errorf("written as %s, %v", text, err)
	}
}

func TestSizesThatAreNotStatedAreThoseOfTransformers(t *testing.T) {
	config, err := ParseConfig([]byte(`{"model_type": "bert"}`))
	if err != nil {
		t.Fatal(err)
	}
	got := []int{config.VocabSize, config.HiddenSize, config.NumHiddenLayers, config.NumAttentionHeads, config.IntermediateSize, config.MaxPositionEmbeddings, config.TypeVocabSize}
	if want := []int{30522, 768, 12, 12, 3072, 512, 2}; !slices.Equal(got, want) {
		t.Errorf("BERT: %v, want %v", got, want)
	}
	if config, err = ParseConfig([]byte(`{"model_type": "albert"}`)); err != nil {
		t.Fatal(err)
	}
	got = []int{config.VocabSize, config.HiddenSize, config.NumHiddenLayers, config.NumAttentionHeads, config.IntermediateSize, config.MaxPositionEmbeddings, config.TypeVocabSize, config.Embedding.Size()}
	if want := []int{30000, 4096, 12, 64, 16384, 512, 2, 128}; !slices.Equal(got, want) {
		t.Errorf("ALBERT: %v, want %v", got, want)
	}
	if model, err := Load(tinyFolder(t, edited(t, object{"type_vocab_size": nil}), nil)); err != nil {
		t.Errorf("without type_vocab_size: %v", err)
	} else {
		model.Close()
	}
	_, err = Load(tinyFolder(t, edited(t, object{"hidden_size": nil}), nil))
	if err == nil || !strings.Contains(err.Error(), "config.json does not state hidden_size (768), for which transformers' defaults were taken") {
		t.Errorf("without hidden_size: %v", err)
	}
}

func TestThePadTokensNumberMayBeMissingOrCountFromTheEnd(t *testing.T) {
	for _, value := range []string{"null", "-1", "-60"} {
		config, err := ParseConfig(rewritten(t, "pad_token_id", value))
		if err != nil || config.PadTokenID != 0 {
			t.Errorf("%s: %v, %v", value, config, err)
			continue
		}
		if text, err := json.Marshal(config); err != nil || !strings.Contains(string(text), `"pad_token_id":`+value) {
			t.Errorf("%s is written as %s, %v", value, text, err)
		}
	}
	if _, err := ParseConfig(rewritten(t, "pad_token_id", "-61")); err == nil || !strings.Contains(err.Error(), "pad_token_id is -61") {
		t.Errorf("beyond the beginning: %v", err)
	}
}

func TestAByteOrderMarkIsPassedOverAndOtherEncodingsAreNamed(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"UTF-8":       {"\xef\xbb\xbf" + string(edited(t, nil)), ""},
		"UTF-16":      {"\xff\xfe{\x00", "it is UTF-16; save it as UTF-8"},
		"UTF-16BE":    {"\xfe\xff\x00{", "it is UTF-16; save it as UTF-8"},
		"twice UTF-8": {"\xef\xbb\xbf\xef\xbb\xbf{}", "JSON"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadConfig(dir)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
