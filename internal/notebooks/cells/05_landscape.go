package cells

import (
	"bertlab/papers/hao2019"
	"bertlab/papers/notebook"
)

var landscape = notebook.Of(hao2019.Experiment)

// Turn shows the training loss as a surface that can be turned by hand.
func Turn() {
	landscape.Turn(landscape.Result().TurningSurface())
}
