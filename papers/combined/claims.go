package combined

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
)

// The tolerances of the claims, fixed before the numbers were seen.
const (
	lossAllowed = 0.02  // of the metric, for a model that counts as one that still works
	levelMetric = 0.005 // of the metric, within which half precision must stay
	levelSpeed  = 1.05  // a speed above which time was saved
)

// Claims are the statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	return []experiment.Claim{r.claimCombine(), r.claimHalf(), r.claimTime(), r.claimTeacher(), r.claimAgain()}, nil
}

// works are the models of recipes whose metric falls by at most lossAllowed, surely; smallest file first.
func (r *Result) works(combined bool) []*compare.Measurement {
	var list []*compare.Measurement
	for i := range r.Comparison.Models {
		m := &r.Comparison.Models[i]
		if i > 0 && m.Combined == combined && m.Sizes.Stored < r.Comparison.Models[0].Sizes.Stored && m.DropWithin(lossAllowed) >= compare.Sure {
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b *compare.Measurement) int { return int(a.Sizes.Stored - b.Sizes.Stored) })
	return list
}

func (r edition) claimCombine() experiment.Claim {
	claim := experiment.Claim{
		Text:  r.T("A combination gives a smaller model than any technique alone, at the same loss."),
		Paper: r.T("not asked: papers report one technique each"),
		Explanation: r.F("Of the models whose metric falls by at most %.0f points with a probability of %.0f %% (paired bootstrap), the smallest file as stored: holds if it is a combination's, fails if it is a single technique's. Undecided if no combination is that sure.",
			100*lossAllowed, 100*compare.Sure),
	}
	single, several := r.works(false), r.works(true)
	name := func(list []*compare.Measurement) string {
		if len(list) == 0 {
			return r.T("none")
		}
		m := list[0]
		return r.F("%s, %.1f MB, P = %.2f", m.Name, float64(m.Sizes.Stored)/1e6, m.DropWithin(lossAllowed))
	}
	claim.Measured = r.F("smallest of one technique: %s; of several: %s; original %.1f MB", name(single), name(several), float64(r.Comparison.Models[0].Sizes.Stored)/1e6)
	if len(several) > 0 {
		claim.Verdict = experiment.When(len(single) == 0 || several[0].Sizes.Stored < single[0].Sizes.Stored)
	}
	return claim
}

// lacks says that the protocol does not have the recipes that a claim is about.
func (r edition) lacks(claim experiment.Claim, names ...string) experiment.Claim {
	claim.Measured, claim.Verdict = r.F("not run: the protocol lacks one of %s", strings.Join(names, ", ")), report.CannotTell
	return claim
}

func (r edition) claimHalf() experiment.Claim {
	claim := experiment.Claim{
		Text: r.T("Storing weights in half precision costs nothing."), Paper: r.T("common practice, not one paper's number"),
		Explanation: r.F("Holds if the 95 %% interval of the metric's change lies within ±%.1f points; fails if it lies wholly outside.", 100*levelMetric),
	}
	m, ok := r.Comparison.Find("float16")
	if !ok {
		return r.lacks(claim, "float16")
	}
	d := m.Against.Metric
	claim.Measured = r.F("change %+.2f points [%+.2f, %+.2f]; logits differ by at most %.2g; file %.1f of %.1f MB", -100*d.Value+0, -100*d.High+0, -100*d.Low+0, m.Logits,
		float64(m.Sizes.Stored)/1e6, float64(r.Comparison.Models[0].Sizes.Stored)/1e6)
	switch {
	case d.Low >= -levelMetric && d.High <= levelMetric:
		claim.Verdict = report.Holds
	case d.Low > levelMetric || d.High < -levelMetric:
		claim.Verdict = report.DoesNotHold
	}
	return claim
}

func (r edition) claimTime() experiment.Claim {
	names := []string{"float16", "embedding", "shared"}
	claim := experiment.Claim{
		Text:        r.T("Half precision on disk, a factored word table and shared layers save bytes, not time."),
		Paper:       r.T("ALBERT: sharing saves parameters, not operations (Lan et al. 2020)"),
		Explanation: r.F("Holds if, for each, the upper quartile of the speed against the original is at most %.2f; fails if a lower quartile is above it.", levelSpeed),
	}
	var parts []string
	verdict := report.Holds
	for _, name := range names {
		m, ok := r.Comparison.Find(name)
		if !ok {
			return r.lacks(claim, names...)
		}
		l := m.Latency[len(m.Latency)-1]
		parts = append(parts, r.F("%s %.2f× [%.2f, %.2f]", name, l.Speed, l.SpeedLow, l.SpeedHigh))
		switch {
		case l.SpeedLow > levelSpeed:
			verdict = report.DoesNotHold
		case l.SpeedHigh > levelSpeed && verdict == report.Holds:
			verdict = report.CannotTell
		}
	}
	batch := r.Comparison.Batches[len(r.Comparison.Batches)-1]
	claim.Measured = r.F("speed at batch %d, median [quartiles]: %s", batch, strings.Join(parts, "; "))
	claim.Verdict = verdict
	return claim
}

func (r *Result) pair(a, b string) (*compare.Pair, bool) {
	i := slices.IndexFunc(r.Comparison.Pairs, func(p compare.Pair) bool { return p.A == a && p.B == b })
	if i < 0 {
		return nil, false
	}
	return &r.Comparison.Pairs[i], true
}

// judgePair decides by the interval of A − B, of the metric first, of the loss if the metric decides nothing.
func (r edition) judgePair(claim experiment.Claim, a, b string) experiment.Claim {
	claim.Explanation = r.T("Holds if the 95 % interval of the difference of the metric (paired bootstrap) lies above 0, fails if it lies at or below 0. The loss stands beside it and does not decide. One training run each.")
	p, ok := r.pair(a, b)
	if !ok {
		return r.lacks(claim, a, b)
	}
	claim.Measured = r.F("%s − %s: %s %+.2f points [%+.2f, %+.2f], loss %+.4f [%+.4f, %+.4f]", a, b, r.Name(r.Comparison.Metric),
		100*p.Metric.Value, 100*p.Metric.Low, 100*p.Metric.High, p.Loss.Value, p.Loss.Low, p.Loss.High)
	claim.Verdict = experiment.ByInterval(p.Metric.Low, p.Metric.High, 0)
	return claim
}

func (r edition) claimTeacher() experiment.Claim {
	return r.judgePair(experiment.Claim{
		Text:  r.T("A model that lost layers is better when the whole model teaches it than with labels alone."),
		Paper: r.T("Hinton et al. 2015; Sanh et al. 2019 (DistilBERT)"),
	}, "layers-distil", "layers")
}

func (r edition) claimAgain() experiment.Claim {
	claim := r.judgePair(experiment.Claim{
		Text:  r.T("Training the original again makes it better, so that recipes that train twice have an advantage."),
		Paper: r.T("not asked; a control of this comparison"),
	}, "fine-tuned-twice", "fine-tuned")
	return claim
}

// lead is the best model of several techniques that still works, or of one; nil when none is sure.
func (r *Result) lead() *compare.Measurement {
	best := (*compare.Measurement)(nil)
	for _, m := range append(r.works(true), r.works(false)...) {
		if best == nil || m.Sizes.Stored < best.Sizes.Stored {
			best = m
		}
	}
	return best
}

// share writes a part of a whole in per cent.
func share(part, whole int64) string {
	return fmt.Sprintf("%.0f %%", 100*float64(part)/math.Max(float64(whole), 1))
}
