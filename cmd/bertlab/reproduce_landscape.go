package main

import (
	"context"

	"bertlab/papers/experiment"
	"bertlab/papers/hao2019"
)

func reproduceLandscape(ctx context.Context, env *experiment.Environment, r reproduction) (*outcome, error) {
	config, err := choose(r, hao2019.Quick, hao2019.Full)
	if err != nil {
		return nil, err
	}
	if r.task != "" && r.task == config.Other { // the second direction must be another's
		config.Other = config.Task
	}
	r.setData(&config.Model, &config.Task, &config.Data)
	if r.seed != nil {
		config.Seed = *r.seed
	}
	result, err := hao2019.Run(ctx, env, config)
	if err != nil {
		return nil, err
	}
	return publish(env, result, result.Claims)
}
