package cells

import (
	"bertlab/papers/lan2020"
	"bertlab/papers/notebook"
)

var sharing = notebook.Of(lan2020.Experiment)
