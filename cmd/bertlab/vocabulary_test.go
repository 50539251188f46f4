package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/tiny"
)

// spelling are letters that begin and continue words; "a" is a word already.
func spelling() []string { return tiny.Spelling()[1:] }

// spelledModel writes a tiny classifier whose vocabulary can spell any word.
func spelledModel(t *testing.T) string {
	t.Helper()
	words := slices.Concat([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}, testWords, spelling())
	config, err := gbert.ParseConfig([]byte(strings.Replace(tinyConfig, `"vocab_size": 20`, fmt.Sprintf(`"vocab_size": %d`, len(words)), 1)))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 7)
	if err == nil {
		model, err = model.WithClassifier(2, nil, 7)
	}
	if err == nil {
		model.Tokenizer, err = tokenizer.FromVocab(words, true)
	}
	dir := filepath.Join(t.TempDir(), "spelled")
	if err == nil {
		err = model.Save(dir, gbert.Float32)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestASmallerVocabularyKeepsTheLogitsOfTextsThatItCounted(t *testing.T) {
	model, data, dir := spelledModel(t), reviews(t, 20), t.TempDir()
	other := write(t, "other.tsv", "sentence\tlabel\na fine plot .\t1\nthe film is dull .\t0\n")
	fewer := filepath.Join(dir, "fewer")
	corpus := write(t, "corpus.txt", "the film is good\n\nvery awful .\n")
	document := bertlab(t, "vocabulary", "--from", data, "--from", corpus, "--task", "sst2", "--other", other, "--model", model, "--out", fewer, "--json").document()
	gone := number(t, document, "words_before") - number(t, document, "words")
	if gone != 1 || number(t, document, "texts") != 22 || number(t, document, "model", "parameters")-number(t, document, "parameters") != 16*gone {
		t.Errorf("%v", document) // "plot" alone stands in neither
	}
	others := document["other"].([]any)[0].(map[string]any)
	if number(t, others, "changed") != 1 || number(t, others, "texts") != 2 || others["metric"] != "accuracy" || number(t, others, "unknown") != 0 || number(t, others, "tokens")-number(t, others, "tokens_before") != 3 {
		t.Errorf("%v", others)
	}
	eval := func(name, model string) []line {
		file := filepath.Join(dir, name+".jsonl")
		bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--predictions", file, "--json").document()
		return readPredictions(t, file)
	}
	sameLogits(t, eval("whole", model), eval("fewer", fewer), 0)
	rare := bertlab(t, "vocabulary", "--from", data, "--min-count", "1000", "--task", "sst2", "--data", data, "--model", model, "--out", filepath.Join(dir, "rare"))
	if rare.status != exitSuccess || !strings.Contains(rare.stdout, "texts have other tokens") || !strings.Contains(rare.stdout, "change in points") {
		t.Errorf("%s%s", rare.stdout, rare.stderr)
	}
}

func TestWrongCallsOfVocabularySayWhatIsPossible(t *testing.T) {
	model, whole, data := spelledModel(t), tinyModel(t, 2), reviews(t, 20)
	out := filepath.Join(t.TempDir(), "out")
	call := func(args ...string) ended {
		return bertlab(t, append([]string{"vocabulary", "--out", out}, args...)...)
	}
	call("--model", model).fails(exitWrongCall, "--from")
	call("--from", data, "--task", "sst2").fails(exitWrongCall, "--model")
	call("--from", data, "--task", "sst2", "--model", model, "--min-count", "0").fails(exitWrongCall, "--min-count 0")
	call("--from", "nothing.tsv", "--task", "sst2", "--model", model).fails(exitWrongCall, "nothing.tsv is no file, no folder and no task")
	call("--from", data, "--model", model).fails(exitWrongCall, "--task")
	call("--from", write(t, "empty.txt", "\n\n"), "--model", model).fails(exitFailure, "holds no text")
	call("--from", write(t, "empty.tsv", ""), "--task", "sst2", "--model", model).fails(exitFailure, "is empty")
	call("--from", data, "--task", "sst2", "--model", whole).fails(exitFailure, "all 20 words stay")
	call("--from", data, "--task", "sst2", "--model", model, "--other", "nowhere").fails(exitWrongCall, "nowhere is no file")
	if err := os.Remove(filepath.Join(whole, "vocab.txt")); err != nil {
		t.Fatal(err)
	}
	call("--from", data, "--task", "sst2", "--model", whole).fails(exitFailure, "has no tokenizer")
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}
