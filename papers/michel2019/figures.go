package michel2019

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"bertlab/figures"
	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/heads"
)

// level is that of significance, of all heads together.
const level = 0.05

// Figures are the experiment's figures in the order of the report.
func (r edition) Figures() []experiment.Drawing {
	return []experiment.Drawing{
		{Name: "importance", Build: r.ImportanceHeatmap, Caption: r.T("Importance of each head, E|∂L/∂ξ|, divided by the layer's ℓ2 norm. The loss depends most on the bright heads.")},
		{Name: "ablation", Build: r.AblationHeatmap, Caption: r.T("How the metric changes when one head is masked and all others stay. Marked heads change the accuracy significantly, corrected for their number.")},
		{Name: "ablation-loss", Build: r.LossHeatmap, Caption: r.T("The same for the loss, which is finer than the metric: heads above 0 help, those below do harm.")},
		{Name: "histogram", Build: r.Histogram, Caption: r.T("How often masking one head leads to which score. The line is the model with all its heads.")},
		{Name: "pruning", Build: r.PruningCurves, Caption: r.T("The metric as ever more heads are masked, without retraining, in each order.")},
		{Name: "transfer", Omit: r.Transfer == nil, Build: r.TransferScatter, Caption: r.T("Each point is a head: how the metric changes without it on the task's own test set, and on another domain.")},
		{Name: "speed", Build: r.SpeedBars, Caption: r.T("Examples per second without half of the heads, relative to the whole model. The dashed line is what the operations alone would predict.")},
		{Name: "entropy", Build: r.EntropyHeatmap, Caption: r.T("How widely each head attends: 0 means a single token, ln n all n tokens equally.")},
	}
}

// Numbers are what the narrative names.
func (r edition) Numbers() map[string]any {
	c := r.Config
	return map[string]any{
		"model": c.Model, "task": c.Task, "epochs": c.Epochs, "learningRate": c.LearningRate, "examples": r.Ablation.Examples,
		"standardError": fmt.Sprintf("%.1f", 100*math.Sqrt(r.Ablation.Score*(1-r.Ablation.Score)/float64(r.Ablation.Examples))),
		"stability":     fmt.Sprintf("%.2f", r.Stability), "agreement": fmt.Sprintf("%.2f", r.Agreement),
		"parameters": r.Speed.Parameters, "prunedParameters": r.Speed.PrunedParameters,
		"operations": fmt.Sprintf("%.1f", 100*float64(r.Speed.PrunedMACs)/float64(r.Speed.MACs)), "difference": fmt.Sprintf("%.1e", r.Speed.MaskedDifference),
	}
}

// caption names model, data and seed under a figure.
func (r edition) caption(extra string) string { return r.captionOf(r.Config.Seeds[:1], extra) }

// captionOf is that of a figure of models with these seeds.
func (r edition) captionOf(seeds []uint64, extra string) string {
	c := r.Config
	return experiment.Caption(r.F("%s, fine-tuned on %s (%s), %d test examples", c.Model, c.Task, r.Seeds(seeds), r.Ablation.Examples), extra)
}

// table puts a value of each head at its place, [layers][heads]; heads that the model does not have are NaN.
func (r *Result) table(effects []heads.HeadEffect, value func(heads.HeadEffect) float64) [][]float64 {
	table := make([][]float64, r.Layers)
	for l := range table {
		table[l] = make([]float64, r.Heads)
		for h := range table[l] {
			table[l][h] = math.NaN()
		}
	}
	for _, e := range effects {
		table[e.Layer][e.Head.Head] = value(e)
	}
	return table
}

// marks are those of the heads for whose effect, by its number, a condition holds: [layers][heads].
func (r *Result) marks(condition func(i int) bool) [][]bool {
	marks := make([][]bool, r.Layers)
	for l := range marks {
		marks[l] = make([]bool, r.Heads)
	}
	for i, e := range r.Ablation.Heads {
		marks[e.Layer][e.Head.Head] = condition(i)
	}
	return marks
}

// ImportanceHeatmap shows the normalised importance of each head.
func (r edition) ImportanceHeatmap() (*figures.Figure, error) {
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(r.T("Importance of attention heads"),
		r.T("head"), r.T("layer"), r.caption(r.F("importance on %d training examples", r.Importance.Examples))),
		Values: r.Importance.Normalized, Palette: figures.Sequential, Legend: r.T("importance, ℓ2-normalised per layer"),
	})
}

// AblationHeatmap shows the change of the metric when a head is masked alone.
func (r edition) AblationHeatmap() (*figures.Figure, error) {
	adjusted := stats.Holm(pValues(r.Ablation.Heads))
	marks := r.marks(func(i int) bool { return adjusted[i] < level })
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(r.F("Without one head: %d of %d heads are shown to change the accuracy", r.significant(), len(r.Ablation.Heads)),
		r.T("head masked"), r.T("layer"), r.caption(r.F("%s of the whole model %.4f", r.Name(r.Metric), r.Ablation.Score))),
		Values:  r.table(r.Ablation.Heads, func(e heads.HeadEffect) float64 { return 100 * e.MetricDelta }),
		Palette: figures.Diverging, Format: "%+.1f", Legend: r.F("change of %s, points", r.Name(r.Metric)), Marks: marks, MarkLabel: r.T("p < 0.05 (McNemar, Holm)"),
	})
}

// LossHeatmap shows the change of the loss when a head is masked alone, which is finer than the metric.
func (r edition) LossHeatmap() (*figures.Figure, error) {
	marks := r.marks(func(i int) bool { return r.Ablation.Heads[i].LossLow > 0 || r.Ablation.Heads[i].LossHigh < 0 })
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(r.T("Without one head: change of the loss"),
		r.T("head masked"), r.T("layer"), r.caption(r.F("loss of the whole model %.4f nats", r.Ablation.Loss))),
		Values:  r.table(r.Ablation.Heads, func(e heads.HeadEffect) float64 { return 1000 * e.LossDelta }),
		Palette: figures.Diverging, Format: "%+.0f", Legend: r.T("change of the loss, thousandths of a nat"), Marks: marks, MarkLabel: r.T("95 % interval excludes 0"),
	})
}

// EntropyHeatmap shows how widely each head attends.
func (r edition) EntropyHeatmap() (*figures.Figure, error) {
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(r.T("Entropy of attention"), r.T("head"), r.T("layer"), r.caption("")),
		Values: r.Entropy, Palette: figures.Sequential, Legend: r.T("mean entropy, nats"),
	})
}

// Histogram shows how often masking one head leads to which score.
func (r edition) Histogram() (*figures.Figure, error) {
	scores := experiment.Each(r.Ablation.Heads, func(e heads.HeadEffect) float64 { return 100 * e.Metric })
	return figures.Histogram(figures.HistogramOptions{Frame: r.Frame(r.F("Without one head: %d of %d times the %s stays within a point", r.near(), len(scores), r.Name(r.Metric)),
		r.F("%s, %%", r.Name(r.Metric)), r.T("heads"), r.caption("")),
		Samples: []figures.Sample{{Name: r.T("one head masked"), Values: scores}},
		VLines:  []figures.Reference{{Value: 100 * r.Ablation.Score, Label: r.T("all heads")}},
	})
}

// PruningCurves show the metric as ever more heads are masked, in each order; bands are the range over seeds and draws.
func (r edition) PruningCurves() (*figures.Figure, error) {
	var curves []figures.Curve
	for _, order := range []Order{ByImportance, Recomputed, ByScore, AtRandom, ByReverse} {
		if curve, ok := r.curve(order); ok {
			curves = append(curves, curve)
		}
	}
	extra := r.F("random orders for each seed: %d; bands: range over seeds and orders", r.Config.RandomOrders)
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.curvesTitle(),
		r.T("heads masked"), r.Name(r.Metric), r.captionOf(r.Config.Seeds, extra)),
		Curves: curves, HLines: []figures.Reference{{Value: r.Majority, Label: r.T("largest class")}}, XFormat: figures.Percent, YFormat: figures.Percent,
	})
}

// curvesTitle says what the first heads cost, with its interval.
func (r edition) curvesTitle() string {
	list := r.pruned(plateau)
	if len(list) == 0 {
		return r.T("Accuracy as heads are masked")
	}
	last := list[len(list)-1]
	return r.F("By importance, %s of the heads change the accuracy by %s points", last.Name, last.Points())
}

// curve is an order's mean over seeds and draws, with the range as its band where there are several.
func (r edition) curve(order Order) (figures.Curve, bool) {
	curve := figures.Curve{Name: r.Name(string(order))}
	var scores [][]float64
	for _, c := range r.Curves {
		if c.Order != order {
			continue
		}
		for i, p := range c.Points {
			if len(scores) <= i {
				scores = append(scores, nil)
				curve.X = append(curve.X, p.Fraction)
			}
			scores[i] = append(scores[i], p.Score)
		}
	}
	if len(scores) == 0 {
		return curve, false
	}
	for _, at := range scores {
		curve.Y = append(curve.Y, stat.Mean(at, nil))
		if len(at) > 1 {
			curve.Lo, curve.Hi = append(curve.Lo, slices.Min(at)), append(curve.Hi, slices.Max(at))
		}
	}
	return curve, true
}

// transferTitle follows the verdict.
func (r edition) transferTitle() string {
	switch experiment.Judge(r.Printer, r.transfer())[0].Verdict {
	case report.Holds:
		if !r.Transfer.relatedByLoss() {
			return r.T("By accuracy, heads that matter in one domain matter in the other; by the loss no relation is seen")
		}
		return r.T("By accuracy, heads that matter in one domain matter in the other")
	case report.DoesNotHold:
		return r.T("Heads that matter in one domain matter no more than the rest in the other")
	}
	return r.T("No clear relation between the effects of heads in two domains")
}

// TransferScatter shows each head's effect in and out of domain.
func (r edition) TransferScatter() (*figures.Figure, error) {
	t := r.Transfer
	change := func(e heads.HeadEffect) float64 { return 100 * e.MetricDelta }
	return figures.Scatter(figures.ScatterOptions{Frame: r.Frame(r.transferTitle(),
		r.F("change of %s on %s, points", r.Name(r.Metric), r.Config.Task), r.F("on %s", t.Task),
		r.caption(r.F("out of domain: %s, %d examples; labels: layer:head from 0", t.Task, t.Effects.Examples))),
		X: experiment.Each(r.Ablation.Heads, change), Y: experiment.Each(t.Effects.Heads, change),
		Labels: experiment.Each(t.Effects.Heads, func(e heads.HeadEffect) string { return e.Head.String() }), Outliers: 4, Lines: figures.FitLine | figures.ZeroLines,
		Note: r.F("r = %.2f [%.2f, %.2f]; of the change of the loss %.2f [%.2f, %.2f]", t.R, t.RLow, t.RHigh, t.RLoss, t.RLossLow, t.RLossHi),
	})
}

// SpeedBars show the speed-up of the model without half of its heads.
func (r edition) SpeedBars() (*figures.Figure, error) {
	s := r.Speed
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Speed with %.0f %% of the heads removed", 100*s.Fraction),
		r.T("batch size"), r.T("examples/s relative to the whole model"),
		r.F("%s, %d tokens, %s, %d pairs of timings a bar", r.Config.Model, s.Length, r.Provenance.TimedIn(r.Printer), s.Repeats)),
		Groups: experiment.BatchNames(s.Batches), Series: []figures.BarSeries{experiment.SpeedSeries(r.T("measured (median, quartiles)"), s.Batches)}, Format: "%.2f×",
		HLines: []figures.Reference{{Value: s.ByOperations(), Label: r.T("by operations")}},
	})
}
