package hub

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// flip changes a bit of a file, which keeps its size.
func flip(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Second) // a clock may be coarse
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedBlobIsRefusedByNameAndBroughtAgain(t *testing.T) {
	h := newFakeHub(t, "models", "org/tiny", tiny(), "model.safetensors")
	surroundings(t, h.URL)
	var said []string
	c := New(Options{Log: func(line string) { said = append(said, line) }})
	r, err := c.Model(t.Context(), "org/tiny")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"model.safetensors", "config.json"} {
		link := filepath.Join(r.Dir, name)
		whole, err := os.ReadFile(link)
		if err != nil {
			t.Fatal(err)
		}
		blob, err := filepath.EvalSymlinks(link)
		if err != nil {
			t.Fatal(err)
		}
		flip(t, blob)
		t.Setenv("BERTLAB_OFFLINE", "1")
		if _, err := New(Options{}).Model(t.Context(), "org/tiny"); err == nil || !strings.Contains(err.Error(), blob+" is damaged") {
			t.Errorf("%s, without network: %v", name, err)
		}
		t.Setenv("BERTLAB_OFFLINE", "")
		said = nil
		if _, err := c.Model(t.Context(), "org/tiny"); err != nil || !strings.Contains(strings.Join(said, "\n"), blob+" is damaged") {
			t.Errorf("%s, with network: %v, said %q", name, err, said)
		}
		if text, err := os.ReadFile(link); err != nil || string(text) != string(whole) {
			t.Errorf("%s was not brought again (%v)", name, err)
		}
	}
}

func TestABlobThatWasTouchedAndIsRightIsFound(t *testing.T) {
	h := newFakeHub(t, "models", "org/tiny", tiny(), "model.safetensors")
	surroundings(t, h.URL)
	r, err := New(Options{}).Model(t.Context(), "org/tiny")
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(r.Dir, "model.safetensors"), later, later); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BERTLAB_OFFLINE", "1")
	if _, err := New(Options{}).Model(t.Context(), "org/tiny"); err != nil {
		t.Error(err)
	}
}
