package combined

import (
	"fmt"
	"math"
	"slices"

	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// What counts, fixed before the numbers were seen.
const (
	lossAllowed = 0.02  // of the metric, for a model that counts as one that still works
	level       = 0.005 // of the metric, within which half precision must stay
	better      = 0.005 // of the metric, for one model to be better than another
	slower      = 1.05  // the speed up to which no time was saved
)

// Claims are the statements with the numbers measured here. Most are the comparison's own: they are told for information.
func (r edition) Claims() ([]experiment.Claim, error) {
	return experiment.Judge(r.Printer, r.combine(), r.half(), r.time(), r.teacher(), r.again()), nil
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

func (r edition) combine() experiment.Statement {
	single, several := r.works(false), r.works(true)
	name := func(list []*compare.Measurement) string {
		if len(list) == 0 {
			return r.T("none")
		}
		m := list[0]
		return r.F("%s, %.1f MB, P = %.2f", m.Name, float64(m.Sizes.Stored)/1e6, m.DropWithin(lossAllowed))
	}
	s := experiment.Statement{
		Text:     r.T("A combination gives a smaller model than any technique alone, at the same loss."),
		Paper:    r.T("not asked: papers report one technique each"),
		Estimand: r.F("smallest file of a combination against that of a single technique, of the models whose metric falls by at most %.0f points with a probability of %.0f %% (paired bootstrap)", 100*lossAllowed, 100*compare.Sure),
		Rule:     experiment.Inferior(0, experiment.Ratio), Own: true,
		Missing: r.T("No combination is that sure."),
		Also:    r.F("smallest of one technique: %s; of several: %s; original %.1f MB", name(single), name(several), float64(r.Comparison.Models[0].Sizes.Stored)/1e6),
		Note:    r.T("About these models, each trained once."),
	}
	if len(several) > 0 {
		beside := r.Comparison.Models[0].Sizes.Stored // without a single technique that works, the original
		if len(single) > 0 {
			beside = single[0].Sizes.Stored
		}
		s.Evidence = experiment.One(stats.Counted(float64(several[0].Sizes.Stored) / float64(beside)))
	}
	return s
}

// estimated is an effect by its bootstrap over the examples.
func (r *Result) estimated(e stats.Interval) stats.Effect {
	return stats.Effect{Interval: e, Examples: r.Comparison.Examples}
}

func (r edition) half() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Storing weights in half precision costs nothing."),
		Paper:    r.T("common practice, not one paper's number"),
		Estimand: r.F("%s of the model in half precision minus that of the same in single precision", r.Name(r.Comparison.Metric)),
		Rule:     experiment.Equivalent(level, experiment.Points), Own: true,
		Missing: r.F("The protocol lacks one of %s.", "float16"),
	}
	if m, ok := r.Comparison.Find("float16"); ok {
		s.Evidence = experiment.One(r.estimated(m.Against.Metric.Interval).Times(-1))
		s.Also = r.F("logits differ by at most %.2g; file %.1f of %.1f MB", m.Logits, float64(m.Sizes.Stored)/1e6, float64(r.Comparison.Models[0].Sizes.Stored)/1e6)
	}
	return s
}

func (r edition) time() experiment.Statement {
	batch := r.Comparison.Batches[len(r.Comparison.Batches)-1]
	s := experiment.Statement{
		Text:     r.T("Half precision on disk, a factored word table and shared layers save bytes, not time."),
		Paper:    r.T("ALBERT: sharing saves parameters, not operations (Lan et al. 2020)"),
		Estimand: r.F("time of the original against that of each model at batch %d, median of rounds", batch),
		Rule:     experiment.NoMore(slower, experiment.Ratio).Each(),
		Missing:  r.F("The protocol lacks one of %s.", "float16, embedding, shared"),
	}
	for _, name := range []string{"float16", "embedding", "shared"} {
		m, ok := r.Comparison.Find(name)
		if !ok {
			s.Evidence = nil
			return s
		}
		last := len(m.Latency) - 1
		e := experiment.That(name, stats.MedianOf(m.Latency[last].Speeds(r.Comparison.Models[0].Latency[last])))
		e.Timed, e.Processors = true, r.Provenance.Had(m.Latency[last].Processors)
		s.Evidence = append(s.Evidence, e)
	}
	return s
}

// pair is about two models: A − B of the metric. The loss stands beside it and does not decide.
func (r edition) pair(s experiment.Statement, a, b string) experiment.Statement {
	s.Own, s.Rule = true, experiment.Superior(better, experiment.Points)
	s.Estimand = r.F("%s of %s minus that of %s, two models", r.Name(r.Comparison.Metric), a, b)
	s.Missing = r.F("The protocol lacks one of %s.", a+", "+b)
	s.Note = r.T("About these models, each trained once.")
	i := slices.IndexFunc(r.Comparison.Pairs, func(p compare.Pair) bool { return p.A == a && p.B == b })
	if i >= 0 {
		p := r.Comparison.Pairs[i]
		s.Evidence = experiment.One(r.estimated(p.Metric.Interval))
		s.Also = r.F("loss %+.4f [%+.4f, %+.4f]", p.Loss.Value, p.Loss.Low, p.Loss.High)
	}
	return s
}

func (r edition) teacher() experiment.Statement {
	return r.pair(experiment.Statement{
		Text:  r.T("A model that lost layers is better when the whole model teaches it than with labels alone."),
		Paper: r.T("Hinton et al. 2015; Sanh et al. 2019 (DistilBERT)"),
	}, "layers-distil", "layers")
}

func (r edition) again() experiment.Statement {
	return r.pair(experiment.Statement{
		Text:  r.T("Training the original again makes it better, so that recipes that train twice have an advantage."),
		Paper: r.T("not asked; a control of this comparison"),
	}, "fine-tuned-twice", "fine-tuned")
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
