package wang2022

import (
	"fmt"
	"slices"

	"bertlab/gbert/task"
)

// cell is what is compared: a form at a ratio, recovered in a way.
type cell struct {
	form     Form
	ratio    float64
	recovery Recovery
}

// means are the test examples' shares of right predictions over the seeds, of the trials that are wanted; nil without any.
func means(trials []Trial, wanted func(Trial) bool) []float64 {
	var sums []float64
	n := 0
	for _, t := range trials {
		if !wanted(t) {
			continue
		}
		if sums == nil {
			sums = make([]float64, len(t.Right))
		}
		for i := range sums {
			sums[i] += float64(t.Right[i] - '0')
		}
		n++
	}
	for i := range sums {
		sums[i] /= float64(n)
	}
	return sums
}

func (r *Result) means(c cell) []float64 {
	return means(r.Trials, func(t Trial) bool { return t.Form == c.form && t.Ratio == c.ratio && t.Recovery == c.recovery })
}

func (r *Result) wholeMeans() []float64 { return means(r.Whole, func(Trial) bool { return true }) }

// difference is mean accuracy of one list of examples minus another, with the 95 % interval of the paired bootstrap over examples.
func difference(a, b []float64) (task.BootstrapResult, error) {
	return task.PairedBootstrap(a, b, task.Resampling{Seed: 1, Resamples: 2000})
}

// against is a cell's accuracy minus that of the whole models; false where it was not run.
func (r *Result) against(c cell) (task.BootstrapResult, bool, error) {
	mine := r.means(c)
	if mine == nil {
		return task.BootstrapResult{}, false, nil
	}
	d, err := difference(mine, r.wholeMeans())
	return d, true, err
}

// accuracy is the whole models' mean share of right predictions.
func (r *Result) accuracy() float64 {
	sum := 0.0
	list := r.wholeMeans()
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}

// variant is a form at a ratio, of the first seed.
func (r *Result) variant(form Form, ratio float64) (Variant, bool) {
	i := slices.IndexFunc(r.Variants, func(v Variant) bool {
		return v.Form == form && v.Ratio == ratio && v.Seed == r.Config.Seeds[0]
	})
	if i < 0 {
		return Variant{}, false
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

// points writes a difference of accuracies with its interval.
func points(d task.BootstrapResult) string {
	return fmt.Sprintf("%+.2f [%+.2f, %+.2f]", 100*d.Estimate, 100*d.Low, 100*d.High)
}
