package wang2022

import (
	"slices"

	"bertlab/papers/experiment"
	"bertlab/stats"
)

// cell is what is compared: a form at a ratio, recovered in a way.
type cell struct {
	form     Form
	ratio    float64
	recovery Recovery
}

// pooled are, for each test example, the share of the wanted trials that are right about it; nil without any.
func pooled(trials []Trial, wanted func(Trial) bool) []float64 {
	var list []stats.Answers
	for _, t := range trials {
		if wanted(t) {
			list = append(list, t.Right)
		}
	}
	return stats.Pool(list)
}

func (r *Result) pooled(c cell) []float64 {
	return pooled(r.Trials, func(t Trial) bool { return t.Form == c.form && t.Ratio == c.ratio && t.Recovery == c.recovery })
}

// against is a cell's accuracy minus that of the whole models of the same seeds; false where it was not run.
func (r *Result) against(c cell) (experiment.Evidence, bool) {
	list := compare("", r.of(c), r.Whole)
	if len(list) == 0 {
		return experiment.Evidence{}, false
	}
	return list[0], true
}

// accuracy is the whole models' mean share of right predictions.
func (r *Result) accuracy() float64 { return mean(r.Whole) }

// variant is a form at a ratio, of the first seed.
func (r *Result) variant(form Form, ratio float64) (Decomposition, bool) {
	i := slices.IndexFunc(r.Variants, func(v Decomposition) bool {
		return v.Form == form && v.Ratio == ratio && v.Seed == r.Config.Seeds[0]
	})
	if i < 0 {
		return Decomposition{}, false
	}
	return r.Variants[i], true
}

// meanError is the reconstruction error of a form at a ratio, mean over seeds.
func (r *Result) meanError(form Form, ratio float64) float64 {
	sum, n := 0.0, 0
	for _, v := range r.Variants {
		if v.Form == form && v.Ratio == ratio {
			sum, n = sum+v.Error, n+1
		}
	}
	return sum / float64(max(n, 1))
}
