package vocabulary

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/tiny"
	"bertlab/techniques/sharing"
)

func TestTextsWhoseWordsStayHaveTheSameLogits(t *testing.T) {
	sentences := tiny.Sentences(9, 5)
	texts, _ := sentences.Texts()
	plain := classifier(t, 1)
	factored, _, err := sharing.FactorEmbedding(plain, 4)
	if err != nil {
		t.Fatal(err)
	}
	for name, model := range map[string]*gbert.Model{"tables": plain, "two factors": factored} {
		smaller, choice := cut(t, model, 1, texts...)
		if choice.After >= choice.Before || smaller.Config.VocabSize != choice.After || smaller.Tokenizer.VocabSize() != choice.After {
			t.Errorf("%s: %+v, %d rows, %d tokens", name, choice, smaller.Config.VocabSize, smaller.Tokenizer.VocabSize())
		}
		if !same(tiny.Logits(t, smaller, sentences), tiny.Logits(t, model, sentences)) {
			t.Errorf("%s: other logits", name)
		}
		last := smaller.Config.History[len(smaller.Config.History)-1]
		if last.Name != HistoryName || last.Arguments["words"] != choice.After {
			t.Errorf("%s: the history says %+v", name, last)
		}
		if err := smaller.Save(filepath.Join(t.TempDir(), "saved"), gbert.Float32); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnALBERTWithItsSentencePiecesIsCut(t *testing.T) {
	model := load(t, albertFolder(t))
	sentences := tiny.Sentences(9, 5)
	texts, _ := sentences.Texts()
	smaller, choice := cut(t, model, 1, texts...)
	if choice.After > 200 || smaller.Config.VocabSize != choice.After {
		t.Errorf("%d of %d words stay", choice.After, choice.Before)
	}
	if !same(tiny.Logits(t, smaller, sentences), tiny.Logits(t, model, sentences)) {
		t.Error("other logits")
	}
	dir := t.TempDir()
	if err := smaller.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	if again := load(t, dir); !same(tiny.Logits(t, again, sentences), tiny.Logits(t, model, sentences)) {
		t.Error("other logits after loading")
	}
}

// wordModel is tiny-mlm of gbert's tests with a vocabulary of its 60 words, some of which special tokens stand behind.
func wordModel(t *testing.T, change map[string]any) *gbert.Model {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "gbert", "testdata", "tiny-mlm"))); err != nil {
		t.Fatal(err)
	}
	words := []string{"[PAD]", "[UNK]"}
	for i := range 55 {
		words = append(words, fmt.Sprintf("%c%c", 'a'+i%8, 'a'+i/8))
	}
	words = append(words, "[CLS]", "[SEP]", "[MASK]")
	path := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	for key, value := range change {
		config[key] = value
	}
	if text, err = json.Marshal(config); err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "vocab.txt"), []byte(strings.Join(words, "\n")), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return load(t, dir)
}

// keep keeps words of a model whose characters have no tokens of their own, which Choose would not let go.
func keep(t *testing.T, m *gbert.Model, ids []int) *gbert.Model {
	t.Helper()
	var words []int32
	for _, id := range ids {
		words = append(words, int32(id))
	}
	smallerWords, err := m.Tokenizer.Keep(words)
	if err != nil {
		t.Fatal(err)
	}
	smaller, err := surgery.KeepWords(m, ids, smallerWords, gbert.Operation{Name: HistoryName})
	if err != nil {
		t.Fatal(err)
	}
	return smaller
}

func TestAHeadThatPredictsWordsLosesTheSameRows(t *testing.T) {
	ids := []int{0, 1, 5, 9, 10, 57, 58, 59}
	plain := wordModel(t, map[string]any{"sep_token_id": 58, "eos_token_id": []int{57, 58}})
	classified, err := plain.WithClassifier(2, nil, 1) // the old head goes with it
	if err != nil {
		t.Fatal(err)
	}
	for name, model := range map[string]*gbert.Model{"words": plain, "a class": classified} {
		smaller := keep(t, model, ids)
		for _, spec := range smaller.Weights() {
			was, shape, err := model.Weight(spec.Name)
			if err != nil {
				t.Fatal(err)
			}
			is := tiny.Values(t, smaller, spec.Name)
			if shape[0] != 60 {
				if !slices.Equal(is, was) {
					t.Errorf("%s: %s changed", name, spec.Name)
				}
				continue
			}
			width := len(was) / 60
			for i, id := range ids {
				if !slices.Equal(is[i*width:(i+1)*width], was[id*width:(id+1)*width]) {
					t.Errorf("%s: row %d of %s is not that of word %d", name, i, spec.Name, id)
				}
			}
		}
		if config, err := json.Marshal(smaller.Config); err != nil || !strings.Contains(string(config), `"sep_token_id":6`) || !strings.Contains(string(config), `"eos_token_id":[5,6]`) {
			t.Errorf("%s: the configuration names other words: %s, %v", name, config, err)
		}
	}
}

func TestWhatCannotBeCutIsRefused(t *testing.T) {
	model := classifier(t, 1)
	var counts Counts
	counts.Add(model.Tokenizer, pairs([]string{"a b"}))
	bare := model.Clone()
	bare.Tokenizer = nil
	everything := Counts{}
	everything.Add(model.Tokenizer, pairs([]string{"cab bab bad dad", "ab"}))
	for want, choose := range map[string]func() (*Choice, error){
		"has no tokenizer":                       func() (*Choice, error) { return Choose(bare, counts, 1) },
		"there are no texts":                     func() (*Choice, error) { return Choose(model, Counts{Tokens: counts.Tokens}, 1) },
		"1 is the least":                         func() (*Choice, error) { return Choose(model, counts, 0) },
		"counts of 3 tokens":                     func() (*Choice, error) { return Choose(model, Counts{1, []int{1, 2, 3}}, 1) },
		"no word is left out: all 24 words stay": func() (*Choice, error) { return Choose(model, everything, 1) },
	} {
		if _, err := choose(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	words := wordModel(t, map[string]any{"sep_token_id": 20})
	smaller, err := words.Tokenizer.Keep([]int32{0, 1, 5, 57, 58, 59})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := surgery.KeepWords(words, []int{0, 1, 5, 57, 58, 59}, smaller, gbert.Operation{}); err == nil || !strings.Contains(err.Error(), "word 20 would be lost, which config.json names") {
		t.Errorf("a word that the configuration names: %v", err)
	}
}

func TestComparisonsCountTextsWithOtherTokens(t *testing.T) {
	model := classifier(t, 1)
	smaller, _ := cut(t, model, 2, "cab cab a b", "bad")
	got := Compare(model.Tokenizer, smaller.Tokenizer, []tokenizer.Pair{{A: "cab a"}, {A: "bad"}, {A: "a", B: "bad k"}, {A: "zz"}})
	want := Comparison{Texts: 4, Changed: 2, TokensBefore: 2 + 1 + 3 + 1, Tokens: 2 + 3 + 5 + 1, UnknownBefore: 1, Unknown: 1}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
