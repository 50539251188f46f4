package saves

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Skip(err)
	}
}

// TestALinkInPlaceOfASaveMovesNothing: a downloaded folder could hold links to the user's own.
func TestALinkInPlaceOfASaveMovesNothing(t *testing.T) {
	for name, lay := range map[string]func(dir, victim string){
		"the folder": func(dir, victim string) { link(t, victim, filepath.Join(dir, committed)) },
		"the folder, by way": func(dir, victim string) {
			link(t, victim, filepath.Join(dir, "a"))
			link(t, "a", filepath.Join(dir, committed))
		},
		"a file": func(dir, victim string) {
			put(t, filepath.Join(dir, committed, "vocab.txt"), "[PAD]")
			link(t, filepath.Join(victim, "thesis.txt"), filepath.Join(dir, committed, "config.json"))
		},
		"a link that dangles": func(dir, _ string) {
			put(t, filepath.Join(dir, committed, "vocab.txt"), "[PAD]")
			link(t, "nowhere", filepath.Join(dir, committed, "config.json"))
		},
		"a folder for a file": func(dir, _ string) { put(t, filepath.Join(dir, committed, "config.json", "x"), "x") },
		"a list of what is to be removed": func(dir, _ string) {
			put(t, filepath.Join(dir, "notes.txt"), "mine")
			put(t, filepath.Join(dir, committed, leavings), "vocab.txt\nnotes.txt\n")
		},
		"a list that leads out": func(dir, _ string) {
			put(t, filepath.Join(dir, committed, leavings), "../victim/thesis.txt\n")
		},
		"a list that is a link": func(dir, victim string) {
			put(t, filepath.Join(dir, committed, "vocab.txt"), "[PAD]")
			link(t, filepath.Join(victim, "thesis.txt"), filepath.Join(dir, committed, leavings))
		},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			dir, victim := filepath.Join(top, "model"), filepath.Join(top, "victim")
			put(t, filepath.Join(victim, "thesis.txt"), "three years")
			put(t, filepath.Join(dir, "config.json"), "old")
			lay(dir, victim)
			err := Finish(dir)
			if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "remove") {
				t.Errorf("%v", err)
			}
			if save, err := Begin(dir); err != nil {
				t.Error(err)
			} else if err := save.Commit(); err == nil {
				t.Error("was committed over it")
			} else {
				save.Discard()
			}
			if text(t, filepath.Join(victim, "thesis.txt")) != "three years" || text(t, filepath.Join(dir, "config.json")) != "old" {
				t.Error("files were moved")
			}
			if name == "a list of what is to be removed" && text(t, filepath.Join(dir, "notes.txt")) != "mine" {
				t.Error("a file was removed")
			}
		})
	}
}

func TestALinkInPlaceOfAFileOfTheModelIsReplacedAndNotFollowed(t *testing.T) {
	top := t.TempDir()
	dir, blob := filepath.Join(top, "model"), filepath.Join(top, "blobs", "abc")
	put(t, blob, "another model's")
	put(t, filepath.Join(dir, "vocab.txt"), "x")
	link(t, blob, filepath.Join(dir, "config.json"))
	save, err := Begin(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer save.Discard()
	put(t, filepath.Join(save.Dir, "config.json"), "new")
	if err := save.Commit(); err != nil {
		t.Fatal(err)
	}
	if text(t, blob) != "another model's" || text(t, filepath.Join(dir, "config.json")) != "new" {
		t.Error("the link was followed")
	}
}

func TestASaveRemovesWhatHasNoSuccessorHoweverOftenItIsInterrupted(t *testing.T) {
	for at := range 4 { // what was done when it was killed
		dir := t.TempDir()
		put(t, filepath.Join(dir, "tokenizer.json"), "old")
		put(t, filepath.Join(dir, "vocab.txt"), "old")
		put(t, filepath.Join(dir, "README.md"), "mine")
		ready := filepath.Join(dir, committed)
		put(t, filepath.Join(ready, "vocab.txt"), "new")
		put(t, filepath.Join(ready, leavings), "tokenizer.json\nspiece.model\n")
		if at > 0 {
			os.Remove(filepath.Join(dir, "tokenizer.json"))
		}
		if at > 1 {
			os.Remove(filepath.Join(ready, leavings))
		}
		if at > 2 {
			os.Rename(filepath.Join(ready, "vocab.txt"), filepath.Join(dir, "vocab.txt"))
		}
		if err := Finish(dir); err != nil {
			t.Fatal(err)
		}
		entries, _ := os.ReadDir(dir)
		if len(entries) != 2 || text(t, filepath.Join(dir, "vocab.txt")) != "new" || text(t, filepath.Join(dir, "README.md")) != "mine" {
			t.Errorf("killed after %d: %v", at, entries)
		}
	}
}

func TestHoldsComparesAllFilesAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "config.json"), "a")
	put(t, filepath.Join(dir, "model.safetensors"), strings.Repeat("b", 1<<19))
	put(t, filepath.Join(dir, "notes"), "mine")
	for _, c := range []struct {
		config, weights string
		want            bool
	}{
		{"a", strings.Repeat("b", 1<<19), true}, {"A", strings.Repeat("b", 1<<19), false}, {"a", strings.Repeat("b", 1<<19) + "b", false},
		{"a", strings.Repeat("b", 1<<19-1), false}, {"", strings.Repeat("b", 1<<19-1) + "c", false},
	} {
		got, err := Holds(dir, func(to string) error {
			put(t, filepath.Join(to, "config.json"), c.config)
			put(t, filepath.Join(to, "model.safetensors"), c.weights)
			return nil
		})
		if err != nil || got != c.want {
			t.Errorf("%.5s, %d bytes: %v, %v", c.config, len(c.weights), got, err)
		}
	}
	if got, err := Holds(dir, func(to string) error { put(t, filepath.Join(to, "vocab.txt"), ""); return nil }); err != nil || got {
		t.Errorf("a file that is not there: %v, %v", got, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("left: %v", entries)
	}
}

func TestFilesOfAFolderArePutInPlaceWithTheOthers(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "onnx", "model_quantized.onnx"), "of the model before")
	put(t, filepath.Join(dir, "onnx", "notes.txt"), "the user's")
	save, err := Begin(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer save.Discard()
	put(t, filepath.Join(save.Dir, "onnx", "model.onnx"), "graph")
	put(t, filepath.Join(save.Dir, "onnx", "model.onnx_data"), "weights")
	put(t, filepath.Join(save.Dir, "config.json"), "{}")
	if err := save.Commit("onnx/model_quantized.onnx"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"onnx/model.onnx": "graph", "onnx/model.onnx_data": "weights", "config.json": "{}", "onnx/notes.txt": "the user's"} {
		if got := text(t, filepath.Join(dir, name)); got != want {
			t.Errorf("%s holds %q, not %q", name, got, want)
		}
	}
	for _, gone := range []string{"onnx/model_quantized.onnx", committed} {
		if _, err := os.Lstat(filepath.Join(dir, gone)); err == nil {
			t.Errorf("%s is still there", gone)
		}
	}
}

func TestALinkInPlaceOfAFolderIsNotFollowed(t *testing.T) {
	dir, victim := t.TempDir(), t.TempDir()
	put(t, filepath.Join(victim, "model.onnx"), "the user's")
	link(t, victim, filepath.Join(dir, "onnx"))
	put(t, filepath.Join(dir, committed, leavings), "onnx/model.onnx\n")
	put(t, filepath.Join(dir, committed, "onnx", "model.onnx"), "another")
	if err := Finish(dir); err == nil {
		t.Error("the link was followed")
	}
	if got := text(t, filepath.Join(victim, "model.onnx")); got != "the user's" {
		t.Errorf("the file is %q", got)
	}
}
