package cells

import (
	"bertlab/papers/michel2019"
	"bertlab/papers/notebook"
)

var heads = notebook.Of(michel2019.Experiment)
