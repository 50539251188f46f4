package tiny

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/internal/testbed"
	"bertlab/papers/experiment"
)

// reviewWords are those of [Reviews].
var reviewWords = []string{"good", "fine", "bad", "poor", "the", "film", "is", "very"}

// Spelling are letters that begin and continue words, by which any word of them is spelled.
func Spelling() (tokens []string) {
	for letter := 'a'; letter <= 'z'; letter++ {
		tokens = append(tokens, string(letter), "##"+string(letter))
	}
	return tokens
}

// Pretrained writes a random BERT that can read [Reviews] to a folder, whose path it returns. Its weights are smaller than a
// [Classifier]'s, so that it can be trained.
func Pretrained(t testing.TB, s Shape) string {
	t.Helper()
	if s.Range == 0 {
		s.Range = 0.3
	}
	dir := filepath.Join(t.TempDir(), "tiny")
	if err := pretrained(t, s, 3, slices.Concat(reviewWords, s.More)).Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Reviews writes train.tsv and dev.tsv of SST-2's kind, with as many examples, to a folder, whose path it returns. With noise every
// fifth label is wrong, so that no model is perfect.
func Reviews(t testing.TB, train, dev int, noise bool) string {
	t.Helper()
	dir := t.TempDir()
	for name, n := range map[string]int{"train.tsv": train, "dev.tsv": dev} {
		var text strings.Builder
		text.WriteString("sentence\tlabel\n")
		for i := range n {
			word, label := []string{"good", "bad", "fine", "poor"}[i%4], 1-i%2
			if noise && i%5 == 4 {
				label = 1 - label
			}
			fmt.Fprintf(&text, "the %sfilm is %s\t%d\n", strings.Repeat("very ", i%7), word, label)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Environment is one for experiments, on a pure Go backend of its own and without the network. Results go to dir.
func Environment(t testing.TB, dir string) *experiment.Environment {
	t.Helper()
	return &experiment.Environment{Backend: testbed.OwnGo(t), Choice: &backend.Choice{Name: "go"}, Hub: hub.New(hub.Options{Offline: true}), Dir: dir}
}
