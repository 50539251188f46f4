package wang2022

import (
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
	fast := experiment.Quoted{What: r.T("speed of that model"), In: experiment.Ratio, Theirs: 2.7, Digits: 1, Place: r.T("abstract")}
	best, ok, timed := r.tiny()
	if ok {
		kept.What = r.F("part of the whole model's score that is left with 1/48 of the parameters (here: %s with %g %%)", best.form, 100*best.ratio)
		kept.Ours = experiment.One(stats.Counted(mean(r.of(best)) / r.accuracy()))
	}
	if timed != nil {
		fast.Ours = []experiment.Evidence{timed.Time.Evidence(r.Printer, "", r.Provenance)}
		alone := r.of(cell{timed.Form, timed.Target, None})
		switch {
		case ok && timed.of(best):
			fast.What = r.F("speed of that model (here: %s with %g %%)", best.form, 100*best.ratio)
		case len(alone) > 0:
			fast.What = r.F("speed of that model (here: another one, %s with %g %%, not retrained and with an accuracy of %.1f %%)", timed.Form, 100*timed.Target, 100*mean(alone))
		default:
			fast.What = r.F("speed of that model (here: another one, %s with %g %%, not retrained)", timed.Form, 100*timed.Target)
		}
	}
	return experiment.QuotedTable(r.Printer, r.F("The paper: BERT-base on GLUE, and its tiny form; parameters are counted on its shapes. Here: %s.", r.caption("")), append(list, kept, fast))
}

// tiny is the model that stands for the paper's tiny one: the smallest that both learned again and was timed. Without such a model they are the
// smallest that learned again, false where none did, and the smallest that was timed, nil where none was.
func (r *Result) tiny() (best cell, ok bool, timed *Speed) {
	of := func(c cell) *Speed {
		for i := range r.Speed {
			if r.Speed[i].of(c) {
				return &r.Speed[i]
			}
		}
		return nil
	}
	if best, ok = r.smallest(func(c cell) bool { return of(c) != nil }); ok {
		return best, ok, of(best)
	}
	for i := range r.Speed {
		if timed == nil || r.Speed[i].Target < timed.Target {
			timed = &r.Speed[i]
		}
	}
	best, ok = r.smallest(func(cell) bool { return true })
	return best, ok, timed
}

// of reports whether the times are those of a cell's model, whatever its recovery: that changes no shape.
func (s *Speed) of(c cell) bool { return s.Form == c.form && s.Target == c.ratio }

// smallest is the model with the fewest parameters that learned again, of those that fit, of several the most accurate; false where none did.
func (r *Result) smallest(fits func(cell) bool) (best cell, ok bool) {
	for _, t := range r.Trials {
		c := cell{t.Form, t.Ratio, t.Recovery}
		if t.Recovery == None || !fits(c) {
			continue
		}
		if !ok || c.ratio < best.ratio || c.ratio == best.ratio && mean(r.of(c)) > mean(r.of(best)) {
			best, ok = c, true
		}
	}
	return best, ok
}
