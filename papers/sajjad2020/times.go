package sajjad2020

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
)

// share is a time beside that in proportion to the layers: the median and the quartiles, all divided by the whole model's.
type share struct {
	k                               int
	median, low, high, proportional float64
}

func (s share) String() string {
	return fmt.Sprintf("%d: %.3f [%.3f, %.3f] (%.3f)", s.k, s.median, s.low, s.high, s.proportional)
}

// verdict is whether all medians are near the proportion. It is open where one is not, but the quartiles reach it.
func verdict(shares []share, tolerance float64) figures.Verdict {
	result := figures.Holds
	for _, s := range shares {
		low, high := (1-tolerance)*s.proportional, (1+tolerance)*s.proportional
		switch {
		case s.high < low || s.low > high:
			return figures.DoesNotHold
		case s.median < low || s.median > high:
			result = figures.CannotTell
		}
	}
	return result
}

func (r *Result) proportional(k int) float64 { return float64(r.Layers-k) / float64(r.Layers) }

// inferenceShares are the shares of the encoder's time at the largest batch.
func (r *Result) inferenceShares() (batch SpeedBatch, shares []share) {
	batch = slices.MaxFunc(r.Speed.Batches, func(a, b SpeedBatch) int { return a.Size - b.Size })
	for _, m := range batch.Models {
		if m.K > 0 {
			shares = append(shares, share{m.K, m.Share, m.Low, m.High, r.proportional(m.K)})
		}
	}
	return batch, shares
}

// tuningShares are the shares of the time of a training step.
func (r *Result) tuningShares() []share {
	var shares []share
	all := r.stepShares()
	for _, k := range slices.Sorted(maps.Keys(all)) {
		shares = append(shares, share{k, task.Quantile(all[k], 0.5), task.Quantile(all[k], 0.25), task.Quantile(all[k], 0.75), r.proportional(k)})
	}
	return shares
}

func write(shares []share) string {
	parts := make([]string, len(shares))
	for i, s := range shares {
		parts[i] = s.String()
	}
	return strings.Join(parts, "; ")
}

func (r *Result) claimInference() experiment.Claim {
	batch, shares := r.inferenceShares()
	return experiment.Claim{
		Text: "The time of inference falls in proportion to the layers.", Korean: "추론 시간은 층 수에 비례하여 줄어든다.",
		Paper:    "half of the layers, half of the time",
		Measured: fmt.Sprintf("encoder's %s at batch %d by layers dropped, median [quartiles] (proportion): %s", r.Clock, batch.Size, write(shares)),
		Verdict:  verdict(shares, inferenceTime),
		Explanation: fmt.Sprintf("Holds if each median of %d repeats is within %.0f %% of the share of layers that stay; fails if the quartiles of one are wholly outside. The embeddings' time is subtracted. What is compared is %s%s.",
			r.Speed.Repeats, 100*inferenceTime, r.Clock, clockNote(r.Clock)),
	}
}

func (r *Result) claimTuning() experiment.Claim {
	claim := experiment.Claim{
		Text: "The time of fine-tuning falls in proportion to the layers.", Korean: "미세 조정 시간은 층 수에 비례하여 줄어든다.",
		Paper: "half of the layers, half of the time", Measured: "no step was timed",
		Explanation: fmt.Sprintf("Holds if each median over runs of the time of a training step, itself the median of the run, is within %.0f %% of the share of layers that stay; fails if the quartiles of one are wholly outside. The step includes embeddings, head and optimizer, which do not shrink. Of the last layer a classifier needs [CLS] alone, so that it costs little; if it cost nothing, the share would be (L−k−1)/(L−1): %s. Compilation is left out. Runs are timed one after another: where quartiles of runs with equally many layers, which do the same work, are more than %.0f %% of the median apart, the machine was not steady enough to tell.", 100*tuningTime, r.withoutLast(), 200*tuningTime),
	}
	if shares := r.tuningShares(); len(shares) > 0 {
		claim.Measured = fmt.Sprintf("%s of a step by layers dropped, median [quartiles] (proportion): %s", r.Clock, write(shares))
		if !slices.ContainsFunc(shares, unsteady) {
			claim.Verdict = verdict(shares, tuningTime)
		}
	}
	return claim
}

// withoutLast lists by layers dropped what the share of time would be if the last layer cost nothing.
func (r *Result) withoutLast() string {
	var parts []string
	for _, s := range r.tuningShares() {
		parts = append(parts, fmt.Sprintf("%d: %.3f", s.k, float64(r.Layers-s.k-1)/float64(r.Layers-1)))
	}
	return strings.Join(parts, "; ")
}

// clockNote says why a clock is the one that counts.
func clockNote(c experiment.Clock) string {
	if c == experiment.Processor {
		return ", which other programs on the machine hardly change; every model uses the processors alike"
	}
	return ""
}

// unsteady says that runs that do the same work took too different times to decide anything.
func unsteady(s share) bool { return s.high-s.low > 2*tuningTime*s.median }
