package main

import (
	"context"

	"bertlab/papers/combined"
	"bertlab/papers/experiment"
)

func reproduceRecipes(ctx context.Context, env *experiment.Environment, r reproduction) (*outcome, error) {
	config := combined.Full()
	if r.quick {
		config = combined.Quick()
	}
	if r.model != "" {
		config.Model = r.model
	}
	if r.task != "" {
		config.Task = r.task
	}
	config.Data = r.data
	if r.seed != nil {
		config.Seed = *r.seed
	}
	result, err := combined.Run(ctx, env, config)
	if err != nil {
		return nil, err
	}
	return publish(env, result, result.Claims)
}
