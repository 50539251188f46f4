package main

import (
	"context"

	"bertlab/papers/experiment"
	"bertlab/papers/ganesh2021"
)

// reproduceProfile needs no data: task and seeds are none of its business.
func reproduceProfile(ctx context.Context, env *experiment.Environment, r reproduction) (*outcome, error) {
	config, err := choose(r, ganesh2021.Quick, ganesh2021.Full)
	if err != nil {
		return nil, err
	}
	if r.model != "" {
		config.Model = r.model
	}
	result, err := ganesh2021.Run(ctx, env, config)
	if err != nil {
		return nil, err
	}
	return publish(env, result, result.Claims)
}
