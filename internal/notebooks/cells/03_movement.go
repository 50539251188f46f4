package cells

import (
	"bertlab/papers/notebook"
	"bertlab/papers/sanh2020"
)

var pruning = notebook.Of(sanh2020.Experiment)
