package testbed

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTemporaryFoldersInMemoryAreGoneAfterwards(t *testing.T) {
	t.Setenv("TMPDIR", "")
	done := inMemory()
	dir := os.Getenv("TMPDIR")
	if dir == "" {
		t.Skip("this system has no file system in memory with enough room")
	}
	if err := os.WriteFile(filepath.Join(dir, "left"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	again := inMemory() // as in a child process of a test
	if again(); os.Getenv("TMPDIR") != dir {
		t.Error("a folder that was named gave way to another")
	}
	if _, err := os.Stat(filepath.Join(dir, "left")); err != nil {
		t.Errorf("the folder of the parent is gone: %v", err)
	}
	done()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}
