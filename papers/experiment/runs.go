package experiment

import (
	"gonum.org/v1/gonum/stat"

	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// What results are asked again and again: of which runs something holds, and what is known of all of them.

// Where are the elements of a list for which a condition holds, in their order; nil without any.
func Where[T any](list []T, holds func(T) bool) []T {
	var those []T
	for _, element := range list {
		if holds(element) {
			those = append(those, element)
		}
	}
	return those
}

// Each is what is asked of each element, such as a number or a name.
func Each[T, V any](list []T, of func(T) V) []V {
	values := make([]V, len(list))
	for i, element := range list {
		values[i] = of(element)
	}
	return values
}

// Mean is the mean of a number over a list; NaN without any.
func Mean[T any](list []T, of func(T) float64) float64 { return stat.Mean(Each(list, of), nil) }

// Match adds all pairs of two groups of models that have the same seed; of gives a model's seed, and what it gets right by example. See
// [Paired.Add].
func Match[T any](p *Paired, block string, first, second []T, of func(T) (seed uint64, right []float64)) {
	for _, a := range first {
		for _, b := range second {
			seed, one := of(a)
			if same, other := of(b); same == seed {
				p.Add(seed, block, one, other)
			}
		}
	}
}

// OverSeeds is evidence of the mean of values, one a seed; none without values. See [stats.OverSeeds].
func OverSeeds(name string, values []float64) []Evidence {
	if len(values) == 0 {
		return nil
	}
	return []Evidence{That(name, stats.OverSeeds(values))}
}

// AtLargest is the evidence of the speed at the largest batch, which is the last; none without batches.
func AtLargest(say *words.Printer, name string, batches []SpeedBatch, p Provenance) []Evidence {
	if len(batches) == 0 {
		return nil
	}
	return []Evidence{batches[len(batches)-1].Evidence(say, name, p)}
}
