package vocabulary

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/tiny"
)

// more are words of the tiny model that its sentences do not have.
var more = []string{"##a", "##b", "##c", "##d", "cab", "##ab", "bad", "dad"}

func classifier(t testing.TB, seed uint64) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Heads: 4, More: more, NoDropout: true}, seed)
}

// albertFolder is the folder of a tiny ALBERT with a SentencePiece model of 400 pieces, and a head that predicts words.
func albertFolder(t testing.TB) string {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "albert", "architectures": ["AlbertForMaskedLM"], "vocab_size": 400, "embedding_size": 6, "hidden_size": 16,
		"num_hidden_layers": 2, "num_attention_heads": 4, "num_hidden_groups": 1, "inner_group_num": 1, "intermediate_size": 24, "hidden_act": "gelu_new",
		"max_position_embeddings": 64, "type_vocab_size": 2, "bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "initializer_range": 0.5}`))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 3)
	if err == nil {
		model, err = model.WithClassifier(2, nil, 3)
	}
	dir := t.TempDir()
	if err == nil {
		err = model.Save(dir, gbert.Float32)
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join("..", "..", "gbert", "tokenizer", "testdata", "unigram", "spiece.model.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	spiece, err := io.ReadAll(reader)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "spiece.model"), spiece, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// load loads a model until the test ends.
func load(t testing.TB, dir string) *gbert.Model {
	t.Helper()
	model, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}

// cut is Cut to the words of texts, which must work.
func cut(t testing.TB, m *gbert.Model, minCount int, texts ...string) (*gbert.Model, *Choice) {
	t.Helper()
	var counts Counts
	counts.Add(m.Tokenizer, pairs(texts))
	choice, err := Choose(m, counts, minCount)
	if err != nil {
		t.Fatal(err)
	}
	smaller, err := Cut(m, choice)
	if err != nil {
		t.Fatal(err)
	}
	return smaller, choice
}

func pairs(texts []string) (pairs []tokenizer.Pair) {
	for _, text := range texts {
		pairs = append(pairs, tokenizer.Pair{A: text})
	}
	return pairs
}

// same compares logits bit for bit.
func same(a, b [][]float32) bool { return slices.EqualFunc(a, b, slices.Equal) }
