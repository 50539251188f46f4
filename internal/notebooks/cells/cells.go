// Package cells holds the code of the notebooks that is not made from their narratives: a file a notebook, for both languages.
//
// What a file declares stands in the notebook's first cell of Go; its first variable is the experiment, on which figures, tables and claims
// are called. The body of an exported function is a cell, where the narrative says {{cell "Name"}}; a package is imported by the first cell
// that names it.
package cells

import (
	"embed"
	"io/fs"
)

// Sources are the Go files of this package.
//
//go:embed *.go
var Sources embed.FS

// Notebook is a notebook that is made from a narrative in each language.
type Notebook struct {
	Name      string
	Narrative fs.FS
}

// All are the notebooks in their order.
var All = []Notebook{
	{"00_overview", part("overview")},
	{"01_profile", profile.Narrative()},
	{"02_heads", heads.Narrative()},
	{"03_movement", pruning.Narrative()},
	{"04_layers", layers.Narrative()},
	{"05_landscape", landscape.Narrative()},
	{"06_tucker", tucker.Narrative()},
	{"07_sharing", sharing.Narrative()},
	{"08_notes", notes.Narrative()},
	{"09_quantisation", quantisation.Narrative()},
}

// told holds the narratives of notebooks that have no paper of their own, a folder each.
//
//go:embed overview
var told embed.FS

// part is a folder of those narratives.
func part(folder string) fs.FS {
	files, err := fs.Sub(told, folder)
	if err != nil {
		panic(err) // a folder's name that is none
	}
	return files
}
