package finetune

import (
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
)

func TestOnlyATextWithATokenBeyondTheWordTableIsRefusedByTheToken(t *testing.T) {
	model := loadTiny(t, "tiny", 0)
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film"}
	for len(words) < model.Config.VocabSize {
		words = append(words, "w"+strings.Repeat("x", len(words)))
	}
	var err error
	if model.Tokenizer, err = tokenizer.FromVocab(append(words, "zzz", "yyy"), true); err != nil {
		t.Fatal(err)
	}
	data := func(texts ...string) *task.Dataset {
		d := &task.Dataset{Task: &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"a", "b", "c"}, Metrics: []string{task.Accuracy}}, Source: "texts"}
		for i, text := range texts {
			d.Examples = append(d.Examples, task.Example{ID: string(rune('p' + i)), TextA: text, Label: 0})
		}
		return d
	}
	p, err := Prepare(goBackend(t), model, data("film", "film film", "unknown"), 16, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := gbert.NewSession(goBackend(t), model)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := p.Evaluate(t.Context(), s, nil, nil); err != nil {
		t.Errorf("texts without the token: %v", err)
	}
	for text, token := range map[string]string{"zzz": `"zzz", whose number is 60`, "film YYY film": `"yyy", whose number is 61`} {
		_, err := Prepare(goBackend(t), model, data("film", text), 16, 2, 1)
		if want := `example 1 (id "q") of texts has the token ` + token + ", but the model's word table has rows 0…59"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := Prepare(goBackend(t), model, data("film", strings.Repeat("film ", 20)+"zzz"), 16, 2, 1); err != nil {
		t.Errorf("a token that is cut off: %v", err)
	}
}
