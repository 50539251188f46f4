package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
)

// ended is one finished call of the program.
type ended struct {
	t              *testing.T
	args           []string
	status         int
	stdout, stderr string
}

// bertlab runs the program in this process, on the pure Go backend and without network.
func bertlab(t *testing.T, args ...string) ended {
	t.Helper()
	return bertlabContext(t, context.Background(), args...)
}

func bertlabContext(t *testing.T, ctx context.Context, args ...string) ended {
	t.Helper()
	t.Setenv("BERTLAB_OFFLINE", "1")
	var stdout, stderr bytes.Buffer
	args = append(args, "--backend", "go")
	status := run(ctx, args, &stdout, &stderr)
	return ended{t, args, status, stdout.String(), stderr.String()}
}

// document decodes standard output, which must be one JSON document and nothing else.
func (c ended) document() map[string]any {
	c.t.Helper()
	if c.status != exitSuccess {
		c.t.Fatalf("bertlab %q ended with %d:\n%s", c.args, c.status, c.stderr)
	}
	decoder := json.NewDecoder(strings.NewReader(c.stdout))
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		c.t.Fatalf("bertlab %q: standard output is no JSON: %v\n%s", c.args, err, c.stdout)
	}
	if err := decoder.Decode(new(any)); err != io.EOF {
		c.t.Fatalf("bertlab %q: standard output holds more than one document:\n%s", c.args, c.stdout)
	}
	return document
}

// fails checks the status, that standard output is empty, and that the message names what it must.
func (c ended) fails(status int, mentions ...string) {
	c.t.Helper()
	if c.status != status {
		c.t.Errorf("bertlab %q ended with %d, want %d\n%s", c.args, c.status, status, c.stderr)
	}
	if c.stdout != "" {
		c.t.Errorf("bertlab %q failed and printed on standard output:\n%s", c.args, c.stdout)
	}
	for _, text := range mentions {
		if !strings.Contains(c.stderr, text) {
			c.t.Errorf("bertlab %q: the message does not mention %q:\n%s", c.args, text, c.stderr)
		}
	}
	if strings.Contains(c.stderr, "panic") || strings.Contains(c.stderr, "goroutine") {
		c.t.Errorf("bertlab %q: a stack trace:\n%s", c.args, c.stderr)
	}
}

func number(t *testing.T, document map[string]any, path ...string) float64 {
	t.Helper()
	var value any = document
	for _, key := range path {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	n, ok := value.(float64)
	if !ok {
		t.Fatalf("%v is %v, want a number", path, value)
	}
	return n
}

var testWords = []string{"good", "great", "fine", "lovely", "bad", "awful", "poor", "dull", "the", "film", "is", "a", "very", "plot", "."}

const tinyConfig = `{"model_type": "bert", "vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 4,
	"intermediate_size": 24, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1,
	"max_position_embeddings": 32, "type_vocab_size": 2, "initializer_range": 0.2, "layer_norm_eps": 1e-12, "pad_token_id": 0}`

// tinyModel writes a random BERT of 3 layers with 4 heads to a folder; labels is the size of its head, 0 for none.
func tinyModel(t *testing.T, labels int) string {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(tinyConfig))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 7)
	if err != nil {
		t.Fatal(err)
	}
	if labels > 0 {
		if model, err = model.WithClassifier(labels, nil, 7); err != nil {
			t.Fatal(err)
		}
	}
	if model.Tokenizer, err = tokenizer.FromVocab(append([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}, testWords...), true); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tiny")
	if err := model.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	return dir
}

// reviews writes n sentences of which even ones are praise, as a TSV file of SST-2's kind.
func reviews(t *testing.T, n int) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("sentence\tlabel\n")
	for i := range n {
		label := 1 - i%2
		word := testWords[i/2%4]
		if label == 0 {
			word = testWords[4+i/2%4]
		}
		fmt.Fprintf(&text, "the film is %s%s .\t%d\n", strings.Repeat("very ", i%5), word, label)
	}
	return write(t, "reviews.tsv", text.String())
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
