package michel2019

import (
	"fmt"
	"math"
	"slices"

	"bertlab/figures"
	"bertlab/techniques/heads"
)

// caption names model, data and seed under a figure.
func (r *Result) caption(extra string) string {
	c := r.Config
	text := fmt.Sprintf("%s, fine-tuned on %s (seed %d), %d test examples", c.Model, c.Task, c.Seeds[0], r.Ablation.Examples)
	if extra != "" {
		text += "; " + extra
	}
	return text
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

// layerNames counts layers and heads from 1, as the paper does.
func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%d", prefix, i+1)
	}
	return list
}

// ImportanceHeatmap shows the normalised importance of each head.
func (r *Result) ImportanceHeatmap() (*figures.Figure, error) {
	return figures.Heatmap(figures.HeatmapOptions{
		Frame: figures.Frame{
			Title: "Importance of attention heads", XLabel: "head", YLabel: "layer",
			Caption: r.caption(fmt.Sprintf("importance on %d training examples", r.Importance.Examples)),
		},
		Values: r.Importance.Normalized, Rows: names("", r.Layers), Columns: names("", r.Heads),
		Palette: figures.Sequential, Legend: "importance, ℓ2-normalised per layer",
	})
}

// AblationHeatmap shows the change of the metric when a head is masked alone.
func (r *Result) AblationHeatmap() (*figures.Figure, error) {
	marks := make([][]bool, r.Layers)
	for l := range marks {
		marks[l] = make([]bool, r.Heads)
	}
	for _, e := range r.Ablation.Heads {
		marks[e.Layer][e.Head.Head] = e.PValue < level
	}
	worse, better := r.significant(r.Ablation.Heads)
	return figures.Heatmap(figures.HeatmapOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("Without one head: %d of %d heads change the predictions significantly", worse+better, len(r.Ablation.Heads)),
			XLabel: "head masked", YLabel: "layer", Caption: r.caption(fmt.Sprintf("%s of the whole model %.4f", r.Metric, r.Ablation.Score)),
		},
		Values: r.table(r.Ablation.Heads, func(e heads.HeadEffect) float64 { return 100 * e.MetricDelta }),
		Rows:   names("", r.Layers), Columns: names("", r.Heads), Palette: figures.Diverging, Format: "%+.1f",
		Legend: "change of " + r.Metric + ", points", Marks: marks, MarkLabel: "p < 0.01 (McNemar)",
	})
}

// LossHeatmap shows the change of the loss when a head is masked alone, which is finer than the metric.
func (r *Result) LossHeatmap() (*figures.Figure, error) {
	marks := make([][]bool, r.Layers)
	for l := range marks {
		marks[l] = make([]bool, r.Heads)
	}
	for _, e := range r.Ablation.Heads {
		marks[e.Layer][e.Head.Head] = e.LossLow > 0 || e.LossHigh < 0
	}
	return figures.Heatmap(figures.HeatmapOptions{
		Frame: figures.Frame{
			Title: "Without one head: change of the loss", XLabel: "head masked", YLabel: "layer",
			Caption: r.caption(fmt.Sprintf("loss of the whole model %.4f nats", r.Ablation.Loss)),
		},
		Values: r.table(r.Ablation.Heads, func(e heads.HeadEffect) float64 { return 1000 * e.LossDelta }),
		Rows:   names("", r.Layers), Columns: names("", r.Heads), Palette: figures.Diverging, Format: "%+.0f",
		Legend: "change of the loss, thousandths of a nat", Marks: marks, MarkLabel: "95 % interval excludes 0",
	})
}

// EntropyHeatmap shows how widely each head attends.
func (r *Result) EntropyHeatmap() (*figures.Figure, error) {
	return figures.Heatmap(figures.HeatmapOptions{
		Frame:  figures.Frame{Title: "Entropy of attention", XLabel: "head", YLabel: "layer", Caption: r.caption("")},
		Values: r.Entropy, Rows: names("", r.Layers), Columns: names("", r.Heads), Palette: figures.Sequential, Legend: "mean entropy, nats",
	})
}

// Histogram shows how often masking one head leads to which score.
func (r *Result) Histogram() (*figures.Figure, error) {
	var scores []float64
	near := 0
	for _, e := range r.Ablation.Heads {
		scores = append(scores, 100*e.Metric)
		if math.Abs(e.MetricDelta) <= 0.01 {
			near++
		}
	}
	return figures.Histogram(figures.HistogramOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("Without one head: %d of %d times the %s stays within a point", near, len(scores), r.Metric),
			XLabel: r.Metric + ", %", YLabel: "heads", Caption: r.caption(""),
		},
		Samples: []figures.Sample{{Name: "one head masked", Values: scores}},
		VLines:  []figures.Reference{{Value: 100 * r.Ablation.Score, Label: "all heads"}},
	})
}

// PruningCurves show the metric as ever more heads are masked, in each order; bands are the range over seeds and draws.
func (r *Result) PruningCurves() (*figures.Figure, error) {
	var curves []figures.Curve
	for _, order := range []Order{ByImportance, Recomputed, ByScore, AtRandom, ByReverse} {
		if curve, ok := r.curve(order); ok {
			curves = append(curves, curve)
		}
	}
	share, _ := r.plateau(ByImportance)
	extra := fmt.Sprintf("%d fine-tuning run(s), %d random order(s) each; bands: range over runs and orders", len(r.Config.Seeds), r.Config.RandomOrders)
	return figures.Curves(figures.CurvesOptions{
		Frame: figures.Frame{
			Title:   fmt.Sprintf("By importance, %.0f %% of the heads go without a significant loss", 100*share),
			Caption: r.caption(extra), XLabel: "heads masked", YLabel: r.Metric,
		},
		Curves: curves, HLines: []figures.Reference{{Value: r.Majority, Label: "largest class"}}, XFormat: figures.Percent, YFormat: figures.Percent,
	})
}

// curve is an order's mean over seeds and draws, with the range as its band where there are several.
func (r *Result) curve(order Order) (figures.Curve, bool) {
	curve := figures.Curve{Name: string(order)}
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
		curve.Y = append(curve.Y, mean(at))
		if len(at) > 1 {
			curve.Lo, curve.Hi = append(curve.Lo, slices.Min(at)), append(curve.Hi, slices.Max(at))
		}
	}
	return curve, true
}

// title says what the correlation of the losses says.
func (t *Transfer) title() string {
	switch {
	case t.RLossLow > 0:
		return "Heads that matter in one domain matter in the other"
	case t.RLossHi < 0:
		return "Heads that help in one domain hurt in the other"
	}
	return "No clear relation between the effects of heads in two domains"
}

// TransferScatter shows each head's effect in and out of domain.
func (r *Result) TransferScatter() (*figures.Figure, error) {
	t := r.Transfer
	var x, y []float64
	var labels []string
	for i, e := range t.Effects.Heads {
		x, y = append(x, 1000*r.Ablation.Heads[i].LossDelta), append(y, 1000*e.LossDelta)
		labels = append(labels, fmt.Sprintf("%d:%d", e.Layer+1, e.Head.Head+1))
	}
	return figures.Scatter(figures.ScatterOptions{
		Frame: figures.Frame{
			Title:   t.title(),
			Caption: r.caption(fmt.Sprintf("out of domain: %s, %d examples; labels: layer:head from 1", t.Task, t.Effects.Examples)),
			XLabel:  "change of the loss on " + r.Config.Task + ", thousandths of a nat", YLabel: "on " + t.Task,
		},
		X: x, Y: y, Labels: labels, Outliers: 4, Lines: figures.FitLine | figures.ZeroLines,
		Note: fmt.Sprintf("r = %.2f [%.2f, %.2f] of the loss; %.2f [%.2f, %.2f] of %s", t.RLoss, t.RLossLow, t.RLossHi, t.R, t.RLow, t.RHigh, r.Metric),
	})
}

// SpeedBars show the speed-up of the model without half of its heads.
func (r *Result) SpeedBars() (*figures.Figure, error) {
	s := r.Speed
	var groups []string
	series := figures.BarSeries{Name: "measured (median, quartiles)"}
	for _, b := range s.Batches {
		groups = append(groups, fmt.Sprint(b.Size))
		series.Values, series.Lo, series.Hi = append(series.Values, b.Ratio), append(series.Lo, b.Low), append(series.Hi, b.High)
	}
	return figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("Speed with %.0f %% of the heads removed", 100*s.Fraction),
			XLabel: "batch size", YLabel: "examples/s against the whole model",
			Caption: fmt.Sprintf("%s, %d tokens, %s, %d pairs of timings a bar", r.Config.Model, s.Length, r.Provenance.Machine, s.Repeats),
		},
		Groups: groups, Series: []figures.BarSeries{series}, Format: "%.2f×",
		HLines: []figures.Reference{{Value: float64(s.MACs) / float64(s.PrunedMACs), Label: "by operations"}},
	})
}
