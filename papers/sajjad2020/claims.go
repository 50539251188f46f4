package sajjad2020

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/layerdrop"
)

// The tolerances of the claims, fixed before the numbers were seen. Two safeguards were added after a first quick run, and can only
// leave a claim open: models that are not above the largest class, and unsteady training times, decide nothing.
const (
	levelPoints   = 0.01 // accuracy by which top may be behind and still be level
	inferenceTime = 0.05 // relative deviation of the encoder's time from the share of layers
	tuningTime    = 0.10 // the same of a whole training step, with embeddings, head and optimizer
	fewestSeeds   = 2    // for a comparison of strategies
	fewestRuns    = 3    // for the distances travelled
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	return []experiment.Claim{
		r.claimTop(), r.claimBottom(), r.claimInference(), r.claimTuning(), r.claimTravel(), r.claimBefore(), r.claimPair(),
	}, nil
}

// below reports whether an interval lies wholly below 0.
func below(list []difference) bool {
	return slices.ContainsFunc(list, func(d difference) bool { return d.High < 0 })
}

// against compares a strategy with all others at the numbers of layers that both dropped: sign·(strategy − other).
func (r edition) against(strategy layerdrop.Strategy, sign int) (list []difference, text string) {
	var parts []string
	for _, other := range r.strategies() {
		if other == strategy {
			continue
		}
		first, second := strategy, other
		if sign < 0 {
			first, second = other, strategy
		}
		if d, ok := r.between(sameK(first, second)); ok {
			list = append(list, d)
			part := fmt.Sprintf("%s − %s %s", r.Name(string(first)), r.Name(string(second)), d.Points())
			if !d.learned {
				part += r.T(" (neither above the largest class)")
			}
			parts = append(parts, part)
		}
	}
	if len(list) == 0 {
		return nil, r.F("nothing to compare: %s and another strategy were not run with equally many layers dropped", r.Name(string(strategy)))
	}
	return list, r.F("accuracy, points: %s", strings.Join(parts, "; "))
}

// seedsNote says by how many seeds a comparison stands.
func (r edition) seedsNote() string {
	note := r.T(" The paired bootstrap resamples test examples, each with its mean over the seeds and numbers of layers that both strategies have; it does not include what another seed would change. Nothing is shown by two models of which neither is above the largest class.")
	if n := len(r.Config.Seeds); n < fewestSeeds {
		note += r.F(" With %d seed nothing is decided: %d are needed.", n, fewestSeeds)
	}
	return note
}

func (r edition) claimTop() experiment.Claim {
	list, text := r.against(layerdrop.Top, 1)
	claim := experiment.Claim{Text: r.T("Dropping the top layers is the best strategy, or level with the best."),
		Paper:       r.T("top is best overall; BERT-base, mean of 7 GLUE tasks: 86.19 whole, 84.86, 84.19, 83.28 without the top 2, 4, 6 of 12 layers (recalled; the losses of 2.00 and 2.91 points are the paper's)"),
		Measured:    text,
		Explanation: r.F("Holds if, against every other strategy, the lower end of the 95 %% interval is at least −%.0f point; fails if an interval lies wholly below 0.%s", 100*levelPoints, r.seedsNote()),
	}
	if len(list) == 0 || len(r.Config.Seeds) < fewestSeeds {
		return claim
	}
	behind := func(d difference) bool { return d.Low < -levelPoints || !d.learned }
	return claim.With(experiment.Decide(!below(list) && !slices.ContainsFunc(list, behind), below(list)))
}

func (r edition) claimBottom() experiment.Claim {
	list, text := r.against(layerdrop.Bottom, -1)
	claim := experiment.Claim{Text: r.T("Dropping the bottom layers is the worst strategy."),
		Paper: r.T("bottom is worst; no single number"), Measured: text,
		Explanation: r.F("Holds if every other strategy's 95 %% interval above bottom lies above 0; fails if one lies wholly below 0.%s", r.seedsNote()),
	}
	if len(list) == 0 || len(r.Config.Seeds) < fewestSeeds {
		return claim
	}
	level := func(d difference) bool { return d.Low <= 0 || !d.learned }
	return claim.With(experiment.Decide(!below(list) && !slices.ContainsFunc(list, level), below(list)))
}

// travelOrder is Spearman's ρ of the layers' numbers and the distances that they travelled, for each run.
func (r *Result) travelOrder() []float64 {
	numbers := make([]float64, r.Layers)
	for l := range numbers {
		numbers[l] = float64(l)
	}
	var orders []float64
	for _, t := range r.Tasks {
		for _, travel := range t.Travel {
			orders = append(orders, stats.Spearman(numbers, travel))
		}
	}
	return orders
}

func (r edition) claimTravel() experiment.Claim {
	orders := r.travelOrder()
	claim := experiment.Claim{Text: r.T("The lower layers change least in fine-tuning."),
		Paper:       r.T("BERT: lower layers change least (similarity before and after, a figure)"),
		Explanation: r.F("Spearman's ρ of the layer's number and ‖θ−θ₀‖/‖θ₀‖, for each run of the whole model. Holds if the 95 %% interval of its mean (Student's t over runs, which share the pretrained model) lies above 0; needs %d runs.", fewestRuns),
	}
	parts := make([]string, len(orders))
	for i, rho := range orders {
		parts[i] = fmt.Sprintf("%+.2f", rho)
	}
	claim.Measured = r.F("ρ by run: %s", strings.Join(parts, ", "))
	if len(orders) >= fewestRuns {
		mean := stats.MeanInterval(orders, 0.95)
		claim.Measured = r.F("mean ρ %+.2f [%+.2f, %+.2f]; by run: %s", mean.Value, max(mean.Low, -1), min(mean.High, 1), strings.Join(parts, ", "))
		claim.Verdict = experiment.ByInterval(mean.Low, mean.High, 0)
	}
	return claim
}

func (r edition) claimBefore() experiment.Claim {
	d, ok := r.between(func(a, b Trial) bool {
		return a.When == Before && b.When == After && a.Strategy == b.Strategy && slices.Equal(a.Dropped, b.Dropped)
	})
	claim := experiment.Claim{Text: r.T("Dropping layers before fine-tuning is better than dropping them after it."),
		Paper:       r.T("dropping after fine-tuning is not better"),
		Measured:    r.T("not run"),
		Explanation: r.T("Holds if the 95 % interval of the difference, by the paired bootstrap over test examples, lies above 0: mean over tasks, seeds and all sets of layers. Layers dropped after fine-tuning are not followed by further training."),
	}
	if ok {
		claim.Measured = r.F("accuracy, points: before − after %s", d.Points())
		claim.Verdict = experiment.ByInterval(d.Low, d.High, 0)
	}
	return claim
}

// claimPair compares what pair tasks and others lose without their top layers.
func (r edition) claimPair() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Tasks on pairs of sentences are more sensitive than sentiment."),
		Paper:       r.T("QNLI and MNLI lose most"),
		Explanation: r.T("What accuracy falls by without the top layers, mean over their numbers and seeds: pair tasks minus others. Holds if the 95 % interval (normal, over test examples) lies above 0; needs a task of each kind. A task on which the models without layers are not above the largest class has lost all that it could, and could have lost more: nothing is decided then."),
	}
	losses := map[bool][]float64{}
	var floor []string // tasks that could not lose more
	for _, t := range r.Tasks {
		whole, dropped := t.pair(func(a, b Trial) bool { return a.Strategy == "" && b.Strategy == layerdrop.Top && b.When == Before })
		for i := range whole {
			losses[t.Pair] = append(losses[t.Pair], whole[i]-dropped[i])
		}
		if len(dropped) > 0 && stat.Mean(dropped, nil) <= t.Majority+1e-9 {
			floor = append(floor, t.Task)
		}
	}
	if len(losses[true]) < 2 || len(losses[false]) < 2 {
		claim.Measured = r.T("not run: the protocol does not have a pair task and another one, with the top layers dropped")
		return claim
	}
	var means, errors [2]float64
	for i, pair := range []bool{true, false} {
		mean, deviation := stat.MeanStdDev(losses[pair], nil)
		means[i], errors[i] = mean, stat.StdErr(deviation, float64(len(losses[pair])))
	}
	d, half := means[0]-means[1], distuv.UnitNormal.Quantile(0.975)*math.Hypot(errors[0], errors[1])
	claim.Measured = r.F("points lost: pair tasks %.2f, others %.2f; difference %+.2f [%+.2f, %+.2f]", 100*means[0], 100*means[1], 100*d, 100*(d-half), 100*(d+half))
	if len(floor) > 0 {
		claim.Measured += r.F("; without the layers at the largest class: %s", strings.Join(floor, ", "))
	}
	switch {
	case len(r.Config.Seeds) >= fewestSeeds && len(floor) == 0:
		claim.Verdict = experiment.ByInterval(d-half, d+half, 0)
	case len(r.Config.Seeds) < fewestSeeds:
		claim.Explanation += r.F(" With %d seed nothing is decided: %d are needed.", len(r.Config.Seeds), fewestSeeds)
	}
	return claim
}

// share is a time beside that in proportion to the layers: the median and the quartiles, all divided by the whole model's.
type share struct {
	k int
	stats.Interval
	proportional float64
}

func (s share) String() string {
	return fmt.Sprintf("%d: %s (%.3f)", s.k, s.Text("%.3f"), s.proportional)
}

// verdict is whether all medians are near the proportion. It is open where one is not, but the quartiles reach it.
func verdict(shares []share, tolerance float64) report.Verdict {
	result := report.Holds
	for _, s := range shares {
		low, high := (1-tolerance)*s.proportional, (1+tolerance)*s.proportional
		switch {
		case s.High < low || s.Low > high:
			return report.DoesNotHold
		case s.Value < low || s.Value > high:
			result = report.CannotTell
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
			shares = append(shares, share{m.K, stats.Interval{Value: m.Share, Low: m.Low, High: m.High}, r.proportional(m.K)})
		}
	}
	return batch, shares
}

// tuningShares are the shares of the time of a training step.
func (r *Result) tuningShares() []share {
	var shares []share
	all := r.stepShares()
	for _, k := range slices.Sorted(maps.Keys(all)) {
		shares = append(shares, share{k, stats.Quartiles(all[k]), r.proportional(k)})
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

func (r edition) claimInference() experiment.Claim {
	batch, shares := r.inferenceShares()
	return experiment.Claim{Text: r.T("The time of inference falls in proportion to the layers."),
		Paper:       r.T("half of the layers, half of the time"),
		Measured:    r.F("encoder's %s at batch %d by layers dropped, median [quartiles] (proportion): %s", r.Name(r.Clock.String()), batch.Size, write(shares)),
		Verdict:     verdict(shares, inferenceTime),
		Explanation: r.F("Holds if each median of %d repeats is within %.0f %% of the share of layers that stay; fails if the quartiles of one are wholly outside. The embeddings' time is subtracted. What is compared is %s%s.", r.Speed.Repeats, 100*inferenceTime, r.Name(r.Clock.String()), clockNote(r.Printer, r.Clock)),
	}
}

func (r edition) claimTuning() experiment.Claim {
	claim := experiment.Claim{Text: r.T("The time of fine-tuning falls in proportion to the layers."),
		Paper: r.T("half of the layers, half of the time"), Measured: r.T("no step was timed"),
		Explanation: r.F("Holds if each median over runs of the time of a training step, itself the median of the run, is within %.0f %% of the share of layers that stay; fails if the quartiles of one are wholly outside. The step includes embeddings, head and optimizer, which do not shrink. Of the last layer a classifier needs [CLS] alone, so that it costs little; if it cost nothing, the share would be (L−k−1)/(L−1): %s. Compilation is left out. Runs are timed one after another: where quartiles of runs with equally many layers, which do the same work, are more than %.0f %% of the median apart, the machine was not steady enough to tell.", 100*tuningTime, r.withoutLast(), 200*tuningTime),
	}
	if shares := r.tuningShares(); len(shares) > 0 {
		claim.Measured = r.F("%s of a step by layers dropped, median [quartiles] (proportion): %s", r.Name(r.Clock.String()), write(shares))
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
func clockNote(say *words.Printer, c experiment.Clock) string {
	if c == experiment.Processor {
		return say.T(", which other programs on the machine hardly change; every model uses the processors alike")
	}
	return ""
}

// unsteady says that runs that do the same work took too different times to decide anything.
func unsteady(s share) bool { return s.High-s.Low > 2*tuningTime*s.Value }
