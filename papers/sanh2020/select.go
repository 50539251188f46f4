package sanh2020

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/stat"

	"bertlab/techniques/movement"
)

// pick are the runs for which a condition holds.
func (r *Result) pick(condition func(Variant) bool) []Trained {
	var list []Trained
	for _, t := range r.Runs {
		if condition(t.Variant) {
			list = append(list, t)
		}
	}
	return list
}

// plain are the runs of a method as in the curves: single weights, local, no teacher, the protocol's learning rate.
func (r *Result) plain(kind movement.Kind, remaining float64) []Trained {
	return r.pick(func(v Variant) bool {
		return v.Kind == kind && v.Remaining == remaining && r.isPlain(v)
	})
}

func (r *Result) isPlain(v Variant) bool {
	return v.Scope == movement.Local && !v.Structured && !v.Distilled && v.Rate == r.Config.rate(v.Kind)
}

// global are the runs of a method with one selection for the whole model.
func (r *Result) global(kind movement.Kind, remaining float64) []Trained {
	return r.pick(func(v Variant) bool { return v.Kind == kind && v.Remaining == remaining && v.Scope == movement.Global })
}

// distilled are the runs of a method with a teacher.
func (r *Result) distilled(kind movement.Kind, remaining float64) []Trained {
	return r.pick(func(v Variant) bool { return v.Kind == kind && v.Remaining == remaining && v.Distilled })
}

// of are those of runs that have the seed.
func of(runs []Trained, seed uint64) []Trained {
	var list []Trained
	for _, t := range runs {
		if t.Variant.Seed == seed {
			list = append(list, t)
		}
	}
	return list
}

// remaining are the protocol's shares for which a condition holds, descending.
func (c Config) remaining(condition func(float64) bool) []float64 {
	var list []float64
	for _, v := range c.Remaining {
		if condition(v) {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b float64) int { return cmp.Compare(b, a) })
	return list
}

func scores(runs []Trained) []float64 {
	list := make([]float64, len(runs))
	for i, t := range runs {
		list[i] = t.Score
	}
	return list
}

// accuracy is, for each test example, the share of runs that are right about it; nil without runs.
func accuracy(runs []Trained) []float64 {
	if len(runs) == 0 {
		return nil
	}
	share := make([]float64, len(runs[0].Right))
	for _, t := range runs {
		for i, right := range t.Right {
			if right {
				share[i] += 1 / float64(len(runs))
			}
		}
	}
	return share
}

func mean(values []float64) float64 { return stat.Mean(values, nil) }
