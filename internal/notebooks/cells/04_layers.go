package cells

import (
	"bertlab/papers/notebook"
	"bertlab/papers/sajjad2020"
)

var layers = notebook.Of(sajjad2020.Experiment)
