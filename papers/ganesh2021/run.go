package ganesh2021

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/papers/experiment"
	"bertlab/techniques/profile"
)

// Run does the experiment. Finished batch sizes and lengths are remembered in the environment's folder; a run that was stopped goes
// on there.
func Run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	result, err := run(ctx, env, config)
	if err != nil {
		return nil, fmt.Errorf("ganesh2021: %w", err)
	}
	return result, nil
}

func run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	began := time.Now()
	if err := config.check(); err != nil {
		return nil, err
	}
	model, resolved, err := env.Model(ctx, config.Model)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	r := &Result{Config: config, Device: deviceOf(env.Choice.Name)}
	if r.Counted, err = countBase(); err != nil {
		return nil, err
	}
	if r.Provenance, err = env.Describe(model, resolved); err != nil {
		return nil, err
	}
	store, err := experiment.Open(ctx, env.Dir, map[string]any{
		"paper": "ganesh2021", "config": config, "model": r.Provenance.ModelSHA256, "backend": env.Choice.Name, "machine": r.Provenance.Machine,
		"versions": experiment.ComputeVersions(r.Provenance.Versions),
	})
	if err != nil {
		return nil, err
	}
	g := grid{env: env, store: store, config: config}
	if r.Profile, err = g.measure(ctx, "profile", env.Backend, model, config.Batches, config.Lengths); err != nil {
		return nil, err
	}
	if file, err := profile.CheckFile(model, resolved.Dir); err == nil { // a file without zeros has no count; the report says so
		r.Profile.Parameters.File = file
	}
	if r.Device == GPU {
		cpu, _, err := backend.Open(ctx, backend.Options{Name: "xla:cpu"})
		if err != nil {
			return nil, err
		}
		defer cpu.Finalize()
		if r.Other, err = g.measure(ctx, "profile-cpu", cpu, model, config.Batches, config.Lengths); err != nil {
			return nil, err
		}
	}
	if len(config.BaseBatches) > 0 {
		shape, err := BERTBase()
		if err != nil {
			return nil, err
		}
		base, err := gbert.New(shape, 1)
		if err != nil {
			return nil, err
		}
		if r.Base, err = g.measure(ctx, "bert-base", env.Backend, base, config.BaseBatches, config.BaseLengths); err != nil {
			return nil, err
		}
	}
	r.Claims = r.claims()
	r.Provenance.Seconds = time.Since(began).Seconds()
	return r, nil
}

// deviceOf is the kind of device of a backend, by its name.
func deviceOf(name string) Device {
	if strings.Contains(name, "cuda") {
		return GPU
	}
	return CPU
}

// grid measures models cell by cell, and remembers each.
type grid struct {
	env    *experiment.Environment
	store  *experiment.Store
	config Config
}

func (g grid) measure(ctx context.Context, name string, b compute.Backend, m *gbert.Model, batches, lengths []int) (*profile.Profile, error) {
	var whole *profile.Profile
	done, total := 0, len(batches)*len(lengths)
	for _, batch := range batches {
		for _, length := range lengths {
			cell, err := experiment.Step(g.store, fmt.Sprintf("%s-%d-%d", name, batch, length), func() (*profile.Profile, error) {
				g.env.Report(experiment.Progress{Stage: name, Done: done, Total: total, Detail: fmt.Sprintf("batch %d, length %d", batch, length)})
				return profile.Measure(ctx, b, m, profile.Options{
					Batches: []int{batch}, Lengths: []int{length}, Repeats: g.config.Repeats, CellTime: time.Duration(g.config.CellSeconds * float64(time.Second)),
				})
			})
			if err != nil {
				return nil, err
			}
			if whole == nil {
				whole = cell
			} else {
				whole.Cells = append(whole.Cells, cell.Cells...)
			}
			done++
		}
	}
	return whole, nil
}
