package files

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

// A Pending is a file that is being written, under a temporary name beside the one that it will have.
type Pending struct {
	*renameio.PendingFile
}

// Create begins a file that will replace the one at path. Call [renameio.PendingFile.CloseAtomicallyReplace] when it is written, and
// Cleanup in any case. What killed writers of the same file left is removed.
func Create(path string) (Pending, error) {
	Sweep(path)
	file, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(0o644), renameio.WithExistingPermissions())
	if err != nil {
		return Pending{}, err
	}
	tryLock(file.File) // where there are no locks, the age of the file protects it
	return Pending{file}, nil
}

// Write replaces the file at path with text: whoever reads it finds all of it or what was there before.
func Write(path string, text []byte) error {
	file, err := Create(path)
	if err != nil {
		return err
	}
	defer file.Cleanup()
	if _, err := file.Write(text); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

// WriteSynced makes a new file that is on the disk when it returns, in a folder that nobody reads yet, such as one of a model that is being
// saved. Write gets a buffer.
func WriteSynced(path string, write func(w io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(file, 1<<20)
	err = write(buffered)
	if err == nil { // after a failure the buffer would say the same again
		err = errors.Join(buffered.Flush(), file.Sync())
	}
	if err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// A temporary file counts as left by a killed writer when nobody holds its lock. It is locked right after it is made: newborn is far
// more than the time between the two. On file systems without locks only its age speaks: stale is longer than any writing takes.
const (
	newborn = time.Second
	stale   = time.Hour
)

// Sweep removes the temporary files that killed writers of the file at path left beside it.
func Sweep(path string) {
	prefix := "." + filepath.Base(path)
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	for _, entry := range entries {
		digits, ok := strings.CutPrefix(entry.Name(), prefix)
		if !ok || !entry.Type().IsRegular() || !isNumber(digits) {
			continue
		}
		left := filepath.Join(filepath.Dir(path), entry.Name())
		if Abandoned(left, newborn) {
			_ = os.Remove(left) // it only takes room
		}
	}
}

// Abandoned reports whether nobody is at work at a temporary file or folder: its lock is free, and it is older than young. Where
// there are no locks, it is when nothing was written to it for an hour.
func Abandoned(path string, young time.Duration) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() && !info.IsDir() {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close() // and with it the lock
	age := time.Since(info.ModTime())
	switch tryLock(file) {
	case locked:
		return age >= young
	case held:
		return false
	}
	return age > stale
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
