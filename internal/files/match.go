package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Match gives the paths of what lies in a folder under a name that pattern matches, by name; see [filepath.Match]. The folder's own name
// is no pattern, unlike in [filepath.Glob]: of g[12] nothing is looked for in g1. A folder that is not there holds nothing.
func Match(dir, pattern string) ([]string, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("%q: %w", pattern, err)
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		if is, _ := filepath.Match(pattern, entry.Name()); is {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths, nil
}
