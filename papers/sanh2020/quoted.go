package sanh2020

import (
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/movement"
)

// published are the paper's accuracies on MNLI (matched) by the share that is left, from table 2; taught those with a teacher, from table 3.
var published = []struct {
	kind          movement.Kind
	share         float64
	plain, taught float64
}{
	{movement.Magnitude, 0.10, 0.778, 0.783}, {movement.L0, 0.10, 0.779, 0.787}, {movement.Movement, 0.10, 0.793, 0.801}, {movement.Soft, 0.10, 0.807, 0.812},
	{movement.Magnitude, 0.03, 0.689, 0.694}, {movement.L0, 0.03, 0.751, 0.760}, {movement.Movement, 0.03, 0.761, 0.765}, {movement.Soft, 0.03, 0.790, 0.795},
}

// QuotedTable holds the paper's accuracies against those here.
func (r edition) QuotedTable() *figures.Table {
	list := []experiment.Quoted{{What: r.T("accuracy, all weights"), In: experiment.Share, Theirs: 0.845, Digits: 1, Place: r.F("table %d", 2), Ours: r.accuracies(1, r.Dense)}}
	for _, p := range published {
		list = append(list, experiment.Quoted{
			What: r.F("accuracy, %g %% left: %s", 100*p.share, methodName(r.Printer, p.kind)),
			In:   experiment.Share, Theirs: p.plain, Digits: 1, Place: r.F("table %d", 2), Ours: r.accuracies(p.share, r.plain(p.kind, p.share)),
		})
	}
	for _, p := range published[:4] {
		taught := func(v float64) []Trained { return r.distilled(p.kind, v) }
		gain, _ := r.against("", func(v float64) bool { return v == p.share }, taught, r.local(p.kind))
		list = append(list, experiment.Quoted{
			What: r.F("what a teacher adds, %g %% left: %s", 100*p.share, methodName(r.Printer, p.kind)),
			In:   experiment.Points, Theirs: p.taught - p.plain, Digits: 1, Place: r.F("tables %d and %d", 2, 3), Ours: gain,
		})
	}
	return experiment.QuotedTable(r.Printer, r.F("The paper: bert-base-uncased on MNLI, matched. Here: %s, with the 95 %% interval over seeds.", r.caption("")), list)
}

// accuracies are the mean score of runs, unless they did not reach the share.
func (r edition) accuracies(share float64, runs []Trained) []experiment.Evidence {
	if len(runs) == 0 {
		return nil
	}
	e := experiment.That("", stats.OverSeeds(scores(runs)))
	if kept := unreached(share, runs); kept != "" {
		e.Open = r.F("%s were kept", kept)
	}
	return []experiment.Evidence{e}
}

// rescued is what a teacher adds to a method's accuracy at the share that the protocol looks at most closely; false without such runs.
func (r edition) rescued(kind movement.Kind) (experiment.Evidence, bool) {
	if !slices.Contains(r.Config.Distilled, kind) {
		return experiment.Evidence{}, false
	}
	taught := func(v float64) []Trained { return r.distilled(kind, v) }
	list, _ := r.against("", func(v float64) bool { return v == r.Config.Focus }, taught, r.local(kind))
	if len(list) == 0 || list[0].Open != "" {
		return experiment.Evidence{}, false
	}
	return list[0], true
}
