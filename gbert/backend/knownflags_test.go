package backend

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestAFlagIsFoundWhereverItStands(t *testing.T) {
	const name = xnnFlag + "\x00" // as a C string
	path := filepath.Join(t.TempDir(), "plugin")
	knows := func(path string) bool {
		known := knownFlags(path, []string{"xla_nonsense", xnnFlag})
		if known["xla_nonsense"] {
			t.Error("it knows what it does not hold")
		}
		return known[xnnFlag]
	}
	for _, size := range []int{len(name), 1 << 20, 1<<20 + 1, 3<<20 + 17} {
		for _, at := range []int{0, 1, 1<<20 - 5, 1<<20 - len(name), 1 << 20, size - len(name)} {
			if at < 0 || at+len(name) > size {
				continue
			}
			content := bytes.Repeat([]byte("x"), size)
			copy(content[at:], name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if !knows(path) {
				t.Errorf("at %d of %d bytes it is not found", at, size)
			}
			content[at] = '-'
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if knows(path) {
				t.Errorf("at %d of %d bytes another is taken for it", at, size)
			}
		}
	}
	if knows(filepath.Dir(path)) {
		t.Error("a folder has a text in it")
	}
}
