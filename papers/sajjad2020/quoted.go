package sajjad2020

import (
	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/layerdrop"
)

// QuotedTable holds the paper's numbers against those here.
func (r edition) QuotedTable() *figures.Table {
	half := r.Layers / 2
	return experiment.QuotedTable(r.Printer,
		r.F("The paper: BERT-base, mean of seven GLUE tasks unless stated otherwise. Here: %s, mean over tasks and seeds, with the 95 %% interval.", r.caption(nil, "")), []experiment.Quoted{
			{What: r.T("accuracy without the top third of the layers, against the whole model"), In: experiment.Points, Theirs: -0.0200, Digits: 2, Place: r.T("text"), Ours: r.lost(layerdrop.Top, r.Layers/3)},
			{What: r.T("accuracy without the top half of the layers, against the whole model"), In: experiment.Points, Theirs: -0.0291, Digits: 2, Place: r.T("text"), Ours: r.lost(layerdrop.Top, half)},
			{What: r.T("the same on SST-2 alone"), In: experiment.Points, Theirs: -0.0218, Digits: 2, Place: r.T("table of the top layers"), Origin: experiment.Recalled, Ours: r.lostOn("sst2", half)},
			{What: r.T("the same on MRPC alone"), In: experiment.Points, Theirs: -0.0784, Digits: 2, Place: r.T("table of the top layers"), Origin: experiment.Recalled, Ours: r.lostOn("mrpc", half)},
			{What: r.T("parameters without half of the layers"), In: experiment.Share, Theirs: 0.60, Place: r.T("text"), Ours: r.parametersLeft(half)},
			{What: r.T("time of inference without half of the layers"), In: experiment.Share, Theirs: 0.50, Place: r.T("text"), Ours: r.timeLeft(r.speedShares(), half)},
			{What: r.T("time of fine-tuning without half of the layers"), In: experiment.Share, Theirs: 0.50, Place: r.T("text"), Ours: r.timeLeft(r.tuningShares(), half)},
		})
}

// lost is what dropping layers before fine-tuning changes the accuracy by.
func (r edition) lost(strategy layerdrop.Strategy, k int) []experiment.Evidence {
	return r.compared("", againstWhole(strategy, Before, k))
}

// lostOn is the same of the top layers on one task.
func (r edition) lostOn(task string, k int) []experiment.Evidence {
	for _, t := range r.Tasks {
		if t.Task == task {
			return edition{r.alone(t), r.Voice}.lost(layerdrop.Top, k)
		}
	}
	return nil
}

// parametersLeft is the share of the parameters that is left without k layers.
func (r edition) parametersLeft(k int) []experiment.Evidence {
	for _, t := range r.Tasks {
		whole := 0
		for _, run := range t.Runs {
			switch {
			case run.Strategy == "":
				whole = run.Parameters
			case run.K() == k && whole > 0:
				return experiment.One(stats.Counted(float64(run.Parameters) / float64(whole)))
			}
		}
	}
	return nil
}

// speedShares are those of the time of inference; none where the protocol times nothing.
func (r edition) speedShares() []share {
	if r.Speed == nil || len(r.Speed.Batches) == 0 {
		return nil
	}
	_, shares := r.inferenceShares()
	return shares
}

// timeLeft is the share of the time that is left without k layers.
func (r edition) timeLeft(shares []share, k int) []experiment.Evidence {
	for _, s := range shares {
		if s.k == k {
			return experiment.One(stats.MedianOf(s.repeats))
		}
	}
	return nil
}
