package files

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestAFoldersNameIsNoPattern(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"g1/best-007.safetensors", "g[12]/best-002.safetensors", "g[12]/best-001.safetensors", "g[12]/lock", "*/a.json", "b?/[a].json", "b?/.json"} {
		path := filepath.Join(root, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		dir, pattern string
		want         []string
	}{
		{"g[12]", "best-*.safetensors", []string{"g[12]/best-001.safetensors", "g[12]/best-002.safetensors"}},
		{"g1", "best-*.safetensors", []string{"g1/best-007.safetensors"}},
		{"*", "*.json", []string{"*/a.json"}},
		{"b?", "*.json", []string{"b?/.json", "b?/[a].json"}},
		{"g?", "*", nil},
		{"nothing", "*", nil},
		{"g1/best-007.safetensors", "*", nil},
	} {
		found, err := Match(filepath.Join(root, c.dir), c.pattern)
		if err != nil {
			t.Error(err)
		}
		for i := range found {
			found[i], _ = filepath.Rel(root, found[i])
		}
		if !slices.Equal(found, c.want) {
			t.Errorf("%s in %s: %q, want %q", c.pattern, c.dir, found, c.want)
		}
	}
	if _, err := Match(root, "["); err == nil {
		t.Error("a pattern that is none was taken")
	}
}
