package hao2019

import (
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// QuotedTable holds the paper's rollback on the same task, or else on SST-2, against that here. Its other results are figures without numbers.
func (r edition) QuotedTable() *figures.Table {
	var list []experiment.Quoted
	p := paperRollback[2]
	if i := slices.IndexFunc(paperRollback, func(row paperRow) bool { return row.name == r.Config.Task }); i >= 0 { // else one of sentences
		p = paperRollback[i]
	}
	for i, back := range r.Rollback[1:4] {
		list = append(list, experiment.Quoted{
			What: r.F("change of accuracy with the %s layers set back (the paper: %s)", r.part(back.Name), p.task),
			In:   experiment.Points, Theirs: (p.values[i+1] - p.values[0]) / 100, Digits: 2, Place: r.T("table of the rollback"), Origin: experiment.Recalled,
			Ours: experiment.One(stats.Effect{Interval: back.Change}),
		})
	}
	list = append(list, experiment.Quoted{
		What: r.T("the optimum from pretrained weights against that from scratch"), In: experiment.Plain, Says: r.T("wider and flatter"), Place: r.T("figures without numbers"),
		Here: r.F("width %s, from scratch %s", r.howWide(r.Fine), r.howWide(r.Scratch)),
	})
	return experiment.QuotedTable(r.Printer, r.F("The paper: BERT-large, thirds of its 24 layers. Here: %s, thirds of %d layers, with the 95 %% interval over examples.", r.caption(""), r.Layers), list)
}
