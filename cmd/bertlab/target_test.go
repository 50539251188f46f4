package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/gbert/finetune"
)

// contents are the files of a folder by name, those of its folders aside.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				t.Fatal(err)
			}
			files[entry.Name()] = string(text)
		}
	}
	return files
}

func unchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	for name, text := range contents(t, dir) {
		if before[name] != text {
			t.Errorf("%s changed", filepath.Join(dir, name))
		}
	}
}

func TestAFinishedModelIsNotReplacedBecauseOfWhatStandsBesideIt(t *testing.T) {
	model, data := tinyModel(t, 0), reviews(t, 20)
	for name, leave := range map[string]func(state string) error{
		"nothing": func(state string) error { return nil },
		"a lock":  func(state string) error { return os.WriteFile(filepath.Join(state, "lock"), nil, 0o600) },
		"an empty checkpoint": func(state string) error {
			return os.WriteFile(filepath.Join(state, "checkpoint.safetensors"), nil, 0o600)
		},
		"somebody's notes": func(state string) error { return os.WriteFile(filepath.Join(state, "notes.txt"), nil, 0o600) },
		"steps of a recipe": func(state string) error {
			return os.MkdirAll(filepath.Join(state, "steps", "0123456789abcdef"), 0o700)
		},
	} {
		out := tinyModel(t, 2)
		state := filepath.Join(out, output.CheckpointFolder)
		if err := os.Mkdir(state, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := leave(state); err != nil {
			t.Fatal(err)
		}
		before := contents(t, out)
		bertlab(t, finetuneArgs(model, data, out)...).fails(exitWrongCall, out, "--overwrite", output.CheckpointFolder)
		unchanged(t, out, before)
		if t.Failed() {
			t.Fatalf("beside it: %s", name)
		}
	}
	out, elsewhere := tinyModel(t, 2), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(out, output.CheckpointFolder)); err != nil {
		t.Skip(err)
	}
	bertlab(t, append(finetuneArgs(model, data, out), "--overwrite")...).fails(exitWrongCall, "is not a folder")
}

// finishedCheckpoint trains until all steps are done and the checkpoint says so, kills the program, and returns the checkpoint's files.
func finishedCheckpoint(t *testing.T, args []string, out string) map[string]string {
	t.Helper()
	state := filepath.Join(out, output.CheckpointFolder)
	for range 10 {
		command, _, stderr := program(args...)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		for began := time.Now(); !finetune.Finished(state) && time.Since(began) < 30*time.Second; {
			time.Sleep(200 * time.Microsecond)
		}
		_ = command.Process.Kill() // it may have ended
		_ = command.Wait()         // it was killed
		if finetune.Finished(state) {
			return contents(t, state)
		}
		if err := os.RemoveAll(out); err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
	}
	t.Skip("the program was never killed between its last step and its end")
	return nil
}

func TestARunThatWasKilledRightAfterItSavedGoesOnAndReplacesItsOwnModelAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals")
	}
	model, data, out := tinyModel(t, 0), reviews(t, 20), filepath.Join(t.TempDir(), "out")
	args := append(finetuneArgs(model, data, out), "--checkpoint-every", "1ns")
	checkpoint := finishedCheckpoint(t, args, out)
	bertlab(t, args...).document() // whether it was saved by then or not
	restore := func() {
		t.Helper()
		state := filepath.Join(out, output.CheckpointFolder)
		if err := os.MkdirAll(state, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range checkpoint {
			if err := os.WriteFile(filepath.Join(state, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := contents(t, out)
	restore() // as if it had been killed after the save
	if document := bertlab(t, args...).document(); document["resumed"] != true {
		t.Error("it did not go on")
	}
	if after := contents(t, out)["model.safetensors"]; after != before["model.safetensors"] {
		t.Error("its model changed")
	}
	restore()
	other := contents(t, tinyModel(t, 2))
	for _, name := range []string{"config.json", "model.safetensors", "vocab.txt"} {
		if err := os.WriteFile(filepath.Join(out, name), []byte(other[name]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before = contents(t, out)
	bertlab(t, args...).fails(exitWrongCall, "another model", "--overwrite")
	unchanged(t, out, before)
	bertlab(t, append(args, "--overwrite")...).document()
	if bytes.Equal([]byte(contents(t, out)["model.safetensors"]), []byte(before["model.safetensors"])) {
		t.Error("--overwrite replaced nothing")
	}
}

func TestAPendingSaveIsFinishedByEveryCommand(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	pending := func() (dir string) {
		dir = t.TempDir()
		if err := os.CopyFS(filepath.Join(dir, ".saved"), os.DirFS(model)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, args := range map[string]func(dir string) []string{
		"eval":   func(dir string) []string { return []string{"eval", "--model", dir, "--task", "sst2", "--data", data} },
		"doctor": func(dir string) []string { return []string{"doctor", "--model", dir} },
		"export": func(dir string) []string { return []string{"export", "--dense", "--model", dir, "--out", t.TempDir()} },
		"compare": func(dir string) []string {
			return []string{"compare", model, dir, "--task", "sst2", "--data", data, "--out", t.TempDir(), "--no-memory"}
		},
	} {
		dir := pending()
		if c := bertlab(t, args(dir)...); c.status != exitSuccess {
			t.Errorf("%s: %s", name, c.stderr)
		}
		if output.Exists(filepath.Join(dir, ".saved")) || !output.Exists(filepath.Join(dir, "config.json")) {
			t.Errorf("%s did not finish the save", name)
		}
	}
	// as --out it is a model already
	bertlab(t, "export", "--dense", "--model", model, "--out", pending()).fails(exitWrongCall, "holds a model already")
	dir := pending()
	t.Setenv("BERTLAB_MODELS", filepath.Dir(dir))
	if c := bertlab(t, "eval", "--model", filepath.Base(dir), "--task", "sst2", "--data", data); c.status != exitSuccess {
		t.Errorf("by name: %s", c.stderr)
	}
}
