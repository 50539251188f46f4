package zafrir2019

import (
	"cmp"
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// published names tasks as the paper does.
var published = map[string]string{"sst2": "SST-2", "mrpc": "MRPC"}

// QuotedTable holds the paper's numbers against those here.
func (r edition) QuotedTable() *figures.Table {
	change := func(way Way, theirs float64, task string) experiment.Quoted {
		q := experiment.Quoted{In: experiment.Points, Theirs: theirs, Digits: 2, Place: r.F("table %d", 1), Origin: experiment.Recalled}
		own := r.like(task)
		here := cmp.Or(published[own], own)
		if way == Aware {
			q.What = r.F("quantised during training, against float32 (the paper: %s; here: %s)", published[task], here)
		} else {
			q.What = r.F("quantised after training, against float32 (the paper: %s; here: %s)", published[task], here)
		}
		q.Ours = r.against(own, way, Whole).Evidence("")
		return q
	}
	return experiment.QuotedTable(r.Printer, r.F("The paper: BERT base; F1 for MRPC. Here: accuracy of %s, %s, with 95 %% intervals over seeds and examples.", r.caption(), r.Seeds(r.Config.Seeds)), []experiment.Quoted{
		change(Aware, -0.0012, "sst2"), change(Dynamic, -0.0132, "sst2"), change(Aware, -0.0044, "mrpc"), change(Dynamic, -0.0212, "mrpc"),
		{What: r.T("file in float32 against the quantised one"), In: experiment.Ratio, Theirs: 4, Place: r.T("abstract"), Ours: r.size().Evidence},
		{What: r.T("speed of integers"), In: experiment.Ratio, Says: r.T("faster on processors made for them"), Place: r.T("abstract"), Ours: r.speed().Evidence},
	})
}

// like is the task itself, or in place of SST-2 the protocol's first one where that is another on sentiment.
func (r edition) like(task string) string {
	has := func(name string) bool {
		return slices.ContainsFunc(r.Tasks, func(t Task) bool { return t.Name == name })
	}
	if task == "sst2" && !has(task) {
		for _, sentiment := range []string{"movies", "products"} {
			if has(sentiment) {
				return sentiment
			}
		}
	}
	return task
}
