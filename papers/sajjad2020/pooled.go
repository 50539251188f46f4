package sajjad2020

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"bertlab/gbert/task"
	"bertlab/techniques/layerdrop"
)

// resamples is the number of resamples of every bootstrap here.
const resamples = 2000

// difference is a mean difference of accuracy with its 95 % interval, in shares.
type difference struct {
	task.BootstrapResult
	// learned says that at least one side is right more often than the largest class.
	learned bool
}

func (d difference) String() string {
	return fmt.Sprintf("%+.2f [%+.2f, %+.2f]", 100*d.Estimate, 100*d.Low, 100*d.High)
}

// compare is the mean difference of accuracy between all pairs of runs of a task and a seed that match. An example's differences
// are averaged first and resampled as one, since its answers under several seeds are not independent; the examples of all tasks
// are then pooled. ok is false without pairs.
func (r *Result) compare(match func(a, b Trial) bool) (d difference, ok bool, err error) {
	var a, b []float64
	largest := 0.0
	for _, t := range r.Tasks {
		x, y := t.pair(match)
		a, b = append(a, x...), append(b, y...)
		largest += t.Majority * float64(len(x))
	}
	if len(a) == 0 {
		return d, false, nil
	}
	d.learned = max(floats.Sum(a), floats.Sum(b)) > largest+1e-9*float64(len(a))
	d.BootstrapResult, err = task.PairedBootstrap(a, b, task.Resampling{Seed: 1, Resamples: resamples})
	return d, true, err
}

// pair is the share of right answers to each example on both sides of all matching pairs, [examples]; nil without a pair.
func (t *TaskResult) pair(match func(a, b Trial) bool) (x, y []float64) {
	n := 0
	for _, a := range t.Runs {
		for _, b := range t.Runs {
			if a.Seed != b.Seed || !match(a, b) {
				continue
			}
			if x == nil {
				x, y = make([]float64, len(a.Right)), make([]float64, len(a.Right))
			}
			for i := range x {
				x[i] += float64(a.Right[i] - '0')
				y[i] += float64(b.Right[i] - '0')
			}
			n++
		}
	}
	for i := range x {
		x[i] /= float64(n)
		y[i] /= float64(n)
	}
	return x, y
}

// sameK matches runs of two strategies that dropped equally many layers before fine-tuning, but not the same ones.
func sameK(first, second layerdrop.Strategy) func(a, b Trial) bool {
	return func(a, b Trial) bool {
		return a.Strategy == first && b.Strategy == second && a.When == Before && b.When == Before &&
			a.K() == b.K() && !slices.Equal(a.Dropped, b.Dropped)
	}
}

// againstWhole matches the runs of a choice with the whole model.
func againstWhole(strategy layerdrop.Strategy, when When, k int) func(a, b Trial) bool {
	return func(a, b Trial) bool {
		return b.Strategy == "" && a.Strategy == strategy && a.When == when && a.K() == k
	}
}

// accuracy is the mean accuracy of the whole model over seeds.
func (t *TaskResult) accuracy() float64 {
	var values []float64
	for _, run := range t.Runs {
		if run.Strategy == "" {
			values = append(values, run.accuracy())
		}
	}
	return stat.Mean(values, nil)
}

// accuracy is the share of the examples whose class was predicted.
func (r Trial) accuracy() float64 {
	right := 0
	for _, ok := range r.right() {
		right += bit(ok)
	}
	return float64(right) / float64(max(len(r.Right), 1))
}

// strategies are those that were run, in the order of their first run.
func (r *Result) strategies() []layerdrop.Strategy {
	var list []layerdrop.Strategy
	for _, t := range r.Tasks {
		for _, run := range t.Runs {
			if run.Strategy != "" && !slices.Contains(list, run.Strategy) {
				list = append(list, run.Strategy)
			}
		}
	}
	return list
}

// drops are the numbers of layers that a strategy dropped at a time, ascending.
func (t *TaskResult) drops(strategy layerdrop.Strategy, when When) []int {
	var list []int
	for _, run := range t.Runs {
		if run.Strategy == strategy && run.When == when {
			list = append(list, run.K())
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// stepShares are, for each number of layers dropped before fine-tuning, the times of a training step divided by those of the
// whole model with the same task and seed, by the result's clock. Runs without a timed step are left out.
func (r *Result) stepShares() map[int][]float64 {
	shares := map[int][]float64{}
	for _, t := range r.Tasks {
		whole := map[uint64]float64{}
		for _, run := range t.Runs {
			if run.Strategy == "" {
				whole[run.Seed] = run.StepClock
			}
		}
		for _, run := range t.Runs {
			if run.When == Before && run.StepClock > 0 && whole[run.Seed] > 0 {
				shares[run.K()] = append(shares[run.K()], run.StepClock/whole[run.Seed])
			}
		}
	}
	return shares
}
