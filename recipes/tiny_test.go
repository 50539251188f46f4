package recipes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
)

// kitchen is a random BERT of four layers, sentences whose words tell their class, and an environment that computes in Go.
func kitchen(t testing.TB, dir string) (*experiment.Environment, Options) {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 13, "hidden_size": 8, "num_hidden_layers": 4, "num_attention_heads": 2,
		"intermediate_size": 12, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.3}`))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 3)
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "fine", "bad", "poor", "the", "film", "is", "very"}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if err := model.Save(filepath.Join(data, "tiny"), gbert.Float32); err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"train.tsv": 40, "dev.tsv": 20} {
		text := "sentence\tlabel\n"
		for i := range n {
			text += fmt.Sprintf("the %sfilm is %s\t%d\n", strings.Repeat("very ", i%4), []string{"good", "bad", "fine", "poor"}[i%4], 1-i%2)
		}
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := compute.NewWithConfig("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	env := &experiment.Environment{Backend: b, Choice: &backend.Choice{Name: "go"}, Hub: hub.New(hub.Options{Offline: true}), Dir: dir}
	return env, Options{Model: filepath.Join(data, "tiny"), Task: "sst2", Data: data}
}

func parsed(t testing.TB, text string) *Recipe {
	t.Helper()
	recipe, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return recipe
}
