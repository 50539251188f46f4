package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCtrlCEndsEveryLongCommandWith130 sends the signal when a command says what it is doing: work has begun.
func TestCtrlCEndsEveryLongCommandWith130(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals")
	}
	model, data, folder := tinyModel(t, 2), reviews(t, 3000), t.TempDir()
	for _, split := range []string{"train.tsv", "dev.tsv"} {
		if err := os.WriteFile(filepath.Join(folder, split), []byte(contentOf(t, data)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := []string{"--model", model, "--task", "sst2", "--data", data}
	long := func(args ...string) []string { return slices.Concat(args, read) }
	for _, args := range [][]string{
		long("heads", "ablate"),
		{"landscape", "--from", model, "--to", model, "--task", "sst2", "--data", data, "--grid", "1001"},
		{"compare", model, model, "--task", "sst2", "--data", data, "--repeats", "4000"},
		{"recipe", "layers-distil-float16", "--model", model, "--task", "sst2", "--data", folder, "--out", filepath.Join(t.TempDir(), "small")},
		{"reproduce", "heads", "--model", model, "--task", "sst2", "--data", folder},
		{"movement", "--model", model, "--task", "sst2", "--train", data, "--remaining", "0.5", "--epochs", "50", "--out", filepath.Join(t.TempDir(), "sparse")},
		{"profile", "--model", model, "--batch", "1,8,32", "--length", "32", "--repeats", "100000", "--cell-seconds", "0"},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			command, stdout, stderr := program(args...)
			command.Dir = t.TempDir()
			command.Stderr = nil
			says, err := command.StderrPipe()
			if err == nil {
				err = command.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.CopyN(stderr, says, 1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
			if err := command.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(stderr, says); err != nil {
				t.Fatal(err)
			}
			_ = command.Wait() // its status is looked at
			if code := command.ProcessState.ExitCode(); code != exitSignal+2 || bytes.Contains(stderr.Bytes(), []byte("context canceled")) || !bytes.Contains(stderr.Bytes(), []byte("bertlab: ")) || stdout.Len() > 0 {
				t.Errorf("ended with %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}
