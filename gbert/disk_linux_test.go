package gbert

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"bertlab/internal/testbed"
)

func TestAFullDiskLeavesTheOldModel(t *testing.T) {
	dir := testbed.SmallDisk(t, "128k")
	if err := load(t, "tiny").Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	before := map[string][]byte{}
	for _, name := range []string{"config.json", "model.safetensors"} {
		before[name], _ = os.ReadFile(filepath.Join(dir, name))
	}
	large := fresh(t, tinyConfig(func(c *Config) { c.IntermediateSize = 4096 }))
	if err := large.Save(dir, Float32); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want no space left on device", err)
	}
	for name, old := range before {
		if now, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(now, old) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}
