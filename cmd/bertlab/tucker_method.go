package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"bertlab/gbert"
	"bertlab/techniques/layerdrop"
	"bertlab/techniques/tucker"
)

// tuckerMethod is the decomposition that the flags ask for.
type tuckerMethod struct {
	// check reports, as a wrong call, what is not possible for a model; zeroRatio says that --ratio 0 was given.
	check func(m *gbert.Model, zeroRatio bool) error
	run   func(ctx context.Context, m *gbert.Model, moments *tucker.SecondMoments) (*gbert.Model, *tucker.Factorisation, error)
}

// method reads the flags.
func (f *tuckerFlags) method(meter *meter) (*tuckerMethod, error) {
	if !(f.ridge >= 0) {
		return nil, wrongCallf("--ridge %g: it must be at least 0", f.ridge)
	}
	if f.sweeps < 0 {
		return nil, wrongCallf("--sweeps %d: it must be at least 0", f.sweeps)
	}
	var roles []gbert.Role
	for _, role := range f.roles {
		roles = append(roles, gbert.Role(role))
	}
	var layers []int
	if f.layers != "" {
		var err error
		if layers, err = layerdrop.ParseLayers(f.layers); err != nil {
			return nil, wrongCall{err}
		}
	}
	noise, energy, err := f.spectrum()
	if err != nil {
		return nil, err
	}
	layerRank, rank, err := f.ranks()
	if err != nil {
		return nil, err
	}
	if f.form == formSVD {
		o := tucker.FactoriseOptions{Rank: rank, Ratio: f.ratio, Noise: noise, Energy: energy, Roles: roles, Layers: layers, Progress: meter.Count("factoring", "matrices")}
		if f.rankBy != "" {
			o.MinRank = f.minRank
		}
		return f.svd(o), nil
	}
	o := tucker.BankOptions{Core: gbert.MixedCore, LayerRank: layerRank, Rank: rank, Ratio: f.ratio, Noise: noise, Energy: energy, Roles: roles, Layers: layers, Sweeps: f.sweeps}
	if f.sweeps == 0 {
		o.Sweeps = -1
	}
	count := meter.Count("decomposing", "sweeps")
	o.Progress = func(sweep int, _ float64) { count(sweep, max(f.sweeps, 1)) }
	if f.form == formShared {
		o.Core = gbert.CoreKind(f.core)
		if o.Core != gbert.FullCore && o.Core != gbert.DiagonalCore {
			return nil, wrongCallf("--core %s: choose %s or %s", f.core, gbert.FullCore, gbert.DiagonalCore)
		}
	}
	return f.bank(o), nil
}

// ranks are those that --rank names; 0 where it does not.
func (f *tuckerFlags) ranks() (layerRank, rank int, err error) {
	if f.rank == "" {
		return 0, 0, nil
	}
	if f.form == formBank {
		layers, width, ok := strings.Cut(f.rank, "-")
		layerRank, first := strconv.Atoi(layers)
		rank, second := strconv.Atoi(width)
		if !ok || first != nil || second != nil {
			return 0, 0, wrongCallf("--rank %s: --form bank has a layer rank and a width rank, such as 36-192", f.rank)
		}
		return layerRank, rank, nil
	}
	if rank, err = strconv.Atoi(f.rank); err != nil {
		return 0, 0, wrongCallf("--rank %s: a whole number was expected, such as 64 (two, such as 36-192, are for --form bank)", f.rank)
	}
	return 0, rank, nil
}

// spectrum is the rule that --rank-by names.
func (f *tuckerFlags) spectrum() (noise bool, energy float64, err error) {
	if f.rankBy == "" {
		return false, 0, nil
	}
	if f.minRank < 1 {
		return false, 0, wrongCallf("--min-rank %d: it must be at least 1", f.minRank)
	}
	rule, part, _ := strings.Cut(f.rankBy, ":")
	energy, err = strconv.ParseFloat(part, 64)
	switch {
	case f.rankBy == "evbmf":
		return true, 0, nil
	case rule == "energy" && err == nil && energy > 0 && energy <= 1:
		return false, energy, nil
	case rule == "energy":
		return false, 0, wrongCallf("--rank-by %s: the energy is above 0 and at most 1, such as energy:0.95", f.rankBy)
	}
	return false, 0, wrongCallf("--rank-by %s: choose evbmf, or energy:PART such as energy:0.95", f.rankBy)
}

// svd is the factorisation of each matrix by itself.
func (f *tuckerFlags) svd(o tucker.FactoriseOptions) *tuckerMethod {
	return &tuckerMethod{
		check: func(m *gbert.Model, zeroRatio bool) error {
			zeroRank := f.rank != "" && o.Rank == 0
			if err := o.Check(m); err == nil {
				return nil
			} else if !zeroRank && !zeroRatio {
				return wrongCall{err}
			}
			rank, ratio, err := o.Limits(m)
			if err != nil {
				return wrongCall{err}
			}
			if zeroRank {
				return wrongCallf("--rank 0: want 1…%d, the shortest side of the chosen maps", rank)
			}
			return wrongCallf("--ratio 0: want %.4g…1: rank 1 needs as much in each of the chosen maps", ratio)
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
		check: func(m *gbert.Model, zeroRatio bool) error {
			zeroRank := f.rank != "" && o.Rank == 0
			if err := o.Check(m); err == nil {
				return nil
			} else if !zeroRank && !zeroRatio {
				return wrongCall{err}
			}
			layerRank, rank, ratio, err := o.Limits(m)
			if err != nil {
				return wrongCall{err}
			}
			if zeroRank {
				want := fmt.Sprintf("1…%d, the hidden size", rank)
				if f.form == formBank {
					want = fmt.Sprintf("a layer rank of 1…%d, the number of slices, and a width rank of %s", layerRank, want)
				}
				return wrongCallf("--rank %s: want %s", f.rank, want)
			}
			return wrongCallf("--ratio 0: want %.4g…1: ranks of 1 need as much", ratio)
		},
		run: func(ctx context.Context, m *gbert.Model, _ *tucker.SecondMoments) (*gbert.Model, *tucker.Factorisation, error) {
			return tucker.Bank(ctx, m, o)
		},
	}
}
