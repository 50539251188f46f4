// Package papers is the registry of the experiments. A new one is a package below this one, and a line here: the command line, the report
// on all experiments and the tests find it by itself.
package papers

import (
	"bertlab/papers/combined"
	"bertlab/papers/experiment"
	"bertlab/papers/ganesh2021"
	"bertlab/papers/hao2019"
	"bertlab/papers/lan2020"
	"bertlab/papers/michel2019"
	"bertlab/papers/sajjad2020"
	"bertlab/papers/sanh2020"
	"bertlab/papers/wang2022"
	"bertlab/papers/zafrir2019"
)

// All are the experiments in the order in which they are run.
func All() []experiment.Paper {
	return []experiment.Paper{
		ganesh2021.Experiment, michel2019.Experiment, sajjad2020.Experiment, sanh2020.Experiment, wang2022.Experiment, lan2020.Experiment,
		hao2019.Experiment, zafrir2019.Experiment, combined.Experiment,
	}
}
