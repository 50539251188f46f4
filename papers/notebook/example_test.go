package notebook_test

import (
	"bertlab/papers/michel2019"
	"bertlab/papers/notebook"
)

// The cells of a notebook on heads.
func ExampleOf() {
	heads := notebook.Of(michel2019.Experiment)
	heads.Show("protocol") // a table
	heads.Show("pruning")  // a figure
	heads.Claims()
}
