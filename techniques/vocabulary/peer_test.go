package vocabulary

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
)

// peerTexts are used words, others, and what no vocabulary has.
func peerTexts(m *gbert.Model) (texts []tokenizer.Pair) {
	rng := rand.New(rand.NewPCG(1, 1))
	texts = []tokenizer.Pair{{A: "a wonderful film"}, {A: "Two hours I want back.", B: "unaffable Ünïcödé [MASK] 中文 🙂"}, {A: "dad cab [SEP] bad"}}
	for range 200 {
		var text strings.Builder
		for range 1 + rng.IntN(9) {
			text.WriteString(strings.ReplaceAll(strings.TrimPrefix(m.Tokenizer.Token(int32(rng.IntN(m.Tokenizer.VocabSize()))), "##"), "▁", " "))
			if rng.IntN(2) == 0 {
				text.WriteByte(' ')
			}
		}
		texts = append(texts, tokenizer.Pair{A: text.String()})
	}
	return texts
}

// TestSmallerVocabulariesHaveTheTokensOfTransformers cuts BERTs with each kind of tokenizer file, and an ALBERT.
func TestSmallerVocabulariesHaveTheTokensOfTransformers(t *testing.T) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("BERTLAB_PEER_PYTHON is not set: it names a Python with transformers and sentencepiece")
	}
	dir := t.TempDir()
	models := map[string]*gbert.Model{"bert": classifier(t, 1), "albert": load(t, albertFolder(t))}
	if os.Getenv("BERTLAB_MODELS") != "" {
		models["real"] = load(t, testbed.RealModel(t, "all-MiniLM-L6-v2"))
	}
	for name, model := range models {
		smaller, _ := cut(t, model, 1, "a cab", "the film was a wonderful waste of two hours", "I want them back")
		folder := filepath.Join(dir, name)
		if err := smaller.WithoutHead().Save(folder, gbert.Float32); err != nil {
			t.Fatal(err)
		}
		var golden struct {
			Texts [][]string `json:"texts"`
			IDs   [][]int32  `json:"ids"`
		}
		for _, p := range peerTexts(model) {
			text := []string{p.A}
			if p.B != "" && name != "albert" { // whose pairs have other types
				text = append(text, p.B)
			} else {
				p.B = ""
			}
			golden.Texts = append(golden.Texts, text)
			golden.IDs = append(golden.IDs, smaller.Tokenizer.EncodeAll([]tokenizer.Pair{p}, 0)[0].IDs)
		}
		text, err := json.Marshal(golden)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "texts.json"), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	output, err := exec.Command(python, filepath.Join("testdata", "words.py"), dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}
