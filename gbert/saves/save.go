// Package saves replaces the files of a model folder together.
//
// A model is several files that belong together, and a folder's files cannot all be replaced at once. So they are written into a
// folder of their own inside the model's, which gets the name .saved in one step when it is whole, and are then moved to their
// places. A save that is killed before that step has changed nothing; one that is killed after it is finished by whoever reads the
// folder next, with [Finish]. The package's example shows a save.
//
// A reader that opens several files asks [Look] before and after: equal answers mean that the files are of one save. [Locked] keeps
// writers out for those who are unlucky several times.
package saves

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bertlab/internal/files"
)

const (
	staged    = ".saving-*"   // being written, by a process that holds its lock
	committed = ".saved"      // whole, but perhaps not yet all in its place
	leavings  = ".superseded" // in it: names of files of the model before that have no successor
	maxList   = 1 << 12       // bytes of that list
)

// removable are the files that a save may remove: those of a tokenizer, which would be mixed with the new one's, those that make the model
// before an embedder, its graphs, and what programs wrote beside it of how it was made.
var removable = []string{
	"tokenizer.json", "vocab.txt", "spiece.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
	"modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
	"onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_quantized.onnx", "onnx/model_quantized.onnx_data",
	"recipe.json", "training.json",
}

// folders are those that a save may have: of a model's graphs, and of the modules of an embedder, such as 1_Pooling.
var folders = regexp.MustCompile(`^(onnx|[0-9]{1,3}_[A-Za-z]{1,40})$`)

// A Save is a set of files on its way into a model folder.
type Save struct {
	// Dir is where the files are written.
	Dir string

	target  string
	made    bool // the target was not there before
	release func()
}

// Begin makes the folder for the files of a save, and that of the model where there is none yet. It clears away what killed ones left.
func Begin(dir string) (*Save, error) {
	_, missing := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	unlock, err := files.LockFolder(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		old := filepath.Join(dir, entry.Name())
		if is, _ := filepath.Match(staged, entry.Name()); is && entry.IsDir() && files.Abandoned(old, 0) {
			_ = os.RemoveAll(old) // it only takes room
		}
	}
	staging, err := os.MkdirTemp(dir, staged)
	if err != nil {
		return nil, err
	}
	release, err := files.HoldFolder(staging)
	return &Save{Dir: staging, target: dir, made: errors.Is(missing, fs.ErrNotExist), release: release}, err
}

// Discard removes what was not committed, and a model's folder that was made for it.
func (s *Save) Discard() {
	s.release()
	_ = os.RemoveAll(s.Dir) // the next save tries again
	if s.made {
		_ = os.Remove(s.target) // unless there is something in it
	}
}

// Commit puts the files into their places, and removes the files of that name which the model before had and this one does not:
// superseded may name those of a tokenizer, of graphs and of records.
func (s *Save) Commit(superseded ...string) error {
	if len(superseded) > 0 {
		list := []byte(strings.Join(superseded, "\n") + "\n")
		if err := os.WriteFile(filepath.Join(s.Dir, leavings), list, 0o644); err != nil {
			return err
		}
	}
	return Locked(s.target, func() error {
		if err := os.Rename(s.Dir, filepath.Join(s.target, committed)); err != nil {
			return err
		}
		return finish(s.target)
	})
}

// Finish moves the files of a committed save to their places, if there is one.
func Finish(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, committed)); err != nil {
		return nil // none, or the folder's readers say more
	}
	return Locked(dir, func() error { return nil })
}

// Locked does something with a folder into which nothing is being moved, and keeps it so for the while.
func Locked(dir string, do func() error) error {
	unlock, err := files.LockFolder(dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := finish(dir); err != nil {
		return err
	}
	return do()
}

func finish(dir string) error {
	ready := filepath.Join(dir, committed)
	info, err := os.Lstat(ready)
	switch {
	case err != nil:
		return nil // there is none
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a link, which no save leaves there: remove it if you trust the other files of the folder", ready)
	case !info.IsDir():
		return nil
	}
	names, err := whole(ready)
	if errors.Is(err, fs.ErrNotExist) { // another process was faster, where there are no locks
		return nil
	}
	if err != nil {
		return err
	}
	if err := removeSuperseded(dir, ready); err != nil {
		return err
	}
	for _, name := range names {
		if name == leavings {
			continue
		}
		if err := place(filepath.Join(ready, name), filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("a save was interrupted while its files were put in place: move those in %s to %s: %w", ready, dir, err)
		}
	}
	if left, err := os.ReadDir(ready); err == nil {
		for _, entry := range left {
			if folders.MatchString(entry.Name()) {
				_ = os.Remove(filepath.Join(ready, entry.Name())) // empty
			}
		}
	}
	if err := os.Remove(ready); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) { // or committed anew
		return err
	}
	return nil
}

// whole are the names of a save's files, those in its folders with them.
func whole(ready string) ([]string, error) {
	entries, err := os.ReadDir(ready)
	if err != nil {
		return nil, err
	}
	var names []string
	add := func(name string, entry fs.DirEntry) error {
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no plain file, which no save leaves there: remove %s if you trust the other files of the folder", filepath.Join(ready, name), ready)
		}
		names = append(names, name)
		return nil
	}
	for _, entry := range entries {
		folder := entry.Name()
		if !entry.IsDir() || !folders.MatchString(folder) {
			if err := add(folder, entry); err != nil {
				return nil, err
			}
			continue
		}
		inner, err := os.ReadDir(filepath.Join(ready, folder))
		if err != nil {
			return nil, err
		}
		for _, file := range inner {
			if err := add(filepath.Join(folder, file.Name()), file); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

// place moves a file to its place, whose folder is made if need be. Another process may have moved it.
func place(from, to string) error {
	if folder := filepath.Dir(to); folders.MatchString(filepath.Base(filepath.Dir(from))) {
		if info, err := os.Lstat(folder); err == nil && !info.IsDir() {
			return fmt.Errorf("%s is no folder", folder)
		}
		if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeSuperseded removes the files on a save's list, and then the list.
func removeSuperseded(dir, ready string) error {
	list := filepath.Join(ready, leavings)
	text, err := files.Read(list, maxList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(text)) {
		if !slices.Contains(removable, name) {
			return fmt.Errorf("%s names %q, which no save removes: remove %s if you trust the other files of the folder", list, name, ready)
		}
		if info, err := os.Lstat(filepath.Join(dir, filepath.Dir(name))); err != nil || !info.IsDir() {
			continue // no folder, or a link out of this one
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("a save was interrupted while its files were put in place: %w", err)
		}
	}
	if err := os.Remove(list); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
