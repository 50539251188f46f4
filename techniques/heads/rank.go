package heads

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"bertlab/gbert"
)

// RankByImportance lists the model's heads from the least to the most important, by the normalised importance; equals in the
// order of layer and head.
func RankByImportance(c *gbert.Config, importance *Importance) []Head {
	list := All(c)
	slices.SortStableFunc(list, func(a, b Head) int {
		return cmp.Compare(importance.Normalized[a.Layer][a.Head], importance.Normalized[b.Layer][b.Head])
	})
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

// RankAtRandom lists the model's heads in an order drawn with the seed.
func RankAtRandom(c *gbert.Config, seed uint64) []Head {
	list := All(c)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// Reversed is a ranking from its end.
func Reversed(ranking []Head) []Head {
	list := slices.Clone(ranking)
	slices.Reverse(list)
	return list
}
