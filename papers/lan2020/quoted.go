package lan2020

import (
	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/sharing"
)

// QuotedTable holds the paper's numbers against those here.
func (r edition) QuotedTable() *figures.Table {
	lost := func(v Scheme) []experiment.Evidence {
		return r.compared(experiment.Statement{}, v, Scheme{}).Evidence
	}
	list := []experiment.Quoted{
		{What: r.T("attention shared by all layers, against none shared"), In: experiment.Points, Theirs: -0.007, Digits: 1, Place: r.F("table %d", 4), Ours: lost(shareAttention)},
		{What: r.T("FFN shared by all layers, against none shared"), In: experiment.Points, Theirs: -0.028, Digits: 1, Place: r.F("table %d", 4), Ours: lost(shareFFN)},
		{What: r.T("all shared, against none shared"), In: experiment.Points, Theirs: -0.025, Digits: 1, Place: r.F("table %d", 4), Ours: lost(shareAll)},
		{What: r.T("attention shared, against none shared (the paper: SST-2)"), In: experiment.Points, Theirs: -0.014, Digits: 1, Place: r.F("table %d", 4), Ours: lost(shareAttention)},
		{What: r.T("FFN shared, against none shared (the paper: SST-2)"), In: experiment.Points, Theirs: -0.020, Digits: 1, Place: r.F("table %d", 4), Ours: lost(shareFFN)},
		{What: r.T("all shared, against none shared (the paper: SST-2)"), In: experiment.Points, Theirs: -0.022, Digits: 1, Place: r.F("table %d", 4), Ours: lost(shareAll)},
		{What: r.F("a word table of size 128 (the paper: of 768; here: of %d)", r.Hidden), In: experiment.Points, Theirs: -0.006, Digits: 1, Place: r.F("table %d", 3), Ours: lost(Scheme{Embedding: 128})},
	}
	rows, counted := r.table4()
	printed := sharing.Printed(rows)
	for i, row := range rows {
		if row.Architecture.Embedding == row.Architecture.Hidden {
			list = append(list, experiment.Quoted{
				What: r.F("millions of parameters of a BERT base, shared: %s", r.Name(row.Name)), In: inMillions, Theirs: printed[i], Place: r.F("table %d", 4),
				Ours: experiment.One(stats.Counted(counted[i])),
			})
		}
	}
	return experiment.QuotedTable(r.Printer,
		r.F("The paper: BERT base's shape, pretrained with shared weights, mean of five tasks unless stated otherwise. Here: %s, converted and fine-tuned; 95 %% intervals over seeds and examples.", r.caption(true, r.seeds())), list)
}

// inMillions are numbers of parameters.
var inMillions = experiment.Scale{Factor: 1, Verb: "%.1f"}
