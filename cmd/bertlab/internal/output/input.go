package output

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Input is a file or folder that a command reads. What is not on this machine, such as a model's name, stands in nobody's way.
type Input struct {
	Name string // as the user knows it, such as --data
	Path string
}

// spare refuses a target that is one of the files which are read, or the folder of a model that is read; of a folder in that it says so.
func (t Target) spare(path string, info fs.FileInfo, inputs []Input, note func(line string)) error {
	for _, input := range inputs {
		from, err := os.Stat(input.Path)
		if input.Path == "" || err != nil {
			continue
		}
		switch {
		case t.Kind == File && info != nil:
			if isRead(info, input.Path) {
				return fmt.Errorf("--%s %s is a file of %s, which is read: name another one", t.Flag, path, input.Name)
			}
		case t.Kind == File || !from.IsDir():
		case info != nil && os.SameFile(info, from):
			what := "data"
			if heldModel(input.Path) != "" {
				what = "model"
			}
			return fmt.Errorf("--%s %s is the folder of the %s that is read; name another one", t.Flag, path, what)
		case heldModel(input.Path) != "" && within(path, input.Path):
			note(fmt.Sprintf("note: --%s %s lies in the folder of %s, a model that is read: whoever copies that folder copies both", t.Flag, path, input.Name))
		}
	}
	return nil
}

// within says whether a path lies in a folder, links followed.
func within(path, dir string) bool {
	relative, err := filepath.Rel(resolve(dir), resolve(path))
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}

// resolve is the absolute path without links, as far as there is something.
func resolve(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	rest := ""
	for dir := full; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest)
		}
		if filepath.Dir(dir) == dir {
			return full
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// isRead says whether a file is the one of a path, or one of the files that are read of a folder.
func isRead(file os.FileInfo, path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return os.SameFile(file, info)
	}
	entries, err := os.ReadDir(path)
	return err == nil && slices.ContainsFunc(entries, func(entry os.DirEntry) bool {
		if !isInput(entry.Name()) {
			return false
		}
		info, err := os.Stat(filepath.Join(path, entry.Name()))
		return err == nil && os.SameFile(file, info)
	})
}

// isInput says whether a file of that name in a folder is one of a model's, or a split of a data set.
func isInput(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	return slices.Contains(modelFiles, name) || slices.Contains([]string{".safetensors", ".bin"}, filepath.Ext(name)) ||
		slices.Contains([]string{"added_tokens.json", "special_tokens_map.json"}, name) ||
		slices.Contains([]string{"train", "dev", "test", "validation", "dev_matched", "dev_mismatched"}, stem)
}
