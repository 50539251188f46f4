package michel2019

import (
	"cmp"
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/heads"
)

// QuotedTable holds the paper's numbers against those here.
func (r edition) QuotedTable() *figures.Table {
	worst, best := r.ends()
	list := []experiment.Quoted{
		{What: r.T("heads that change the metric significantly when masked alone (the paper: a translation model, WMT)"), Says: r.F("%d of %d", 8, 96), Place: r.F("table %d", 1), Here: r.F("%d of %d", r.significant(), len(r.Ablation.Heads))},
		{What: r.T("one head left in a layer: the layer that loses most"), In: experiment.Points, Theirs: -0.0096, Digits: 2, Place: r.F("table %d", 3), Ours: worst},
		{What: r.T("one head left in a layer: the layer that gains most"), In: experiment.Points, Theirs: 0.0010, Digits: 2, Place: r.F("table %d", 3), Ours: best},
		{What: r.T("heads that go without a noticeable loss, the least important first (the paper: MNLI)"), In: experiment.Share, Theirs: 0.40, Place: r.F("figure %d", 3), Ours: r.free()},
		{What: r.T("the same (the paper: SST-2)"), In: experiment.Share, Theirs: 0.60, Place: r.F("figure %d", 6), Ours: r.free()},
		{What: r.T("Pearson's r of what heads are worth in and out of domain (the paper: MNLI matched and mismatched)"), In: experiment.Plain, Theirs: 0.68, Digits: 2, Place: r.F("figure %d", 2), Ours: r.transfer().Evidence},
	}
	for _, b := range []struct {
		size  int
		ratio float64
	}{{1, 1.019}, {64, 1.175}} {
		own := experiment.Where(r.Speed.Batches, func(own experiment.SpeedBatch) bool { return own.Size == b.size })
		list = append(list, experiment.Quoted{
			What: r.F("speed without half of the heads, batch %d", b.size), In: experiment.Ratio, Theirs: b.ratio, Digits: 3, Place: r.F("table %d", 4),
			Ours: experiment.AtLargest(r.Printer, "", own, r.Provenance),
		})
	}
	return experiment.QuotedTable(r.Printer, r.F("The paper: bert-base-uncased on MNLI unless stated otherwise; a GTX 1080 Ti. Here: %s; share of heads that go: mean over %s, up to a mean loss of %.0f points.", r.caption(""), r.Seeds(r.Config.Seeds), 100*noticeable), list)
}

// significant counts the heads that change the accuracy significantly on the task's own test set, corrected for their number.
func (r edition) significant() int { return significant(r.Ablation.Heads) }

// significant counts the effects that are significant, corrected for their number.
func significant(effects []heads.HeadEffect) int {
	return len(experiment.Where(stats.Holm(pValues(effects)), func(p float64) bool { return p < level }))
}

// pValues are those of McNemar's test, head by head.
func pValues(effects []heads.HeadEffect) []float64 {
	return experiment.Each(effects, func(e heads.HeadEffect) float64 { return e.PValue })
}

// ends are what the accuracy changes by in the layer that loses most with one head left, and in the one that gains most.
func (r edition) ends() (worst, best []experiment.Evidence) {
	all := changes(r.OneHead, r.Ablation.Examples, func(e heads.HeadEffect) string { return r.F("layer %d", e.Layer) })
	if len(all) == 0 {
		return nil, nil
	}
	by := func(a, b experiment.Evidence) int { return cmp.Compare(a.Value, b.Value) }
	return []experiment.Evidence{slices.MinFunc(all, by)}, []experiment.Evidence{slices.MaxFunc(all, by)}
}

// free is the largest share of the heads that can go, the least important first, before the mean accuracy has fallen noticeably.
func (r edition) free() []experiment.Evidence {
	steps := r.steps(1)
	if len(steps) == 0 {
		return nil
	}
	share := 0.0
	for _, s := range steps {
		if s.Value < -noticeable {
			break
		}
		share = s.share
	}
	return experiment.One(stats.Counted(share))
}
