package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// The flags that name what a command reads, and those that name a file which it writes.
var (
	inputFlags = []string{"data", "train", "dev", "model", "from", "to", "other", "baseline"}
	fileFlags  = []string{"out", "predictions", "figure", "turn"}
)

// spareInputs refuses a file to be written that is one of the files which are read: a file of data, or one of a model's.
func spareInputs(flags *pflag.FlagSet) error {
	for _, name := range fileFlags {
		output := flags.Lookup(name)
		if output == nil || output.Value.String() == "" {
			continue
		}
		info, err := os.Stat(output.Value.String())
		if err != nil || info.IsDir() {
			continue
		}
		for _, name := range inputFlags {
			input := flags.Lookup(name)
			if input == nil || input.Value.String() == "" {
				continue
			}
			if isRead(info, input.Value.String()) {
				return wrongCallf("--%s %s is a file of --%s, which is read: name another one", output.Name, output.Value, input.Name)
			}
		}
	}
	return nil
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
