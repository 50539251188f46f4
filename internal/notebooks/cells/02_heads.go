package cells

import (
	"bertlab/papers/michel2019"
	"bertlab/papers/notebook"
)

var heads = notebook.Of(michel2019.Experiment)

// Step goes through the pruning curves by a slider.
func Step() {
	heads.Step(notebook.Must(heads.Result().PruningSteps(notebook.Words())))
}
