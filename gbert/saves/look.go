package saves

import (
	"os"
	"path/filepath"
	"slices"
)

// A Sight is what a folder's files were at a moment.
type Sight struct {
	pending bool
	files   []os.FileInfo // nil: not there
}

// Look sees which files of these names a folder has.
func Look(dir string, names []string) Sight {
	s := Sight{files: make([]os.FileInfo, len(names))}
	_, err := os.Lstat(filepath.Join(dir, committed))
	s.pending = err == nil
	for i, name := range names {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			s.files[i] = info
		}
	}
	return s
}

// Same reports whether nothing was replaced between two sights: what was opened between them belongs together. earlier was looked at
// first.
func (s Sight) Same(earlier Sight) bool {
	return !s.pending && !earlier.pending && slices.EqualFunc(s.files, earlier.files, func(a, b os.FileInfo) bool {
		if a == nil || b == nil {
			return a == nil && b == nil
		}
		return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
	})
}
