// Command notebooks makes the notebooks, in both languages, from the narratives of the papers and the Go code in package cells.
//
//	go run ./internal/notebooks
//
// Prose becomes Markdown cells; a figure, a table, the claims or a named paragraph becomes a cell of Go that shows it; see
// experiment.Narrative. The first cell of Go begins with what the notebook imports and declares. Outputs stay with cells that are
// what they were; those of other cells go, and bertlab lab --execute makes them anew.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"bertlab/internal/files"
	"bertlab/internal/notebooks/cells"
	"bertlab/papers/experiment"
)

func main() {
	if err := write("notebooks"); err != nil {
		fmt.Fprintln(os.Stderr, "notebooks:", err)
		os.Exit(1)
	}
}

// edition is the name of a notebook's file in a language.
func edition(name string, lang experiment.Language) string {
	if lang == experiment.Korean {
		return name + experiment.KoreanNotebook
	}
	return name + ".ipynb"
}

// maxNotebook bounds a notebook with its outputs.
const maxNotebook = 64 << 20

// write makes all notebooks of a folder.
func write(folder string) error {
	for _, n := range cells.All {
		for _, lang := range []experiment.Language{experiment.English, experiment.Korean} {
			path := filepath.Join(folder, edition(n.Name, lang))
			text, err := renew(path, n, lang)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if err := files.Write(path, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// renew is the notebook of a path as it should be, with the outputs that it has.
func renew(path string, n cells.Notebook, lang experiment.Language) ([]byte, error) {
	old, err := files.Read(path, maxNotebook)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	made, err := compose(n, lang)
	if err != nil {
		return nil, err
	}
	return encode(made, old)
}
