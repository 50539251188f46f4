package tokenizer

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var tinyVocab = []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "s", "##s", "##at", "c", ".", "Cat"}

// tinyJSON returns a tokenizer.json with tinyVocab, changed by edit.
func tinyJSON(t testing.TB, edit func(map[string]any)) []byte {
	t.Helper()
	vocab := map[string]any{}
	for id, token := range tinyVocab {
		vocab[token] = id
	}
	file := map[string]any{
		"version":       "1.0",
		"truncation":    map[string]any{"max_length": 3, "strategy": "LongestFirst", "stride": 0},
		"padding":       map[string]any{"strategy": map[string]any{"Fixed": 128}, "pad_id": 0},
		"added_tokens":  []any{map[string]any{"id": 4, "content": "[MASK]", "special": true}},
		"normalizer":    map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": nil, "lowercase": true},
		"pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
		"post_processor": map[string]any{
			"type": "BertProcessing", "cls": []any{"[CLS]", 2}, "sep": []any{"[SEP]", 3},
		},
		"model": map[string]any{"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocab},
	}
	if edit != nil {
		edit(file)
	}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func lines(tokens []string) string { return strings.Join(tokens, "\n") + "\n" }

func TestVocabAloneGivesTheSameAsTokenizerJSONWhoseTruncationDoesNotApply(t *testing.T) {
	a, err := Load(folder(t, map[string]string{jsonName: string(tinyJSON(t, nil))}))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Load(folder(t, map[string]string{vocabName: lines(tinyVocab)}))
	if err != nil {
		t.Fatal(err)
	}
	windows, err := Load(folder(t, map[string]string{vocabName: strings.Join(tinyVocab, "\r\n")}))
	if err != nil {
		t.Fatal(err)
	}
	want := []int32{2, 5, 6, 8, 1, 4, 10, 9, 11, 3}
	for _, tok := range []*Tokenizer{a, b, windows} {
		if got := tok.Encode("The CATS dog [MASK] cat.", "", 0); !slices.Equal(got.IDs, append(slices.Clone(want[:6]), 6, 11, 3)) {
			t.Errorf("got %v", got.IDs)
		}
		if tok.VocabSize() != len(tinyVocab) || tok.Token(8) != "##s" || tok.PadID != 0 || tok.UnkID != 1 || tok.ClsID != 2 || tok.SepID != 3 || tok.MaskID != 4 {
			t.Errorf("got %d tokens, special %d %d %d %d %d", tok.VocabSize(), tok.PadID, tok.UnkID, tok.ClsID, tok.SepID, tok.MaskID)
		}
		if id, ok := tok.ID("Cat"); !ok || id != 12 {
			t.Errorf("Cat has id %d, %v", id, ok)
		}
		if _, ok := tok.ID("dog"); ok || tok.Token(99) != "" || tok.Token(-1) != "" {
			t.Error("found what is not there")
		}
	}
}

func TestTokenizerConfigDecidesAboutCaseAndSpecialTokens(t *testing.T) {
	general := `{"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": false}`
	for name, c := range map[string]struct {
		files map[string]string
		want  int32
	}{
		"vocab.txt alone":                {map[string]string{vocabName: lines(tinyVocab)}, 6},
		"vocab.txt, cased":               {map[string]string{vocabName: lines(tinyVocab), configName: `{"do_lower_case": false}`}, 12},
		"tokenizer.json, cased":          {map[string]string{jsonName: string(tinyJSON(t, nil)), configName: `{"do_lower_case": false}`}, 12},
		"tokenizer.json, general class":  {map[string]string{jsonName: string(tinyJSON(t, nil)), configName: general}, 6},
		"tokenizer.json says cased":      {map[string]string{jsonName: string(tinyJSON(t, func(f map[string]any) { f["normalizer"].(map[string]any)["lowercase"] = false }))}, 12},
		"names of other special tokens":  {map[string]string{vocabName: strings.Replace(lines(tinyVocab), "[SEP]", "</s>", 1), configName: `{"sep_token": {"content": "</s>"}}`}, 6},
		"names in special_tokens_map":    {map[string]string{vocabName: strings.Replace(lines(tinyVocab), "[SEP]", "</s>", 1), specialName: `{"sep_token": "</s>"}`}, 6},
		"the last of equal lines counts": {map[string]string{vocabName: strings.Replace(lines(tinyVocab), "Cat", "cat", 1)}, 12},
	} {
		t.Run(name, func(t *testing.T) {
			tok, err := Load(folder(t, c.files))
			if err != nil {
				t.Fatal(err)
			}
			if got := tok.Encode("Cat", "", 0).IDs; !slices.Equal(got, []int32{2, c.want, 3}) {
				t.Errorf("got %v, want [2 %d 3]", got, c.want)
			}
		})
	}
}

func TestChineseCharactersAreWordsWhereTheTokenizerPartsThem(t *testing.T) {
	step := func(chinese bool) map[string]any {
		return map[string]any{"type": "BertNormalizer", "handle_chinese_chars": chinese}
	}
	with := func(normalizer any) string {
		return string(tinyJSON(t, func(file map[string]any) { file["normalizer"] = normalizer }))
	}
	sequence := func(steps ...any) any { return map[string]any{"type": "Sequence", "normalizers": steps} }
	vocab := lines(tinyVocab)
	for name, c := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"a vocabulary":           {map[string]string{vocabName: vocab}, true},
		"one with words alone":   {map[string]string{vocabName: vocab, configName: `{"tokenizer_class": "BertTokenizer", "tokenize_chinese_chars": false}`}, false},
		"one that says it":       {map[string]string{vocabName: vocab, configName: `{"tokenizer_class": "BertTokenizer", "tokenize_chinese_chars": true}`}, true},
		"tokenizer.json":         {map[string]string{jsonName: with(step(true))}, true},
		"one without":            {map[string]string{jsonName: with(step(false))}, false},
		"one without, overruled": {map[string]string{jsonName: with(step(false)), configName: `{"tokenize_chinese_chars": true}`}, true},
		"a sequence":             {map[string]string{jsonName: with(sequence(map[string]any{"type": "NFC"}, step(true)))}, true},
		"a sequence without":     {map[string]string{jsonName: with(sequence(map[string]any{"type": "NFC"}, step(false)))}, false},
		"lower case alone":       {map[string]string{jsonName: with(map[string]any{"type": "Lowercase"})}, false},
	} {
		tok, err := Load(folder(t, c.files))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for r, chinese := range map[rune]bool{'电': true, '\u3400': true, 'か': false, 'カ': false, '가': false, 'a': false, '。': false} {
			if got := tok.OneWord(r); got != (c.want && chinese) {
				t.Errorf("%s: %c is a word of its own: %v", name, r, got)
			}
		}
	}
}

func TestAddedTokensAreFoundInTheTextWithTheirOptions(t *testing.T) {
	added := func(options map[string]any) string {
		return string(tinyJSON(t, func(f map[string]any) {
			token := map[string]any{"id": 20, "content": "Dog"}
			maps.Copy(token, options)
			f["added_tokens"] = append(f["added_tokens"].([]any), token)
		}))
	}
	for name, c := range map[string]struct {
		options map[string]any
		text    string
		want    []int32
	}{
		"as it stands":        {nil, "theDogcat dog", []int32{5, 20, 6, 1}},
		"normalised":          {map[string]any{"normalized": true}, "thedögcat DOG", []int32{5, 20, 6, 20}},
		"single word":         {map[string]any{"single_word": true}, "theDog Dog. cat", []int32{1, 20, 11, 6}},
		"blanks on both ends": {map[string]any{"lstrip": true, "rstrip": true}, "the  Dog  Dog s", []int32{5, 20, 20, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			tok, err := Load(folder(t, map[string]string{jsonName: added(c.options)}))
			if err != nil {
				t.Fatal(err)
			}
			if got := tok.Encode(c.text, "", 0).IDs; !slices.Equal(got[1:len(got)-1], c.want) {
				t.Errorf("%q: got %v, want %v", c.text, got, c.want)
			}
			if tok.VocabSize() != 21 {
				t.Errorf("VocabSize is %d, want 21 for the id 20", tok.VocabSize())
			}
		})
	}
}

func TestUnusableTokenizersAreErrorsThatSayWhy(t *testing.T) {
	model := func(kind string, vocab any) string {
		return string(tinyJSON(t, func(f map[string]any) { f["model"] = map[string]any{"type": kind, "vocab": vocab} }))
	}
	part := func(key string, value any) string {
		return string(tinyJSON(t, func(f map[string]any) { f[key] = value }))
	}
	without := func(token string) string {
		return lines(slices.DeleteFunc(slices.Clone(tinyVocab), func(s string) bool { return s == token }))
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"empty folder":       {nil, "looked for tokenizer.json, vocab.txt and spiece.model"},
		"no [UNK]":           {map[string]string{vocabName: without("[UNK]")}, `has no "[UNK]"`},
		"no [CLS]":           {map[string]string{vocabName: without("[CLS]")}, `has no "[CLS]"`},
		"no [SEP]":           {map[string]string{vocabName: without("[SEP]")}, `has no "[SEP]"`},
		"no [PAD]":           {map[string]string{vocabName: without("[PAD]")}, `has no "[PAD]"`},
		"empty vocabulary":   {map[string]string{vocabName: ""}, `has no "[PAD]"`},
		"binary vocabulary":  {map[string]string{vocabName: "\xff\xfe\x00"}, "not UTF-8"},
		"BPE":                {map[string]string{jsonName: model("BPE", map[string]int{"a": 1})}, "the model is BPE: supported are"},
		"Unigram":            {map[string]string{jsonName: model("Unigram", []any{[]any{"a", 0.5}})}, "has no unk_id"},
		"old Unigram":        {map[string]string{jsonName: model("", []any{[]any{"a", 0.5}})}, "has no unk_id"},
		"other normalizer":   {map[string]string{jsonName: part("normalizer", map[string]any{"type": "ByteLevel"})}, "the normalizer is ByteLevel"},
		"other words":        {map[string]string{jsonName: part("pre_tokenizer", map[string]any{"type": "ByteLevel"})}, "the pre_tokenizer is ByteLevel"},
		"other frame":        {map[string]string{jsonName: part("post_processor", map[string]any{"type": "ByteLevel"})}, "the post_processor is ByteLevel"},
		"other template":     {map[string]string{jsonName: part("post_processor", map[string]any{"type": "TemplateProcessing"})}, "does not have each text once"},
		"no model":           {map[string]string{jsonName: `{}`}, "model.vocab"},
		"not JSON":           {map[string]string{jsonName: `{`, vocabName: lines(tinyVocab)}, "tokenizer.json"},
		"negative id":        {map[string]string{jsonName: model("WordPiece", map[string]any{"a": -1})}, "has the id -1"},
		"huge id":            {map[string]string{jsonName: model("WordPiece", map[string]any{"a": 1 << 40})}, "model.vocab"},
		"one id, two tokens": {map[string]string{jsonName: model("WordPiece", map[string]any{"a": 1, "b": 1})}, "both have the id 1"},
		"added contradicts":  {map[string]string{jsonName: part("added_tokens", []any{map[string]any{"id": 9, "content": "cat"}})}, "has the id 9, and 6 in the vocabulary"},
		"added takes an id":  {map[string]string{jsonName: part("added_tokens", []any{map[string]any{"id": 9, "content": "dog"}})}, `which is that of "##at"`},
		"bad config":         {map[string]string{vocabName: lines(tinyVocab), configName: `[]`}, "tokenizer_config.json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(folder(t, c.files))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if _, err := FromVocab([]string{"[PAD]", "two\nlines"}, true); err == nil {
		t.Error("a token with a line break was taken")
	}
}

func TestLongestFirstNeverExceedsTheLimitAndCutsTheLongerText(t *testing.T) {
	for na := range 9 {
		for nb := range 9 {
			for most := range 20 {
				a, b := longestFirst(na, nb, most)
				if a > na || b > nb || a+b != min(most, na+nb) {
					t.Errorf("%d and %d tokens, at most %d: got %d and %d", na, nb, most, a, b)
				}
				if a < na && b < nb && max(a-b, b-a) > 1 {
					t.Errorf("%d and %d tokens, at most %d: both cut, to %d and %d", na, nb, most, a, b)
				}
				if a < na && b == nb && a+1 < b || b < nb && a == na && b+1 < a {
					t.Errorf("%d and %d tokens, at most %d: the shorter one was cut, to %d and %d", na, nb, most, a, b)
				}
			}
		}
	}
}

func TestSavedTokenizerFilesAreByteCopies(t *testing.T) {
	files := map[string]string{jsonName: string(tinyJSON(t, nil)), vocabName: lines(tinyVocab), configName: `{ "do_lower_case" : true }`, specialName: `{}`}
	tok, err := Load(folder(t, files))
	if err != nil {
		t.Fatal(err)
	}
	made, err := FromVocab(tinyVocab, false)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	if err := tok.Save(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	dir = t.TempDir()
	if err := made.Save(dir); err != nil {
		t.Fatal(err)
	}
	again, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Encode("Cat", "", 0).IDs; !slices.Equal(got, []int32{2, 12, 3}) {
		t.Errorf("cased tokenizer, saved and loaded: got %v", got)
	}
}

func TestEncodeAllEqualsEncodeOneByOne(t *testing.T) {
	tok, err := FromVocab(tinyVocab, true)
	if err != nil {
		t.Fatal(err)
	}
	var pairs []Pair
	for i := range 1000 {
		pairs = append(pairs, Pair{A: strings.Repeat("cat s ", i%7), B: strings.Repeat("the ", i%5)})
	}
	for i, got := range tok.EncodeAll(pairs, 9) {
		want := tok.Encode(pairs[i].A, pairs[i].B, 9)
		if !slices.Equal(got.IDs, want.IDs) || !slices.Equal(got.Types, want.Types) {
			t.Fatalf("element %d: got %v, want %v", i, got, want)
		}
	}
	if got := tok.EncodeAll(nil, 9); len(got) != 0 {
		t.Errorf("nothing gave %v", got)
	}
	both := tok.EncodeAll([]Pair{{A: "cat", Both: true}}, 0)[0]
	if !slices.Equal(both.IDs, []int32{2, 6, 3, 3}) || !slices.Equal(both.Types, []int32{0, 0, 0, 1}) {
		t.Errorf("a pair with an empty second text: %v", both)
	}
}

func ExampleTokenizer_Encode() {
	tok, err := FromVocab([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "play", "##ing", "chess", "is", "fun", "?"}, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	e := tok.Encode("Playing chess", "is fun?", 128)
	fmt.Println(e.IDs)
	fmt.Println(e.Types)
	fmt.Println(tok.Decode(e.IDs))
	// Output:
	// [2 4 5 6 3 7 8 9 3]
	// [0 0 0 0 0 1 1 1 1]
	// [CLS] playing chess [SEP] is fun? [SEP]
}
