package cells

import (
	"bertlab/papers/notebook"
	"bertlab/papers/wang2022"
)

var tucker = notebook.Of(wang2022.Experiment)
