package unpack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bertlab/gbert/hub/fetch"
	"bertlab/internal/files"
)

// Marker is the file that makes a finished folder recognisable. It lists the folder's files with their sizes, times and sums.
const Marker = ".complete.json"

// maxMarker bounds that file.
const maxMarker = 4 << 20

type marker struct {
	Source string           `json:"source"` // where the files are from
	Files  map[string]int64 `json:"files"`  // slash-separated path → bytes
	// Stamps are by the same paths; a version without sums left none.
	Stamps map[string]stamp `json:"stamps,omitempty"`
}

// stamp is what a file was when it was unpacked. As long as its time is the same its sum is not computed again.
type stamp struct {
	SHA256 string `json:"sha256"`
	Time   int64  `json:"modified_ns"`
}

// Folder fills a new folder at dir: fill writes into a temporary one beside it, which is then marked and renamed. A
// kill leaves no dir, or a finished one. A folder that stands there unfinished is replaced. Callers hold a lock.
func Folder(dir, source string, fill func(tmp string) error) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	sweep(dir)
	tmp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".tmp-")
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if err := fill(tmp); err != nil {
		return err
	}
	m := marker{Source: source, Files: map[string]int64{}, Stamps: map[string]stamp{}}
	err = filepath.WalkDir(tmp, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(tmp, path)
		if err != nil {
			return err
		}
		sum, err := fetch.SHA256(path)
		if err != nil {
			return err
		}
		m.Files[filepath.ToSlash(rel)] = info.Size()
		m.Stamps[filepath.ToSlash(rel)] = stamp{sum, info.ModTime().UnixNano()}
		return nil
	})
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if err := os.WriteFile(filepath.Join(tmp, Marker), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}

// sweep removes what killed processes left; the caller's lock says that none is at work.
func sweep(dir string) {
	entries, _ := os.ReadDir(filepath.Dir(dir))
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "."+filepath.Base(dir)+".tmp-") {
			os.RemoveAll(filepath.Join(filepath.Dir(dir), entry.Name()))
		}
	}
}

// Complete reports whether dir is a folder that [Folder] finished and that still holds every file as it was. If it
// is not, the error says why; a folder that is not there is [fs.ErrNotExist].
func Complete(dir string) error {
	text, err := files.Read(filepath.Join(dir, Marker), maxMarker)
	if err != nil {
		return err
	}
	var m marker
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("unpack: %s: %w", filepath.Join(dir, Marker), err)
	}
	if len(m.Files) == 0 {
		return fmt.Errorf("unpack: %s lists no files", filepath.Join(dir, Marker))
	}
	var missing []error
	for name, size := range m.Files {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		switch {
		case err != nil:
			missing = append(missing, err)
		case info.Size() != size:
			missing = append(missing, fmt.Errorf("unpack: %s has %d bytes, expected %d", filepath.Join(dir, name), info.Size(), size))
		default:
			missing = append(missing, m.Stamps[name].check(filepath.Join(dir, filepath.FromSlash(name)), info))
		}
	}
	return errors.Join(missing...)
}

// check holds a file that was written to since it was unpacked against its sum.
func (s stamp) check(path string, info fs.FileInfo) error {
	if s.SHA256 == "" || info.ModTime().UnixNano() == s.Time {
		return nil
	}
	got, err := fetch.SHA256(path)
	if err == nil && got != s.SHA256 {
		err = fmt.Errorf("unpack: %s is damaged: it has the SHA-256 %s, expected %s: remove its folder, and it is brought again", path, got, s.SHA256)
	}
	return err
}
