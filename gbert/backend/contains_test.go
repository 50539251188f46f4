package backend

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestAFlagIsFoundWhereverItStands(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin")
	for _, size := range []int{len(xnnFlag), 1 << 20, 1<<20 + 1, 3<<20 + 17} {
		for _, at := range []int{0, 1, 1<<20 - 5, 1<<20 - len(xnnFlag), 1 << 20, size - len(xnnFlag)} {
			if at < 0 || at+len(xnnFlag) > size {
				continue
			}
			content := bytes.Repeat([]byte("x"), size)
			copy(content[at:], xnnFlag)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if !contains(path, xnnFlag) {
				t.Errorf("at %d of %d bytes it is not found", at, size)
			}
			content[at] = '-'
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if contains(path, xnnFlag) {
				t.Errorf("at %d of %d bytes another is taken for it", at, size)
			}
		}
	}
	if contains(filepath.Dir(path), "x") {
		t.Error("a folder has a text in it")
	}
}
