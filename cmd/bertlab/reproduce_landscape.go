package main

import (
	"context"

	"bertlab/papers/experiment"
	"bertlab/papers/hao2019"
)

func reproduceLandscape(ctx context.Context, env *experiment.Environment, r reproduction) (*outcome, error) {
	config := hao2019.Full()
	if r.quick {
		config = hao2019.Quick()
	}
	if r.model != "" {
		config.Model = r.model
	}
	if r.task != "" {
		if r.task == config.Other { // the second direction must be another's
			config.Other = config.Task
		}
		config.Task = r.task
	}
	config.Data = r.data
	if r.seed != nil {
		config.Seed = *r.seed
	}
	result, err := hao2019.Run(ctx, env, config)
	if err != nil {
		return nil, err
	}
	return publish(env, result, result.Claims)
}
