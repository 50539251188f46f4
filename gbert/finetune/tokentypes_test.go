package finetune

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
)

// withTypes is the tiny learner with a number of token types and a tokenizer_config.json.
func withTypes(t *testing.T, types int, config string) *gbert.Model {
	t.Helper()
	model := learner(t, 2, 0)
	dir := t.TempDir()
	if err := model.Tokenizer.Save(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	var err error
	if model.Tokenizer, err = tokenizer.Load(dir); err != nil {
		t.Fatal(err)
	}
	model.Config.TypeVocabSize = types
	return model
}

func TestPairsAreRefusedByAModelWithoutTheirTokenTypeUnlessTheTokenizerHasNone(t *testing.T) {
	pairs := sentiment(4, 1, task.Classification)
	pairs.Task.Pair = true
	for i := range pairs.Examples {
		pairs.Examples[i].TextB = pairs.Examples[i].TextA
	}
	single := sentiment(4, 1, task.Classification)
	for name, c := range map[string]struct {
		types  int
		config string
		data   *task.Dataset
		want   string
	}{
		"two types":             {2, `{"tokenizer_class": "BertTokenizer"}`, pairs, ""},
		"one type":              {1, `{"tokenizer_class": "BertTokenizer"}`, pairs, "the token type 1, but the model has types 0 to 0"},
		"one type, single text": {1, `{"tokenizer_class": "BertTokenizer"}`, single, ""},
		"no types":              {1, `{"tokenizer_class": "BertTokenizer", "model_input_names": ["input_ids", "attention_mask"]}`, pairs, ""},
		"another class":         {1, `{"tokenizer_class": "DistilBertTokenizer", "model_input_names": ["input_ids"]}`, pairs, ""},
	} {
		p, err := read(withTypes(t, c.types, c.config), c.data, 32)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if most := slices.Max(p.Encodings[0].Types); int(most) >= c.types {
			t.Errorf("%s: type %d of %d", name, most, c.types)
		}
	}
}
