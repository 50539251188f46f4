package lan2020

import (
	"slices"

	"gonum.org/v1/gonum/stat"

	"bertlab/papers/experiment"
	"bertlab/techniques/sharing"
)

// between is the mean difference of accuracy first − second, over seeds and examples. ok is false without a seed that has both.
func (r *Result) between(first, second Scheme) (d experiment.Evidence, ok bool) {
	return r.paired(r.answers(first), r.answers(second))
}

// paired compares answers by seed.
func (r *Result) paired(first, second map[uint64]experiment.Answers) (d experiment.Evidence, ok bool) {
	var pairs experiment.Paired
	for _, seed := range r.Config.Seeds {
		if x, y := first[seed].Right, second[seed].Right; len(x) > 0 && len(y) > 0 {
			pairs.Add(seed, "", x.Numbers(), y.Numbers())
		}
	}
	if list := pairs.Evidence(""); len(list) > 0 {
		return list[0], true
	}
	return d, false
}

// of are the trials of a variant, by seed.
func (r *Result) of(v Scheme) []Trial {
	var list []Trial
	for _, t := range r.Runs {
		if t.Variant == v {
			list = append(list, t)
		}
	}
	return list
}

func (r *Result) answers(v Scheme) map[uint64]experiment.Answers {
	list := map[uint64]experiment.Answers{}
	for _, t := range r.of(v) {
		list[t.Seed] = t.Answers
	}
	return list
}

// converted are the answers of a variant's conversion without training.
func (r *Result) converted(v Scheme) map[uint64]experiment.Answers {
	list := map[uint64]experiment.Answers{}
	for _, t := range r.of(v) {
		if t.Converted != nil {
			list[t.Seed] = *t.Converted
		}
	}
	return list
}

// initialised are the answers of the whole model that shares all, beginning with init.
func (r *Result) initialised(init sharing.Init) map[uint64]experiment.Answers {
	list := map[uint64]experiment.Answers{}
	for _, b := range r.Inits {
		if b.Init == init {
			list[b.Seed] = b.Answers
		}
	}
	return list
}

// cut are the answers of the whole model with a word table of size E.
func (r *Result) cut(size int) map[uint64]experiment.Answers {
	list := map[uint64]experiment.Answers{}
	for _, c := range r.Cuts {
		if c.Size == size {
			list[c.Seed] = c.Answers
		}
	}
	return list
}

// mean is the accuracy, mean over seeds.
func mean(answers map[uint64]experiment.Answers) float64 {
	var values []float64
	for _, a := range answers {
		values = append(values, a.Right.Accuracy())
	}
	slices.Sort(values) // the same sum whatever the order
	return stat.Mean(values, nil)
}

// variants are those that were run, the whole model first.
func (r *Result) variants() []Scheme {
	var list []Scheme
	for _, t := range r.Runs {
		if !slices.Contains(list, t.Variant) {
			list = append(list, t.Variant)
		}
	}
	return list
}

// stepRatios are the times of a training step of the whole model divided by those of a variant, seed by seed.
func (r *Result) stepRatios(v Scheme) []float64 {
	var ratios []float64
	for _, t := range r.of(v) {
		for _, whole := range r.of(Scheme{}) {
			if whole.Seed == t.Seed && whole.StepSeconds > 0 && t.StepSeconds > 0 {
				ratios = append(ratios, whole.StepSeconds/t.StepSeconds)
			}
		}
	}
	return ratios
}

// unevenness is the coefficient of variation, the standard deviation divided by the mean, of how far the layers move their input.
func unevenness(t *sharing.Transitions) (l2, angle float64) {
	of := func(values []float64) float64 {
		mean, deviation := stat.MeanStdDev(values, nil)
		return deviation / mean
	}
	return of(t.L2), of(t.Angle)
}
