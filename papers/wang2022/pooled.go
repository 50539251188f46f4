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

// pooled are, for each test example, the share of the trials that are right about it; nil without any.
func pooled(trials []Trial) []float64 {
	return stats.Pool(experiment.Each(trials, func(t Trial) stats.Answers { return t.Right }))
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

// at is a form at a ratio, empty where it was not made.
func (p *Pretrained) at(form Form, ratio float64) (found Decomposition) {
	for _, v := range p.Variants {
		if v.Form == form && v.Ratio == ratio {
			return v
		}
	}
	return found
}

// error is the reconstruction error of a form at a ratio.
func (p *Pretrained) error(form Form, ratio float64) float64 { return p.at(form, ratio).Error }

// meanError is the reconstruction error of a form at a ratio, mean over seeds.
func (r *Result) meanError(form Form, ratio float64) float64 {
	variants := experiment.Where(r.Variants, func(v Decomposition) bool { return v.Form == form && v.Ratio == ratio })
	if len(variants) == 0 {
		return 0
	}
	return experiment.Mean(variants, func(v Decomposition) float64 { return v.Error })
}
