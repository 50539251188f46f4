package safetensors

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestAFullDiskLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small file system cannot be mounted here (it takes root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "m.safetensors")
	if err := Write(path, []Entry{{Name: "old", Shape: []int{1000}, DType: F32, Values: ones(1000)}}, nil); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	err = Write(path, []Entry{{Name: "new", Shape: []int{1 << 20}, DType: F32, Values: ones(1 << 20)}}, nil)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want no space left on device", err)
	}
	onlyOld(t, path, before)
}
