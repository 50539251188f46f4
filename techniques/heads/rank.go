package heads

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"bertlab/gbert"
)

// RankByImportance lists the model's heads from the least to the most important, by the normalised importance; equals in the
// order of layer and head. Heads that can only go together (see [Units]) stand together, by the sum of what each contributes.
func RankByImportance(c *gbert.Config, importance *Importance) []Head {
	units := Units(c)
	values := unitImportance(units, importance)
	order := make([]int, len(units))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	return inOrder(units, order)
}

// inOrder lists the heads of units in an order of these.
func inOrder(units [][]Head, order []int) []Head {
	var list []Head
	for _, i := range order {
		list = append(list, units[i]...)
	}
	return list
}

// RankByScore lists the heads from the one whose masking costs the least of the task's primary metric to the one whose masking
// costs the most; equals by the loss. It is the order "by score difference" of Michel et al. 2019, an oracle where the
// ablation was done on the data that the pruned model is judged on.
func RankByScore(ablation *Ablation) []Head {
	effects := slices.Clone(ablation.Heads)
	slices.SortStableFunc(effects, func(a, b HeadEffect) int {
		return cmp.Or(cmp.Compare(b.MetricDelta, a.MetricDelta), cmp.Compare(a.LossDelta, b.LossDelta))
	})
	list := make([]Head, len(effects))
	for i, effect := range effects {
		list[i] = effect.Head
	}
	return list
}

// RankAtRandom lists the model's heads in an order drawn with the seed, those that can only go together beside each other.
func RankAtRandom(c *gbert.Config, seed uint64) []Head {
	units := Units(c)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	return slices.Concat(units...)
}

// Reversed is a ranking from its end.
func Reversed(ranking []Head) []Head {
	list := slices.Clone(ranking)
	slices.Reverse(list)
	return list
}
