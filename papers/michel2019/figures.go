package michel2019

import (
	"fmt"
	"math"
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/techniques/heads"
)

// figures are the experiment's figures in the order of the report.
func (r *Result) figures() []experiment.Drawing {
	return []experiment.Drawing{
		{Name: "importance", Build: r.ImportanceHeatmap, Caption: experiment.Text{
			English: "Importance of each head, E|∂L/∂ξ|, divided by the layer's ℓ2 norm. The loss depends most on the bright heads.",
			Korean:  "각 어텐션 헤드의 중요도 E|∂L/∂ξ|를 층마다 ℓ2 노름으로 나눈 값. 색이 밝은 헤드일수록 손실이 그 헤드에 더 크게 의존한다.",
		}},
		{Name: "ablation", Build: r.AblationHeatmap, Caption: experiment.Text{
			English: "What the metric changes by when one head is masked and all others stay. Marked heads change the predictions significantly.",
			Korean:  "다른 헤드는 그대로 두고 헤드 하나만 마스킹했을 때 평가 지표의 변화. 표시된 헤드는 예측을 유의하게 바꾼다.",
		}},
		{Name: "ablation-loss", Build: r.LossHeatmap, Caption: experiment.Text{
			English: "The same for the loss, which is finer than the metric: heads above 0 help, those below do harm.",
			Korean:  "같은 실험을 손실로 본 것. 손실은 평가 지표보다 섬세하다. 양의 값은 도움이 되는 헤드, 음의 값은 해가 되는 헤드이다.",
		}},
		{Name: "histogram", Build: r.Histogram, Caption: experiment.Text{
			English: "How often masking one head leads to which score. The line is the model with all its heads.",
			Korean:  "헤드 하나를 마스킹했을 때 얻는 점수의 분포. 선은 모든 헤드를 갖춘 모델의 점수이다.",
		}},
		{Name: "pruning", Build: r.PruningCurves, Caption: experiment.Text{
			English: "The metric as ever more heads are masked, without retraining, in each order.",
			Korean:  "재학습 없이 헤드를 점점 더 많이 마스킹할 때의 평가 지표. 곡선마다 가지치기 순서가 다르다.",
		}},
		{Name: "transfer", Omit: r.Transfer == nil, Build: r.TransferScatter, Caption: experiment.Text{
			English: "Each point is a head: what masking it does to the loss on the task's own test set, and on another domain.",
			Korean:  "점 하나가 헤드 하나이다. 그 헤드를 마스킹했을 때 원래 도메인의 손실 변화(가로)와 다른 도메인의 손실 변화(세로).",
		}},
		{Name: "speed", Build: r.SpeedBars, Caption: experiment.Text{
			English: "Examples a second without half of the heads, against the whole model. The dashed line is what the operations alone would give.",
			Korean:  "헤드 절반을 제거한 모델의 초당 처리 예제 수(전체 모델 대비). 점선은 연산량만으로 기대되는 값이다.",
		}},
		{Name: "entropy", Build: r.EntropyHeatmap, Caption: experiment.Text{
			English: "How widely each head attends: 0 is one token, ln n all n tokens alike.",
			Korean:  "각 헤드가 얼마나 넓게 보는지를 나타내는 어텐션 엔트로피. 0이면 토큰 하나만, ln n이면 토큰 n개를 고르게 본다.",
		}},
	}
}

// numbers are what the narrative names.
func (r *Result) numbers() map[string]any {
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

// names counts layers or heads from 0, as --mask-heads does.
func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%d", prefix, i)
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
