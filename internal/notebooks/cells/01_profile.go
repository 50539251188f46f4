package cells

import (
	"bertlab/papers/ganesh2021"
	"bertlab/papers/notebook"
)

var profile = notebook.Of(ganesh2021.Experiment)
