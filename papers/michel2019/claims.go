package michel2019

import (
	"fmt"
	"math"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/heads"
)

// What counts, fixed before the numbers were seen.
const (
	noticeable = 0.02  // of accuracy, for a loss
	harm       = 0.005 // nats, for a head that does harm
	better     = 0.005 // of the area under the accuracy curve
	related    = 0.1   // of a correlation
	faster     = 0.05  // of the speed
	plateau    = 0.4   // the share of heads that can go
	cliff      = 4.0   // how many times more the rest costs
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	list := []experiment.Statement{r.singleHeads(), r.someHelp(), r.oneHead()}
	for _, other := range []struct {
		order Order
		own   bool
		text  string
		paper string
	}{
		{AtRandom, true, r.T("Pruning by importance keeps more accuracy than pruning at random."), r.T("not in the paper; its premise")},
		{ByReverse, true, r.T("Pruning by importance keeps more accuracy than the reverse order."), r.T("not in the paper; its premise")},
		{ByScore, false, r.T("Pruning by importance keeps more accuracy than pruning by the heads' own score differences, an oracle."), r.T("Figure 3: the importance curve lies above")},
	} {
		s := r.area(other.order)
		s.Text, s.Paper, s.Own = other.text, other.paper, other.own
		list = append(list, s)
	}
	return experiment.Judge(r.Printer, append(list, r.noLoss(), r.fallsOff(), r.transfer(), r.speed())...), nil
}

// changes are what the accuracy of one model changes by with each of some effects, from the examples that only one of the two gets right.
func changes(effects []heads.HeadEffect, examples int, name func(heads.HeadEffect) string) []experiment.Evidence {
	var list []experiment.Evidence
	for _, e := range effects {
		row := make([]float64, examples)
		for i := range row {
			switch {
			case i < e.OnlyBase:
				row[i] = -1
			case i < e.OnlyBase+e.OnlyChanged:
				row[i] = 1
			}
		}
		if effect, err := stats.Crossed([][]float64{row}, 1); err == nil {
			list = append(list, experiment.That(name(e), effect))
		}
	}
	return list
}

func (r edition) singleHeads() experiment.Statement {
	return experiment.Statement{
		Text:     r.T("Most heads can be removed one at a time without a noticeable loss."),
		Paper:    r.T("8 of 96 heads significant (p < 0.01, WMT, Table 1); BERT: Figure 1b, no count"),
		Estimand: r.F("what the accuracy of the model of seed %d changes by with one head masked, for each head", r.Config.Seeds[0]),
		Rule:     experiment.NoLess(-noticeable, experiment.Points).Most(),
		Evidence: changes(r.Ablation.Heads, r.Ablation.Examples, func(e heads.HeadEffect) string { return e.Head.String() }),
	}
}

func (r edition) someHelp() experiment.Statement {
	return experiment.Statement{
		Text:     r.T("Some heads do harm: the model is better without them."),
		Paper:    r.T("half of the 8 significant heads raise BLEU (Table 1)"),
		Estimand: r.F("what the loss of the model of seed %d changes by with one head masked, for each head", r.Config.Seeds[0]),
		Rule:     experiment.Inferior(harm, experiment.Nats).Some(),
		Evidence: experiment.Each(r.Ablation.Heads, func(e heads.HeadEffect) experiment.Evidence {
			change := stats.Interval{Value: e.LossDelta, Low: e.LossLow, High: e.LossHigh}
			return experiment.That(e.Head.String(), stats.Effect{Interval: change, Examples: r.Ablation.Examples})
		}),
	}
}

func (r edition) oneHead() experiment.Statement {
	return experiment.Statement{
		Text:     r.T("One head is enough in most layers."),
		Paper:    r.T("no layer of BERT significantly worse (p < 0.01), heads chosen on other data; best per layer −0.96 to +0.10 points (Table 3)"),
		Estimand: r.F("what the accuracy of the model of seed %d changes by with one head of a layer left, chosen on training examples, for each layer", r.Config.Seeds[0]),
		Rule:     experiment.NoLess(-noticeable, experiment.Points).Most(),
		Evidence: changes(r.OneHead, r.Ablation.Examples, func(e heads.HeadEffect) string { return r.F("layer %d", e.Layer) }),
	}
}

// of are the curves of an order.
func (r *Result) of(order Order) []Curve {
	return experiment.Where(r.Curves, func(c Curve) bool { return c.Order == order })
}

// area compares the area under the curve by importance with that of another order.
func (r edition) area(other Order) experiment.Statement {
	var pairs experiment.Paired
	experiment.Match(&pairs, "", r.of(ByImportance), r.of(other), func(c Curve) (uint64, []float64) { return c.Seed, c.Areas })
	return experiment.Statement{
		Estimand: r.T("mean accuracy over all steps of pruning, by importance minus in the other order, on the same models"),
		Rule:     experiment.Superior(better, experiment.Points),
		Evidence: pairs.Evidence(""), Missing: r.T("The protocol has no such order."),
	}
}

// step is what the accuracy falls by with a share of the heads masked.
type step struct {
	share float64
	experiment.Evidence
}

// steps are the steps by importance up to a share of the heads, over seeds and examples.
func (r edition) steps(share float64) []step {
	var list []step
	curves := r.of(ByImportance)
	if len(curves) == 0 {
		return nil
	}
	for i, point := range curves[0].Points {
		if point.Fraction == 0 || point.Fraction > share+0.02 {
			continue
		}
		var pairs experiment.Paired
		for _, c := range curves {
			pairs.Add(c.Seed, "", c.Points[i].Right.Numbers(), c.Points[0].Right.Numbers())
		}
		for _, e := range pairs.Evidence(fmt.Sprintf("%.0f %%", 100*point.Fraction)) {
			list = append(list, step{point.Fraction, e})
		}
	}
	return list
}

// pruned is what the accuracy falls by at each step by importance, up to a share of the heads.
func (r edition) pruned(share float64) []experiment.Evidence {
	return experiment.Each(r.steps(share), func(s step) experiment.Evidence { return s.Evidence })
}

func (r edition) noLoss() experiment.Statement {
	return experiment.Statement{
		Text:     r.T("Up to 40 % of the heads can be pruned without a noticeable loss."),
		Paper:    r.T("BERT on MNLI: 40 % (Figure 3); SST-2 60 %, CoLA and MRPC 50 % (Figure 6)"),
		Estimand: r.T("accuracy with the least important heads masked minus with all, at each step up to 40 %"),
		Rule:     experiment.NoLess(-noticeable, experiment.Points).Each(),
		Evidence: r.pruned(plateau), Missing: r.T("The protocol has no such order."),
	}
}

// nearest is the point of a curve at a share of the heads.
func (c Curve) nearest(share float64) Point {
	best := c.Points[0]
	for _, p := range c.Points {
		if math.Abs(p.Fraction-share) < math.Abs(best.Fraction-share) {
			best = p
		}
	}
	return best
}

func (r edition) fallsOff() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("The first 40 % of the heads cost next to nothing, the rest nearly everything."),
		Paper:    r.T("BERT on MNLI: 40 % (Figure 3); SST-2 60 %, CoLA and MRPC 50 % (Figure 6)"),
		Estimand: r.F("accuracy that the last 60 %% of the heads cost, minus %g times what the first 40 %% cost", cliff),
		Rule:     experiment.Superior(noticeable, experiment.Points),
		Missing:  r.T("The protocol has no such order."),
	}
	var table [][]float64
	var whole, middle, end float64
	for _, c := range r.of(ByImportance) {
		first, at, last := c.Points[0], c.nearest(plateau), c.nearest(1)
		a, b, z := first.Right.Numbers(), at.Right.Numbers(), last.Right.Numbers()
		row := make([]float64, len(a))
		for i := range row {
			row[i] = b[i] - z[i] - cliff*(a[i]-b[i])
		}
		table, whole, middle, end = append(table, row), whole+first.Score, middle+at.Score, end+last.Score
	}
	if effect, err := stats.Crossed(table, cliff+1); err == nil {
		n := float64(len(table))
		s.Evidence = experiment.One(effect)
		s.Also = r.F("%s %.4f whole, %.4f at 40 %%, %.4f without heads (largest class %.4f)", r.Name(r.Metric), whole/n, middle/n, end/n, r.Majority)
		if share, ok := r.falls(); ok {
			s.Also += "; " + r.F("the mean first falls by more than %.0f points at %.0f %% of the heads", 100*noticeable, 100*share)
		}
	}
	return s
}

// falls is the smallest share of the heads, the least important first, without which the mean accuracy has fallen noticeably; false where it
// never has.
func (r edition) falls() (share float64, ok bool) {
	for _, step := range r.steps(1) {
		if step.Value < -noticeable {
			return step.share, true
		}
	}
	return 0, false
}

func (r edition) transfer() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Heads that matter in one domain matter in another."),
		Paper:    r.T("Pearson's r 0.68 (MNLI matched and mismatched), 0.56 (news and MTNT) (Figure 2)"),
		Estimand: r.F("Pearson's r, over heads, of what the %s changes by without a head in the two domains (Fisher's z)", r.Name(r.Metric)),
		Rule:     experiment.Superior(related, experiment.Plain),
		Missing:  r.T("The protocol names no out-of-domain set."),
	}
	if t := r.Transfer; t != nil {
		s.Evidence = experiment.One(stats.Effect{Interval: stats.Interval{Value: t.R, Low: t.RLow, High: t.RHigh}})
		s.Also = r.F("%s and %s; of the change of the loss %.2f [%.2f, %.2f]", r.Config.Task, t.Task, t.RLoss, t.RLossLow, t.RLossHi)
		s.Note = r.F("It rests on changes of the accuracy, of which %d of %d on %s and %d of %d on %s are significant by themselves (McNemar, Holm).", r.significant(), len(r.Ablation.Heads), r.Config.Task, significant(t.Effects.Heads), len(t.Effects.Heads), t.Task)
		if !t.relatedByLoss() {
			s.Note += " " + r.T("By the loss, the finer measure, no relation is seen.")
		}
	}
	return s
}

func (r edition) speed() experiment.Statement {
	gains := experiment.Each(r.Speed.Batches, func(b experiment.SpeedBatch) string { return fmt.Sprintf("%d: %+.1f %%", b.Size, 100*(b.Ratio-1)) })
	return experiment.Statement{
		Text:     r.T("Removing half of the heads makes the model faster at large batches."),
		Paper:    r.T("examples/s at batch 1, 4, 16, 64: +1.9, +2.7, +17.5, +17.5 % (Table 4, GTX 1080 Ti)"),
		Estimand: r.F("time of the whole model against that of the smaller one at the largest batch, median of %d pairs", r.Speed.Repeats),
		Rule:     experiment.Superior(faster, experiment.Ratio),
		Also:     r.F("examples/s at batch %s; by operations %+.1f %%", strings.Join(gains, ", "), 100*(float64(r.Speed.MACs)/float64(r.Speed.PrunedMACs)-1)),
		Evidence: experiment.AtLargest(r.Printer, "", r.Speed.Batches, r.Provenance), Missing: r.T("The protocol has no batch sizes."),
	}
}
