package gbert

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A model is several files that belong together, and a folder's files cannot all be replaced at once. So they are written into a
// folder of their own inside the model's, which gets the name committed in one step when it is whole, and are then moved to their
// places. A save that is killed before that step has changed nothing; one that is killed after it is finished by whoever reads the
// folder next.
const (
	staged    = ".saving-*" // being written
	committed = ".saved"    // whole, but perhaps not yet all in its place
)

// staleAfter is the age at which a folder that was being written counts as left by a killed process.
const staleAfter = time.Hour

// stage makes a folder to write a model's files into, and clears away what killed processes left.
func stage(dir string) (string, error) {
	left, _ := filepath.Glob(filepath.Join(dir, staged)) // the pattern is right
	for _, old := range left {
		if info, err := os.Stat(old); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.RemoveAll(old) // it only takes room
		}
	}
	return os.MkdirTemp(dir, staged)
}

// commit puts the files of a staging folder into their places.
func commit(dir, staging string) error {
	if err := finishSave(dir); err != nil { // of an earlier, killed process
		return err
	}
	if err := os.Rename(staging, filepath.Join(dir, committed)); err != nil {
		return err
	}
	return finishSave(dir)
}

// finishSave moves the files of a committed save to their places, if there is one.
func finishSave(dir string) error {
	ready := filepath.Join(dir, committed)
	if info, err := os.Stat(ready); err != nil || !info.IsDir() {
		return nil
	}
	files, err := os.ReadDir(ready)
	if err != nil {
		return err
	}
	for _, file := range files {
		err := os.Rename(filepath.Join(ready, file.Name()), filepath.Join(dir, file.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another process may have moved it
			return fmt.Errorf("a save was interrupted while its files were put in place: move those in %s to %s: %w", ready, dir, err)
		}
	}
	if err := os.Remove(ready); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) { // or committed anew
		return err
	}
	return nil
}
