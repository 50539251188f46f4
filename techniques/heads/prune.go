package heads

import (
	"context"
	"fmt"
	"math"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// PruneOptions says in which order heads go, and how many at a time.
type PruneOptions struct {
	// Rank lists the heads from the first to go to the last, given the present ξ. Without Recompute it is asked once, with all
	// heads present.
	Rank func(ctx context.Context, mask gbert.HeadMask) ([]Head, error)
	// Recompute asks Rank anew before each step whose ξ has changed, and takes from its list the first heads that are still present.
	Recompute bool
	// Share is the share of all heads that goes in a step; 0.1 when 0.
	Share float64
	// Known are steps that are evaluated already, of the same model on the same data set by another order. What has the same heads
	// masked, as the first and the last step do, is taken from them.
	Known []PruneStep
	// Progress, if not nil, is told how many steps of how many are evaluated.
	Progress func(done, total int)
}

// PruneStep is the model with some heads masked.
type PruneStep struct {
	// Fraction is the share of heads that are masked, Removed which.
	Fraction float64 `json:"fraction"`
	Removed  Set     `json:"removed"`
	// Evaluation is how the model does without them.
	Evaluation *finetune.Evaluation `json:"evaluation"`
}

// Fixed is a ranking that is known already, for [PruneOptions].Rank.
func Fixed(ranking []Head) func(context.Context, gbert.HeadMask) ([]Head, error) {
	return func(context.Context, gbert.HeadMask) ([]Head, error) { return ranking, nil }
}

// Prune masks ever more heads, from none to all, and evaluates the model on a data set at each step (Michel et al. 2019,
// section 4). Step k has round(k·Share·heads) heads masked.
func Prune(ctx context.Context, s *gbert.Session, p *finetune.Prepared, o PruneOptions) ([]PruneStep, error) {
	if o.Share == 0 {
		o.Share = 0.1
	}
	if !(o.Share > 0 && o.Share <= 1) {
		return nil, fmt.Errorf("heads: a pruning step of %g of the heads; it must be above 0 and at most 1", o.Share)
	}
	if o.Rank == nil {
		return nil, fmt.Errorf("heads: no ranking to prune by: set PruneOptions.Rank, for instance to Fixed(RankByImportance(…))")
	}
	config := s.Model().Config
	rank := func(mask gbert.HeadMask) ([]Head, error) {
		ranking, err := o.Rank(ctx, mask)
		if err != nil {
			return nil, err
		}
		return ranking, NewSet(ranking...).Check(config)
	}
	total := len(All(config))
	count := int(math.Ceil(1/o.Share - 1e-9))
	mask := gbert.NewHeadMask(config)
	ranking, err := rank(mask)
	if err != nil {
		return nil, err
	}
	var steps []PruneStep
	var removed []Head
	for k := 0; k <= count; k++ {
		target := min(int(math.Round(float64(k)*o.Share*float64(total))), total)
		if k == count {
			target = total
		}
		if o.Recompute && len(removed) > 0 && len(removed) < target {
			if ranking, err = rank(mask); err != nil {
				return nil, err
			}
		}
		for _, h := range ranking {
			if len(removed) == target {
				break
			}
			if mask[h.Layer][h.Head] != 0 {
				mask[h.Layer][h.Head] = 0
				removed = append(removed, h)
			}
		}
		if len(removed) != target {
			return nil, fmt.Errorf("heads: the ranking has too few heads: %d of the model's %d", len(ranking), total)
		}
		step := PruneStep{Fraction: float64(target) / float64(max(total, 1)), Removed: NewSet(removed...)}
		known := slices.IndexFunc(o.Known, func(other PruneStep) bool { return other.Removed.String() == step.Removed.String() })
		if known >= 0 {
			step.Evaluation = o.Known[known].Evaluation
		} else if step.Evaluation, err = p.Evaluate(ctx, s, mask, nil); err != nil {
			return nil, err
		}
		steps = append(steps, step)
		if o.Progress != nil {
			o.Progress(k+1, count+1)
		}
	}
	return steps, nil
}
