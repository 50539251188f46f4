package experiment

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bertlab/gbert"
)

func TestAnyFlippedByteOfAStepIsSaidByNameAndComputedAgainOrHarmless(t *testing.T) {
	store, runs := open(t, t.TempDir(), 1), 0
	lines := 0
	store.Say = func(line string) {
		if !strings.Contains(line, filepath.Join(store.dir, "one.json")) {
			t.Errorf("the line %q does not name the file", line)
		}
		lines++
	}
	value := []float64{1. / 3, 1e-300, 7}
	step := func() outcome {
		result, err := Step(store, "one", func() (outcome, error) {
			runs++
			return outcome{Values: value}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	want := step()
	whole, err := os.ReadFile(store.path("one"))
	if err != nil {
		t.Fatal(err)
	}
	again := 0
	for at := range whole {
		for bit := range 8 {
			damaged := append([]byte{}, whole...)
			damaged[at] ^= 1 << bit
			if err := os.WriteFile(store.path("one"), damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			runs, lines = 0, 0
			if got := step(); !reflect.DeepEqual(got, want) {
				t.Fatalf("byte %d, bit %d: %v", at, bit, got)
			}
			if runs != lines {
				t.Fatalf("byte %d, bit %d: %d runs and %d lines", at, bit, runs, lines)
			}
			again += runs
		}
	}
	if again < 7*len(whole) {
		t.Errorf("%d of %d damaged files were computed again", again, 8*len(whole))
	}
}

func TestAStepOfAnOlderVersionIsComputedAgainWithALine(t *testing.T) {
	store, runs, said := open(t, t.TempDir(), 1), 0, ""
	store.Say = func(line string) { said += line }
	if err := os.WriteFile(store.path("one"), []byte(`{"values": [1]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if counted(t, store, "one", &runs); runs != 1 || !strings.Contains(said, "older version") || !strings.Contains(said, store.path("one")) {
		t.Errorf("%d runs, %q", runs, said)
	}
}

func TestErrorsOfAStepsFileNameIt(t *testing.T) {
	store := open(t, t.TempDir(), 1)
	if err := os.Mkdir(store.path("one"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Step(store, "one", func() (int, error) { return 1, nil }); err == nil || !strings.Contains(err.Error(), store.path("one")) {
		t.Errorf("reading: %v", err)
	}
	if _, err := Step(store, "two", func() (func(), error) { return func() {}, nil }); err == nil || !strings.Contains(err.Error(), store.path("two")) {
		t.Errorf("writing: %v", err)
	}
}

func TestAModelOfAStepThatWasChangedIsMadeAgain(t *testing.T) {
	store, runs, said := open(t, t.TempDir(), "a"), 0, ""
	store.Say = func(line string) { said += line }
	step := func() {
		t.Helper()
		model, _, err := ModelStep(store, "tiny", func() (*gbert.Model, int, error) {
			runs++
			model, err := gbert.Load("../../gbert/testdata/tiny")
			return model, 7, err
		})
		if err != nil {
			t.Fatal(err)
		}
		model.Close()
	}
	step()
	for n, name := range []string{"model.safetensors", "config.json", "vocab.txt"} {
		path := filepath.Join(store.Dir("tiny"), name)
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		text[len(text)-2] ^= 1
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		said = ""
		if step(); runs < 2+n || !strings.Contains(said, store.dir) {
			t.Errorf("%s: %d runs, %q", name, runs, said)
		}
	}
}
