package cells

import (
	"bertlab/papers/notebook"
	"bertlab/papers/zafrir2019"
)

var quantisation = notebook.Of(zafrir2019.Experiment)
