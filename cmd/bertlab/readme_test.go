package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/gbert/hub/unpack"
	"bertlab/gbert/tokenizer"
)

// notRun are the lines of the README that the test does not run as they are written, with the reason. Where another call stands, it is run
// in their place.
var notRun = map[string]struct{ reason, instead string }{
	"go install ./cmd/bertlab":                     {"it builds the program, which the test is", ""},
	"go run ./cmd/bertlab reproduce heads --quick": {"a minute and more of computing; papers/michel2019 does it with a tiny protocol", "bertlab reproduce heads --quick --list"},
	"bertlab reproduce --quick":                    {"many minutes of computing; each paper does it with a tiny protocol", "bertlab reproduce --quick --list"},
	"bertlab lab":                                  {"it needs a network for JupyterLab, and somebody who ends it", "bertlab lab --help"},
	"go test ./...":                                {"this is one of the tests", ""},
}

// readmeLines are the lines of the README's shell blocks, without comments.
func readmeLines(t *testing.T) (lines []string) {
	t.Helper()
	inside := false
	for line := range strings.Lines(contentOf(t, "../../README.md")) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```sh"
		case inside:
			line, _, _ = strings.Cut(line, " #")
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// shellWords parts a line as a shell does that has nothing but double quotes.
func shellWords(line string) (words []string) {
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// readmeModel writes a BERT that is as small as the README's lines allow: heads and layers as they name them.
func readmeModel(t *testing.T, dir string) {
	t.Helper()
	words := slices.Concat([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}, testWords, spelling())
	config, err := gbert.ParseConfig([]byte(strings.NewReplacer(`"vocab_size": 20`, fmt.Sprintf(`"vocab_size": %d`, len(words)), `"hidden_size": 16`, `"hidden_size": 24`, `"num_attention_heads": 4`, `"num_attention_heads": 12`,
		`"max_position_embeddings": 32`, `"max_position_embeddings": 128`).Replace(tinyConfig)))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 7)
	if err != nil {
		t.Fatal(err)
	}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	if err := model.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
}

// readmeMachine is a machine on which setup has run: a cache with data of a few words a text, and a folder with the default model.
func readmeMachine(t *testing.T) (environment []string) {
	t.Helper()
	root := t.TempDir()
	cache, models := filepath.Join(root, "cache"), filepath.Join(root, "models")
	readmeModel(t, filepath.Join(models, "all-MiniLM-L6-v2"))
	var ratings strings.Builder
	for i := range 1100 { // 1,000 of them are held out
		fmt.Fprintf(&ratings, "%d\t%g\ta %s film\n", i, []float64{2, -2}[i%8/4], testWords[i%8])
	}
	data := filepath.Join(cache, "data", "hutto_ICWSM_2014")
	if err := os.MkdirAll(filepath.Dir(data), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unpack.Folder(data, "for tests", func(dir string) error {
		for _, name := range hub.SentimentFiles {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(ratings.String()), 0o644); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), "BERTLAB_TEST_PROGRAM=1", "BERTLAB_OFFLINE=1", "GOMLX_BACKEND=go", "BERTLAB_MODELS="+models, "BERTLAB_CACHE="+cache)
}

func TestEveryLineOfTheReadmeRuns(t *testing.T) {
	lines, environment, dir := readmeLines(t), readmeMachine(t), t.TempDir()
	for _, part := range []string{"docs/examples", "notebooks"} { // as in a clone
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS("../../"+part)); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	for _, line := range lines {
		if exception, ok := notRun[line]; ok {
			t.Logf("not run: %s: %s", line, exception.reason)
			if line = exception.instead; line == "" {
				continue
			}
		}
		if _, err := backend.FindONNXRuntime(t.Context()); err != nil && strings.Contains(line, "--runtime onnx") {
			t.Logf("not run: %s: %v", line, err)
			continue
		}
		words := shellWords(line)
		if words[0] != "bertlab" {
			t.Errorf("%s: a line of the README that is neither a call of bertlab nor one of those that are not run", line)
			continue
		}
		command := exec.Command(os.Args[0], words[1:]...)
		command.Env, command.Dir = environment, dir
		var stdout, stderr bytes.Buffer
		command.Stdout, command.Stderr = &stdout, &stderr
		began := time.Now()
		if err := command.Run(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, stderr.String())
		}
		if stdout.Len() == 0 {
			t.Errorf("%s printed nothing", line)
		}
		t.Logf("%5.1f s  %s", time.Since(began).Seconds(), line)
		ran++
	}
	if ran < 30 {
		t.Errorf("only %d lines were run", ran)
	}
	for line := range notRun {
		if !strings.Contains("\n"+strings.Join(lines, "\n")+"\n", "\n"+line+"\n") {
			t.Errorf("the README does not have the line %q any more", line)
		}
	}
}
