// Package records holds the runs of experiments that are kept with the program: protocol, result and what each step returned, compressed,
// without models. `bertlab records write` makes them, and they are only read after that; see [bertlab/papers/experiment.Recordings].
package records

import (
	"embed"
	"io/fs"
)

//go:embed runs
var kept embed.FS

// Files are the records: NAME.json.zst of each experiment that has one.
var Files = must(fs.Sub(kept, "runs"))

func must(files fs.FS, err error) fs.FS {
	if err != nil {
		panic(err) // a folder's name that is none
	}
	return files
}
