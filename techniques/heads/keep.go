package heads

import (
	"context"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// KeepBest keeps one head in each layer in turn, with all heads of the other layers: the one that is best on a data set for the choice, and
// gives its effect on a test set (section 3.3, table 3). chosen and tested are told of what is done; they may be nil.
func KeepBest(ctx context.Context, s *gbert.Session, choice, test *finetune.Prepared, chosen, tested func(done, total int)) ([]HeadEffect, error) {
	alone, err := KeepOne(ctx, s, choice, chosen)
	if err != nil {
		return nil, err
	}
	base, err := test.Evaluate(ctx, s, nil, nil)
	if err != nil {
		return nil, err
	}
	config := s.Model().Config
	best := bestOfLayer(alone.Heads)
	var list []HeadEffect
	for i, h := range best {
		mask, err := othersOfLayer(config, h).Mask(config)
		if err != nil {
			return nil, err
		}
		kept, err := test.Evaluate(ctx, s, mask, nil)
		if err != nil {
			return nil, err
		}
		effect, err := EffectOf(test.Dataset, h, base, kept)
		if err != nil {
			return nil, err
		}
		list = append(list, effect)
		if tested != nil {
			tested(i+1, len(best))
		}
	}
	return list, nil
}

// othersOfLayer are the heads of a head's layer but for itself.
func othersOfLayer(c *gbert.Config, h Head) Set {
	var others []Head
	for _, other := range All(c) {
		if other.Layer == h.Layer && other.Head != h.Head {
			others = append(others, other)
		}
	}
	return NewSet(others...)
}

// bestOfLayer is the head of each layer with the best metric, then the lowest loss.
func bestOfLayer(effects []HeadEffect) []Head {
	var best []HeadEffect
	for _, e := range effects {
		last := len(best) - 1
		switch {
		case last < 0 || best[last].Layer != e.Layer:
			best = append(best, e)
		case e.Metric > best[last].Metric || e.Metric == best[last].Metric && e.Loss < best[last].Loss:
			best[last] = e
		}
	}
	list := make([]Head, len(best))
	for i, e := range best {
		list[i] = e.Head
	}
	return list
}
