package main

import (
	"context"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/meter"
	"bertlab/gbert"
	"bertlab/techniques/layerdrop"
	"bertlab/techniques/tucker"
)

// tuckerMethod is the decomposition that the flags ask for.
type tuckerMethod struct {
	// check reports, as a wrong call, what is not possible for a model.
	check func(m *gbert.Model) error
	run   func(ctx context.Context, m *gbert.Model, moments *tucker.SecondMoments) (*gbert.Model, *tucker.Factorisation, error)
}

// method reads the flags.
func (f *tuckerFlags) method(m *meter.Meter) (*tuckerMethod, error) {
	if !(f.ridge >= 0) {
		return nil, call.Wrongf("--ridge %g: it must be at least 0", f.ridge)
	}
	if f.sweeps < 0 {
		return nil, call.Wrongf("--sweeps %d: it must be at least 0", f.sweeps)
	}
	var roles []gbert.Role
	for _, role := range f.roles {
		if err := call.Choose("roles", gbert.Role(role), gbert.LayerRoles...); err != nil {
			return nil, err
		}
		roles = append(roles, gbert.Role(role))
	}
	var layers []int
	if f.layers != "" {
		var err error
		if layers, err = layerdrop.ParseLayers(f.layers); err != nil {
			return nil, call.Wrongf("--layers %s: %w", f.layers, err)
		}
	}
	noise, energy, err := tucker.ParseRule(f.rankBy)
	switch {
	case err != nil:
		return nil, call.Wrongf("--rank-by %s: %w", f.rankBy, err)
	case f.rankBy != "" && f.minRank < 1:
		return nil, call.Wrongf("--min-rank %d: it must be at least 1", f.minRank)
	}
	layerRank, rank, err := tucker.ParseRank(f.rank, f.form == formBank)
	if err != nil {
		return nil, call.Wrongf("--rank %s with --form %s: %w", f.rank, f.form, err)
	}
	if f.form == formSVD {
		o := tucker.FactoriseOptions{Rank: rank, Ratio: f.ratio, Noise: noise, Energy: energy, Roles: roles, Layers: layers, Progress: m.Count("factoring", "matrices")}
		if f.rankBy != "" {
			o.MinRank = f.minRank
		}
		return f.svd(o), nil
	}
	o := tucker.BankOptions{Core: gbert.MixedCore, LayerRank: layerRank, Rank: rank, Ratio: f.ratio, Noise: noise, Energy: energy, Roles: roles, Layers: layers, Sweeps: f.sweeps}
	if f.sweeps == 0 {
		o.Sweeps = -1
	}
	count := m.Count("decomposing", "sweeps")
	o.Progress = func(sweep int, _ float64) { count(sweep, max(f.sweeps, 1)) }
	if f.form == formShared {
		o.Core = gbert.CoreKind(f.core)
		if err := call.Choose("core", o.Core, gbert.FullCore, gbert.DiagonalCore); err != nil {
			return nil, err
		}
	}
	return f.bank(o), nil
}

// svd is the factorisation of each matrix by itself.
func (f *tuckerFlags) svd(o tucker.FactoriseOptions) *tuckerMethod {
	return &tuckerMethod{
		check: func(m *gbert.Model) error {
			if o.Check(m) == nil {
				return nil
			}
			rank, ratio, err := o.Limits(m)
			switch {
			case err != nil:
			case f.rank != "" && (o.Rank < 1 || o.Rank > rank):
				return call.Wrongf("--rank %s: want 1…%d, the shortest side of the chosen maps", f.rank, rank)
			case f.rank == "" && f.rankBy == "" && !(o.Ratio >= ratio && o.Ratio <= 1):
				return call.Wrongf("--ratio %g: want %.4g…1: rank 1 needs as much in each of the chosen maps", o.Ratio, ratio)
			}
			return f.named(o.Check(m))
		},
		run: func(ctx context.Context, m *gbert.Model, moments *tucker.SecondMoments) (*gbert.Model, *tucker.Factorisation, error) {
			if o.Moments = moments; moments != nil {
				o.Ridge = f.ridge
			}
			return tucker.Factorise(ctx, m, o)
		},
	}
}

// bank is the decomposition of all matrices together.
func (f *tuckerFlags) bank(o tucker.BankOptions) *tuckerMethod {
	return &tuckerMethod{
		check: func(m *gbert.Model) error {
			if o.Check(m) == nil {
				return nil
			}
			layerRank, rank, ratio, err := o.Limits(m)
			switch {
			case err != nil:
			case f.form == formBank && f.rank != "" && (o.Rank < 1 || o.Rank > rank || o.LayerRank < 1 || o.LayerRank > layerRank):
				return call.Wrongf("--rank %s: want a layer rank of 1…%d, the number of slices, and a width rank of 1…%d, the hidden size", f.rank, layerRank, rank)
			case f.rank != "" && (o.Rank < 1 || o.Rank > rank):
				return call.Wrongf("--rank %s: want 1…%d, the hidden size", f.rank, rank)
			case f.rank == "" && f.rankBy == "" && !(o.Ratio >= ratio && o.Ratio <= 1):
				return call.Wrongf("--ratio %g: want %.4g…1: ranks of 1 need as much", o.Ratio, ratio)
			}
			return f.named(o.Check(m))
		},
		run: func(ctx context.Context, m *gbert.Model, _ *tucker.SecondMoments) (*gbert.Model, *tucker.Factorisation, error) {
			return tucker.Bank(ctx, m, o)
		},
	}
}

// named is an error of the other flags, with the one that it is most probably about.
func (f *tuckerFlags) named(err error) error {
	switch {
	case f.layers != "":
		return call.Wrongf("--layers %s: %w", f.layers, err)
	case f.roles != nil:
		return call.Wrongf("--roles %s: %w", call.List(f.roles), err)
	case f.rankBy != "":
		return call.Wrongf("--rank-by %s: %w", f.rankBy, err)
	}
	return call.Wrap(err)
}
