package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Effect is an estimate with its 95 % interval, and what it stands on. An interval without width is that of a number which was counted.
type Effect struct {
	Interval
	// DF are the degrees of freedom of Student's t behind the interval; 0: those of a normal distribution.
	DF float64
	// Seeds and Examples are how many were drawn; 0: none of them.
	Seeds, Examples int
}

// Counted is an effect that no sample stands behind.
func Counted(value float64) Effect { return Effect{Interval: Interval{value, value, value}} }

// Exact reports whether no sample stands behind the effect.
func (e Effect) Exact() bool { return e.Low == e.High }

// Power is the probability with which an effect of the size of [Effect.Detectable] shows.
const Power = 0.8

// Tail is the probability on either side of a 95 % interval: the level of a test for one direction.
const Tail = 0.025

// quantile is that of the distribution behind the interval.
func (e Effect) quantile(p float64) float64 {
	if e.DF > 0 && !math.IsInf(e.DF, 1) {
		return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: e.DF}.Quantile(p)
	}
	return distuv.UnitNormal.Quantile(p)
}

// below is the probability of a value below t.
func (e Effect) below(t float64) float64 {
	if e.DF > 0 && !math.IsInf(e.DF, 1) {
		return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: e.DF}.CDF(t)
	}
	return distuv.UnitNormal.CDF(t)
}

// Above is the p value of the effect being above a bound: at most [Tail] if and only if the interval lies above it. Each side of an
// interval that is not symmetrical has its own standard error. It is 1 where the interval is undefined or without end.
func (e Effect) Above(bound float64) float64 {
	side := e.Value - e.Low
	if bound > e.Value {
		side = e.High - e.Value
	}
	switch {
	case math.IsNaN(e.Value) || math.IsNaN(side) || math.IsInf(side, 0):
		return 1
	case side <= 0 && e.Value > bound:
		return 0
	case side <= 0:
		return 1
	}
	return 1 - e.below(e.quantile(1-Tail)*(e.Value-bound)/side)
}

// Below is the p value of the effect being below a bound, as [Effect.Above].
func (e Effect) Below(bound float64) float64 { return e.Times(-1).Above(-bound) }

// Times is the effect in another unit; a negative factor turns it round.
func (e Effect) Times(factor float64) Effect {
	e.Interval = e.Interval.Times(factor)
	if factor < 0 {
		e.Low, e.High = e.High, e.Low
	}
	return e
}

// Minus is the difference of two effects that were found independently, each on its own examples, with Satterthwaite's degrees of freedom.
func (e Effect) Minus(other Effect) Effect {
	a, b := e.High-e.Low, other.High-other.Low
	half := math.Hypot(a, b) / 2
	d := Effect{Seeds: min(e.Seeds, other.Seeds), Examples: e.Examples + other.Examples}
	d.Value = e.Value - other.Value
	d.Low, d.High = d.Value-half, d.Value+half
	if e.DF > 0 && other.DF > 0 {
		a, b = a*a, b*b
		d.DF = (a + b) * (a + b) / (a*a/e.DF + b*b/other.DF)
	}
	return d
}

// Detectable is the least true effect that such a sample shows with a probability of [Power], in one direction, by a test at a level such
// as [Tail]: (t₁₋ₗₑᵥₑₗ + t₀.₈) standard errors.
func (e Effect) Detectable(level float64) float64 {
	error := (e.High - e.Low) / 2 / e.quantile(1-Tail)
	return (e.quantile(1-level) + e.quantile(Power)) * error
}

// Crossed is the mean of differences, [seeds][examples], where each seed was judged on the same examples; with one seed it is a mean over
// examples. Seeds and examples are both a sample: another training and other examples would give another mean. In the analysis of
// variance of the table, with mean squares MS of seeds, examples and the rest, half of the interval's width h is
//
//	h² = (t²_seeds · max(MS_seeds − MS_rest, 0) + t²_examples · max(MS_examples, MS_rest)) / (seeds · examples),
//
// each part by the quantile t of its own degrees of freedom, put together as by Zou and Donner (2008). A percentile bootstrap over both
// errs far too often: it draws no mean beyond those of the seeds, and all of three lie on one side of the truth in a quarter of all cases.
//
// Reach is the largest difference that an example could show, such as 1 between two answers, 0 if there is none: two examples, one on
// each side, are added to the variance (Bonett and Price 2012), so that answers that never differ are no proof.
func Crossed(differences [][]float64, reach float64) (Effect, error) {
	seeds := len(differences)
	if seeds == 0 || len(differences[0]) == 0 {
		return Effect{}, fmt.Errorf("stats: differences of %d seeds: at least one with an example was expected", seeds)
	}
	n := len(differences[0])
	bySeed, byExample := make([]float64, seeds), make([]float64, n)
	for s, row := range differences {
		if len(row) != n {
			return Effect{}, fmt.Errorf("stats: seeds with %d and with %d examples: the same ones were expected", n, len(row))
		}
		for i, d := range row {
			byExample[i] += d / float64(seeds)
		}
		bySeed[s] = stat.Mean(row, nil)
	}
	e := Effect{Interval: Interval{Value: stat.Mean(byExample, nil)}, Seeds: seeds, Examples: n}
	if reach > 0 {
		byExample = append(byExample, reach, -reach)
	}
	cells := float64(seeds * len(byExample))
	var ofSeeds, ofExamples float64 // parts of the mean's variance
	if len(byExample) > 1 {
		ofExamples = float64(seeds) * stat.Variance(byExample, nil) / cells
	}
	if seeds > 1 {
		rest := residual(differences, bySeed, byExample[:n], e.Value)
		ofSeeds, ofExamples = max(float64(n)*stat.Variance(bySeed, nil)-rest, 0)/cells, max(ofExamples, rest/cells)
	}
	last := float64(max(len(byExample)-1, 1))
	e.DF = last
	half := student(last) * math.Sqrt(ofExamples)
	if ofSeeds > 0 {
		first := float64(seeds - 1)
		half = math.Hypot(half, student(first)*math.Sqrt(ofSeeds))
		e.DF = (ofSeeds + ofExamples) * (ofSeeds + ofExamples) / (ofSeeds*ofSeeds/first + ofExamples*ofExamples/last)
	}
	middle := stat.Mean(byExample, nil)
	e.Low, e.High = min(middle-half, e.Value), max(middle+half, e.Value)
	return e, nil
}

// student is the quantile of Student's t at the end of a 95 % interval.
func student(df float64) float64 { return Effect{DF: df}.quantile(1 - Tail) }

// residual is the mean square of what neither seed nor example explains.
func residual(differences [][]float64, bySeed, byExample []float64, mean float64) float64 {
	sum := 0.0
	for s, row := range differences {
		for i, d := range row {
			r := d - bySeed[s] - byExample[i] + mean
			sum += r * r
		}
	}
	if n := len(byExample); n > 1 {
		return sum / float64((len(bySeed)-1)*(n-1))
	}
	return 0
}

// OverSeeds is the mean of a number of each seed, by Student's t.
func OverSeeds(values []float64) Effect {
	return Effect{Interval: MeanInterval(values, 0.95), DF: float64(len(values) - 1), Seeds: len(values)}
}

// MedianOf is the median of repeats, such as of times, with the interval between two of them that holds it with at least 95 % whatever their
// distribution (by the binomial of a half). Fewer than six have none: its ends are infinite.
func MedianOf(repeats []float64) Effect {
	sorted := slices.Sorted(slices.Values(repeats))
	n := len(sorted)
	e := Effect{Interval: Interval{quantile(sorted, 0.5), math.Inf(-1), math.Inf(1)}, Examples: n}
	coin := distuv.Binomial{N: float64(n), P: 0.5}
	rank := 0 // of the ends, counted from outside
	for rank < n/2 && coin.CDF(float64(rank)) <= Tail {
		rank++
	}
	if rank > 0 {
		e.Low, e.High = sorted[rank-1], sorted[n-rank]
	}
	return e
}

// MedianOfQuartiles is the median of repeats of which the quartiles alone are known, with the interval that it would have were they about
// normal: their distance is 1.349 standard deviations, and a median's standard error 1.253 standard deviations by √repeats. Quartiles are
// worth 37 % of the degrees of freedom that a standard deviation has. Fewer than six repeats have no interval, as of [MedianOf].
func MedianOfQuartiles(quartiles Interval, repeats int) Effect {
	e := Effect{Interval: Interval{quartiles.Value, math.Inf(-1), math.Inf(1)}, Examples: repeats}
	if repeats >= 6 {
		e.DF = 0.37 * float64(repeats-1)
		half := student(e.DF) * 1.253 / 1.349 * (quartiles.High - quartiles.Low) / math.Sqrt(float64(repeats))
		e.Low, e.High = e.Value-half, e.Value+half
	}
	return e
}

// Step is the p value of at least k of several statements being true, by p values of each: Holm's step k, (n−k+1)·p₍ₖ₎ at most 1, the
// partial conjunction of Benjamini and Heller (2008). For all of them it is the largest p, for one of them Bonferroni's.
func Step(p []float64, k int) float64 {
	if k < 1 || k > len(p) {
		return 1
	}
	sorted := slices.Sorted(slices.Values(p))
	return min(1, float64(len(p)-k+1)*sorted[k-1])
}

// Holm adjusts p values for their number (Holm 1979): those at most a level are all true but with that probability.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	adjusted, least := make([]float64, len(p)), 0.0
	for rank, i := range order {
		least = max(least, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = least
	}
	return adjusted
}
