package main

import (
	"context"

	"bertlab/papers/combined"
	"bertlab/papers/experiment"
)

func reproduceRecipes(ctx context.Context, env *experiment.Environment, r reproduction) (*outcome, error) {
	config, err := choose(r, combined.Quick, combined.Full)
	if err != nil {
		return nil, err
	}
	r.setData(&config.Model, &config.Task, &config.Data)
	if r.seed != nil {
		config.Seed = *r.seed
	}
	result, err := combined.Run(ctx, env, config)
	if err != nil {
		return nil, err
	}
	return publish(env, result, result.Claims)
}
