package michel2019

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/heads"
)

// level is the paper's level of significance.
const level = 0.01

// Claims are the paper's statements with the numbers measured here. The rules were fixed before the numbers were seen.
func (r edition) Claims() ([]experiment.Claim, error) {
	claims := []experiment.Claim{r.claimSingleHeads(), r.claimSomeHelp(), r.claimOneHead()}
	for _, other := range []struct {
		order Order
		text  string
		paper string
	}{
		{AtRandom, r.T("Pruning by importance keeps more accuracy than pruning at random."), r.T("not in the paper; its premise")},
		{ByReverse, r.T("Pruning by importance keeps more accuracy than the reverse order."), r.T("not in the paper; its premise")},
		{ByScore, r.T("Pruning by importance keeps more accuracy than pruning by the heads' own score differences, an oracle."), r.T("Figure 3: the importance curve lies above")},
	} {
		claim, err := r.claimArea(other.order, other.text, other.paper)
		if err != nil {
			return nil, err
		}
		claims = append(claims, claim)
	}
	claims = append(claims, r.claimPlateau(), r.claimTransfer(), r.claimSpeed())
	return claims, nil
}

func (r *Result) significant(effects []heads.HeadEffect) (worse, better int) {
	for _, e := range effects {
		switch {
		case e.PValue >= level:
		case e.MetricDelta < 0:
			worse++
		case e.MetricDelta > 0:
			better++
		}
	}
	return worse, better
}

func (r edition) claimSingleHeads() experiment.Claim {
	worse, better := r.significant(r.Ablation.Heads)
	n := len(r.Ablation.Heads)
	low, high := 0.0, 0.0
	for i, e := range r.Ablation.Heads {
		if i == 0 || e.MetricDelta < low {
			low = e.MetricDelta
		}
		if i == 0 || e.MetricDelta > high {
			high = e.MetricDelta
		}
	}
	return experiment.Claim{Text: r.T("Most heads can be removed one at a time without a significant change."),
		Paper:       r.T("8 of 96 heads significant (p < 0.01, WMT, Table 1); BERT: Figure 1b, no count"),
		Measured:    r.F("%d of %d heads significant (%d worse, %d better); changes of %s from %+.2f to %+.2f points", worse+better, n, worse, better, r.Name(r.Metric), 100*low, 100*high),
		Verdict:     experiment.When(2*(worse+better) < n),
		Explanation: r.F("Holds if fewer than half of the heads change the predictions by McNemar's exact test at p < 0.01, on %d test examples.", r.Ablation.Examples),
	}
}

func (r edition) claimSomeHelp() experiment.Claim {
	up, lossDown := 0, 0
	best := r.Ablation.Heads[0]
	for _, e := range r.Ablation.Heads {
		if e.MetricDelta > 0 {
			up++
		}
		if e.LossHigh < 0 {
			lossDown++
		}
		if e.LossDelta < best.LossDelta {
			best = e
		}
	}
	// With n heads tested at 95 %, chance alone makes n·2.5 % intervals lie below zero; the binomial tail says when that is not it.
	n := len(r.Ablation.Heads)
	verdict := report.CannotTell
	switch {
	case lossDown > upperBinomial(n, 0.025):
		verdict = report.Holds
	case up == 0 && lossDown == 0:
		verdict = report.DoesNotHold
	}
	return experiment.Claim{Text: r.T("Some heads do harm: the model is better without them."),
		Paper:       r.T("half of the 8 significant heads raise BLEU (Table 1)"),
		Measured:    r.F("%s rises for %d of %d heads; the loss falls, with its 95 %% interval below 0, for %d; the best is %s, %+.4f nats [%+.4f, %+.4f]", r.Name(r.Metric), up, n, lossDown, best.Head, best.LossDelta, best.LossLow, best.LossHigh),
		Verdict:     verdict,
		Explanation: r.F("Holds if more intervals of the loss lie below 0 than the %d that chance gives among %d heads with a probability of 1 %%.", upperBinomial(n, 0.025), n),
	}
}

// upperBinomial is the smallest k with P(X > k) ≤ 1 % for X binomial with n throws of probability p.
func upperBinomial(n int, p float64) int {
	distribution := distuv.Binomial{N: float64(n), P: p}
	k := 0
	for 1-distribution.CDF(float64(k)) > 0.01 {
		k++
	}
	return k
}

func (r edition) claimOneHead() experiment.Claim {
	worse, _ := r.significant(r.OneHead)
	var parts []string
	for _, e := range r.OneHead {
		parts = append(parts, fmt.Sprintf("%+.2f", 100*e.MetricDelta))
	}
	return experiment.Claim{Text: r.T("One head is enough in most layers."),
		Paper:       r.T("no layer of BERT significantly worse (p < 0.01), heads chosen on other data; best per layer −0.96 to +0.10 points (Table 3)"),
		Measured:    r.F("%d of %d layers significantly worse; change of %s by layer: %s points", worse, len(r.OneHead), r.Name(r.Metric), strings.Join(parts, ", ")),
		Verdict:     experiment.When(2*worse < len(r.OneHead)),
		Explanation: r.T("The head that stays is chosen on training examples, layer by layer, and tested on the test set. Holds if fewer than half of the layers are significantly worse."),
	}
}

// areas are, for each test example, the mean of an order's areas over seeds and draws; nil if the order was not run.
func (r *Result) areas(order Order) []float64 {
	var mean []float64
	count := 0.0
	for _, c := range r.Curves {
		if c.Order != order {
			continue
		}
		if mean == nil {
			mean = make([]float64, len(c.Areas))
		}
		for i, area := range c.Areas {
			mean[i] += area
		}
		count++
	}
	for i := range mean {
		mean[i] /= count
	}
	return mean
}

func (r edition) claimArea(other Order, text, paper string) (experiment.Claim, error) {
	claim := experiment.Claim{Text: text, Paper: paper}
	a, b := r.areas(ByImportance), r.areas(other)
	if b == nil {
		claim.Measured, claim.Explanation = r.T("not run"), r.T("The protocol has no such order.")
		return claim, nil
	}
	difference, err := stats.PairedBootstrap(a, b, stats.Resampling{Seed: 1})
	if err != nil {
		return claim, err
	}
	claim.Measured = r.F("area under the accuracy curve %.4f against %.4f: %+.4f [%+.4f, %+.4f]", difference.First, difference.Second, difference.Value, difference.Low, difference.High)
	claim.Verdict = experiment.ByInterval(difference.Low, difference.High, 0)
	claim.Explanation = r.T("The 95 % interval of the difference, by the paired bootstrap over test examples, decides. It does not include what another fine-tuning run would change.")
	return claim, nil
}

func mean(values []float64) float64 { return stat.Mean(values, nil) }

// plateau is the largest pruned share up to which no curve of the order is significantly worse than the whole model.
func (r *Result) plateau(order Order) (share float64, at float64) {
	share = math.Inf(1)
	for _, c := range r.Curves {
		if c.Order != order {
			continue
		}
		reached := 0.0
		for _, p := range c.Points {
			if p.PValue < level && p.Score < c.Points[0].Score {
				break
			}
			reached = p.Fraction
		}
		share = min(share, reached)
	}
	return share, r.score(order, 0.4)
}

// score is the mean score of an order at the step nearest to a share.
func (r *Result) score(order Order, share float64) float64 {
	var values []float64
	for _, c := range r.Curves {
		if c.Order == order {
			nearest := slices.MinFunc(c.Points, func(a, b Point) int {
				return cmp.Compare(math.Abs(a.Fraction-share), math.Abs(b.Fraction-share))
			})
			values = append(values, nearest.Score)
		}
	}
	return mean(values)
}

func (r edition) claimPlateau() experiment.Claim {
	share, at40 := r.plateau(ByImportance)
	whole := r.score(ByImportance, 0)
	end := r.score(ByImportance, 1)
	return experiment.Claim{Text: r.T("Up to 40 % of the heads can be pruned without a noticeable loss, then accuracy falls off a cliff."),
		Paper:       r.T("BERT on MNLI: 40 % (Figure 3); SST-2 60 %, CoLA and MRPC 50 % (Figure 6)"),
		Measured:    r.F("no significant loss (p < 0.01) up to %.0f %%; %s %.4f whole, %.4f at 40 %%, %.4f without heads (largest class %.4f)", 100*share, r.Name(r.Metric), whole, at40, end, r.Majority),
		Verdict:     experiment.When(share >= 0.4-0.02 && at40-end > 4*max(whole-at40, 0)),
		Explanation: r.T("Holds if no seed is significantly worse (McNemar, p < 0.01) at any step up to 40 %, and the last 60 % cost something, and more than four times what the first 40 % cost."),
	}
}

func (r edition) claimTransfer() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Heads that matter in one domain matter in another."),
		Paper: r.T("Pearson's r 0.68 (MNLI matched and mismatched), 0.56 (news and MTNT) (Figure 2)"),
	}
	if r.Transfer == nil {
		claim.Measured, claim.Explanation = r.T("not run"), r.T("The protocol names no out-of-domain set.")
		return claim
	}
	t := r.Transfer
	claim.Measured = r.F("%s and %s: r = %.2f [%.2f, %.2f] of the change of %s, %.2f [%.2f, %.2f] of the change of the loss", r.Config.Task, t.Task, t.R, t.RLow, t.RHigh, r.Name(r.Metric), t.RLoss, t.RLossLow, t.RLossHi)
	claim.Verdict = experiment.ByInterval(t.RLow, t.RHigh, 0)
	claim.Explanation = r.T("Holds if the 95 % interval of r (Fisher's z, over heads) of the change of the metric lies above 0.")
	return claim
}

func (r edition) claimSpeed() experiment.Claim {
	last := r.Speed.Batches[len(r.Speed.Batches)-1]
	var parts []string
	for _, b := range r.Speed.Batches {
		parts = append(parts, fmt.Sprintf("%d: %+.1f %%", b.Size, 100*(b.Ratio-1)))
	}
	ideal := float64(r.Speed.MACs)/float64(r.Speed.PrunedMACs) - 1
	return experiment.Claim{Text: r.T("Removing half of the heads makes the model faster, most at large batches."),
		Paper:       r.T("examples/s at batch 1, 4, 16, 64: +1.9, +2.7, +17.5, +17.5 % (Table 4, GTX 1080 Ti)"),
		Measured:    r.F("examples/s at batch %s; quartiles at batch %d: %+.1f to %+.1f %%; by operations %+.1f %%", strings.Join(parts, ", "), last.Size, 100*(last.Low-1), 100*(last.High-1), 100*ideal),
		Verdict:     experiment.ByInterval(last.Low, last.High, 1),
		Explanation: r.F("Median of %d timed pairs. Holds if the quartiles at the largest batch lie above 0.", r.Speed.Repeats),
	}
}
