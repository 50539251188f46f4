package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
)

// tinyALBERT writes a random ALBERT of 3 layers, all of one group, with 4 heads and a head for two classes to a folder.
func tinyALBERT(t *testing.T) string {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "albert", "vocab_size": 20, "embedding_size": 8, "hidden_size": 16, "num_hidden_layers": 3,
		"num_attention_heads": 4, "intermediate_size": 24, "max_position_embeddings": 32, "initializer_range": 0.3}`))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 7)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(2, nil, 7); err != nil {
		t.Fatal(err)
	}
	if model.Tokenizer, err = tokenizer.FromVocab(append([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}, testWords...), true); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "albert")
	if err := model.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "config.json")); err != nil || !strings.Contains(string(text), `"albert"`) {
		t.Fatalf("no ALBERT: %v\n%s", err, text)
	}
	return dir
}

func TestHeadsOfAnALBERTGoTogetherAndWhatIsLeftIsTheMaskedModel(t *testing.T) {
	model, data, dir := tinyALBERT(t), reviews(t, 24), t.TempDir()
	for name, args := range map[string][]string{
		"importance": {"--fraction", "0.25", "--task", "sst2", "--data", data},
		"reverse":    {"--fraction", "0.5", "--task", "sst2", "--data", data, "--order", "reverse"},
		"random":     {"--fraction", "0.3", "--order", "random"},
		"all":        {"--fraction", "1", "--order", "random"},
		"named":      {"--remove", "0:1,3;1:1,3;2:1,3"},
	} {
		out, file := filepath.Join(dir, name), filepath.Join(dir, name+".jsonl")
		pruned := bertlab(t, append([]string{"heads", "prune", "--model", model, "--out", out, "--json"}, args...)...).document()
		removed, _ := pruned["removed"].(string)
		parts := strings.Split(removed, ";")
		if len(parts) != 3 || parts[0][1:] != parts[1][1:] || parts[1][1:] != parts[2][1:] {
			t.Errorf("%s: %q is not the same in all layers", name, removed)
		}
		if want := map[string]int{"importance": 1, "reverse": 2, "random": 1, "all": 4, "named": 2}[name]; strings.Count(parts[0], ",")+1 != want {
			t.Errorf("%s: %q, want %d heads a layer", name, removed, want)
		}
		eval := func(model string, more ...string) ([]line, float64) {
			args := append([]string{"eval", "--model", model, "--task", "sst2", "--data", data, "--predictions", file, "--json"}, more...)
			loss := number(t, bertlab(t, args...).document(), "loss")
			return readPredictions(t, file), loss
		}
		plain := filepath.Join(dir, name+"-plain")
		bertlab(t, "export", "--dense", "--model", out, "--out", plain, "--json").document()
		masked, loss := eval(model, "--mask-heads", removed)
		smaller, after := eval(out)
		dense, _ := eval(plain)
		sameLogits(t, masked, smaller, 1e-5)
		sameLogits(t, masked, dense, 1e-5)
		if math.Abs(loss-after) > 1e-5 {
			t.Errorf("%s: the loss is %g, masked %g", name, after, loss)
		}
		if text, err := os.ReadFile(filepath.Join(plain, "config.json")); err != nil || !strings.Contains(string(text), `"albert"`) || strings.Contains(string(text), `"bertlab"`) {
			t.Errorf("%s: the dense export is no plain ALBERT: %v\n%s", name, err, text)
		}
	}
	bertlab(t, "heads", "prune", "--model", model, "--remove", "1:2", "--out", filepath.Join(dir, "part")).fails(exitWrongCall,
		"layers 1, 0 and 2 share their attention: remove the same heads from all of them, with 1:2 also 0:2;2:2")
	if output.Exists(filepath.Join(dir, "part")) {
		t.Error("a refused call made its folder")
	}
}
