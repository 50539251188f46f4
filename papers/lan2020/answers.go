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
	return experiment.Where(r.Runs, func(t Trial) bool { return t.Variant == v })
}

// bySeed are the answers that some of what was judged gave, by seed; nil answers are left out.
func bySeed[T any](judged []T, of func(T) (seed uint64, answers *experiment.Answers)) map[uint64]experiment.Answers {
	list := map[uint64]experiment.Answers{}
	for _, one := range judged {
		if seed, answers := of(one); answers != nil {
			list[seed] = *answers
		}
	}
	return list
}

func (r *Result) answers(v Scheme) map[uint64]experiment.Answers {
	return bySeed(r.of(v), func(t Trial) (uint64, *experiment.Answers) { return t.Seed, &t.Answers })
}

// converted are the answers of a variant's conversion without training.
func (r *Result) converted(v Scheme) map[uint64]experiment.Answers {
	return bySeed(r.of(v), func(t Trial) (uint64, *experiment.Answers) { return t.Seed, t.Converted })
}

// initialised are the answers of the whole model that shares all, beginning with init.
func (r *Result) initialised(init sharing.Init) map[uint64]experiment.Answers {
	these := experiment.Where(r.Inits, func(i Initialised) bool { return i.Init == init })
	return bySeed(these, func(i Initialised) (uint64, *experiment.Answers) { return i.Seed, &i.Answers })
}

// cuts are the fine-tuned whole models with a word table of size E.
func (r *Result) cuts(size int) []Cut {
	return experiment.Where(r.Cuts, func(c Cut) bool { return c.Size == size })
}

// cut are their answers.
func (r *Result) cut(size int) map[uint64]experiment.Answers {
	return bySeed(r.cuts(size), func(c Cut) (uint64, *experiment.Answers) { return c.Seed, &c.Answers })
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
