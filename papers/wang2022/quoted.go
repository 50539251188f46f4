package wang2022

import (
	"cmp"
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// inMillions are numbers of parameters.
var inMillions = experiment.Scale{Factor: 1e-6, Verb: "%.1f"}

// QuotedTable holds the paper's numbers against those here.
func (r edition) QuotedTable() *figures.Table {
	var list []experiment.Quoted
	for _, c := range r.Counts {
		list = append(list, experiment.Quoted{
			What: r.F("millions of parameters without the word table: %s", c.Name), In: inMillions, Theirs: 1e6 * c.Printed, Digits: 1, Place: r.T("table of the models"), Origin: experiment.Recalled,
			Ours: experiment.One(stats.Counted(float64(c.Counted))),
		})
	}
	kept := experiment.Quoted{What: r.T("part of the whole model's score that is left with 1/48 of the parameters"), In: experiment.Share, Theirs: 0.967, Digits: 1, Place: r.T("abstract")}
	if best, ok := r.smallest(); ok {
		kept.What = r.F("part of the whole model's score that is left with 1/48 of the parameters (here: %s with %g %%)", best.form, 100*best.ratio)
		kept.Ours = experiment.One(stats.Counted(mean(r.of(best)) / r.accuracy()))
	}
	fast := experiment.Quoted{What: r.T("speed of that model"), In: experiment.Ratio, Theirs: 2.7, Digits: 1, Place: r.T("abstract")}
	if len(r.Speed) > 0 {
		least := slices.MinFunc(r.Speed, func(a, b Speed) int { return cmp.Compare(a.Target, b.Target) })
		fast.What = r.F("speed of that model (here: %s)", r.ranks(least.Name))
		fast.Ours = []experiment.Evidence{least.Time.Evidence(r.Printer, "", r.Provenance)}
	}
	return experiment.QuotedTable(r.Printer, r.F("The paper: BERT-base on GLUE, and its tiny form; parameters are counted on its shapes. Here: %s.", r.caption("")), append(list, kept, fast))
}

// smallest is the model with the fewest parameters that learned again, of several the most accurate; false where none did.
func (r *Result) smallest() (best cell, ok bool) {
	for _, t := range r.Trials {
		c := cell{t.Form, t.Ratio, t.Recovery}
		if t.Recovery == None {
			continue
		}
		if !ok || c.ratio < best.ratio || c.ratio == best.ratio && mean(r.of(c)) > mean(r.of(best)) {
			best, ok = c, true
		}
	}
	return best, ok
}
