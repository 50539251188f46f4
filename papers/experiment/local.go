package experiment

import (
	"context"
	"fmt"

	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
)

// Local is the environment of this machine, for notebooks and small programs: the backend that is picked by itself, models and
// data found by name, results in dir. Stages are named on standard output as they begin.
func Local(ctx context.Context, dir string) (*Environment, error) {
	say := func(line string) { fmt.Println(line) }
	opened, choice, err := backend.Open(ctx, backend.Options{Log: say})
	if err != nil {
		return nil, err
	}
	stage := ""
	return &Environment{
		Backend: opened, Choice: choice, Hub: hub.New(hub.Options{Log: say}), Dir: dir, Recordings: KeptRecordings(),
		Progress: func(p Progress) {
			if p.Stage != stage {
				stage = p.Stage
				say(stage)
			}
		},
	}, nil
}
