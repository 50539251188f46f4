package sanh2020

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// matrices are the columns of a heat map over layers and matrices, in the order of gbert.LayerRoles.
var matrices = []string{"query", "key", "value", "attention out", "FFN in", "FFN out"}

// layerNames counts layers from 0.
func layerNames(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	return list
}

// LayerHeatmap shows where global movement pruning leaves weights (figure 6 of the paper), the mean over seeds.
func (r *Result) LayerHeatmap() (*figures.Figure, error) {
	runs := r.global(movement.Movement, r.Config.Focus)
	values := make([][]float64, r.Layers)
	for layer := range values {
		values[layer] = make([]float64, len(matrices))
		for i := range matrices {
			for _, t := range runs {
				values[layer][i] += 100 * t.ByMatrix[layer][i] / float64(len(runs))
			}
		}
	}
	return figures.Heatmap(figures.HeatmapOptions{
		Frame: figures.Frame{
			Title: fmt.Sprintf("Where movement pruning leaves %g %% of all weights", 100*r.Config.Focus), XLabel: "matrix", YLabel: "layer (from 0)", Caption: r.caption(r.seeds("mean")),
		},
		Values: values, Rows: layerNames(r.Layers), Columns: matrices, Palette: figures.Sequential, Format: "%.1f", Legend: "remaining weights, %",
	})
}

// LayerBars show what remains in each layer with one selection for the whole model.
func (r *Result) LayerBars() (*figures.Figure, error) {
	var series []figures.BarSeries
	for _, kind := range r.Config.Global {
		shares := r.layerShares(r.global(kind, r.Config.Focus))
		for i := range shares {
			shares[i] *= 100
		}
		if shares != nil {
			series = append(series, figures.BarSeries{Name: curveName(kind), Values: shares})
		}
	}
	return figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Title: "Remaining weights by layer, one selection for the whole model", XLabel: "layer (from 0)", YLabel: "remaining weights, %", Caption: r.caption(r.seeds("mean")),
		},
		Groups: layerNames(r.Layers), Series: series, Format: "%.1f", HLines: []figures.Reference{{Value: 100 * r.Config.Focus, Label: "all layers"}},
	})
}

// TeacherBars show the metric with and without a teacher, at Focus (table 3 of the paper).
func (r *Result) TeacherBars() (*figures.Figure, error) {
	var groups []string
	without, with := figures.BarSeries{Name: "labels only"}, figures.BarSeries{Name: "with a teacher"}
	for _, kind := range r.Config.Distilled {
		a, b := of(r.plain(kind, r.Config.Focus), r.Config.Seeds[0]), r.distilled(kind, r.Config.Focus)
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		groups = append(groups, curveName(kind))
		without.Values, with.Values = append(without.Values, mean(scores(a))), append(with.Values, mean(scores(b)))
	}
	return figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("Soft targets of the dense model, %g %% of the weights", 100*r.Config.Focus),
			XLabel: "method", YLabel: r.Metric, Caption: r.caption(fmt.Sprintf("seed %d, T = 2, α = 0.9", r.Config.Seeds[0])),
		},
		Groups: groups, Series: []figures.BarSeries{without, with}, Format: "%.3f", YFormat: figures.Percent,
		HLines: []figures.Reference{{Value: r.Dense[0].Score, Label: "dense"}, {Value: r.Majority, Label: "largest class"}},
	})
}

// RateCurves show how much the learning rate of the scores matters, at Focus.
func (r *Result) RateCurves() (*figures.Figure, error) {
	var curves []figures.Curve
	for _, kind := range r.Config.Kinds {
		runs := of(r.pick(func(v Variant) bool {
			return v.Kind == kind && v.Rate > 0 && v.Remaining == r.Config.Focus && v.Scope == movement.Local && !v.Structured && !v.Distilled
		}), r.Config.Seeds[0])
		slices.SortFunc(runs, func(a, b Trained) int { return cmp.Compare(a.Variant.Rate, b.Variant.Rate) })
		curve := figures.Curve{Name: curveName(kind)}
		for _, t := range runs {
			curve.X, curve.Y = append(curve.X, math.Log10(t.Variant.Rate)), append(curve.Y, t.Score)
		}
		if len(runs) > 0 {
			curves = append(curves, curve)
		}
	}
	return figures.Curves(figures.CurvesOptions{
		Frame: figures.Frame{
			Title:  "How much the learning rate of the scores matters",
			XLabel: "learning rate of the scores (logarithmic)", YLabel: r.Metric, Caption: r.caption(fmt.Sprintf("%g %% remaining, seed %d", 100*r.Config.Focus, r.Config.Seeds[0])),
		},
		Curves: curves, XFormat: func(x float64) string { return fmt.Sprintf("%.2g", math.Pow(10, x)) }, YFormat: figures.Percent,
		HLines: []figures.Reference{{Value: r.Majority, Label: "largest class"}},
	})
}

// DriftHeatmap shows how far fine-tuning without pruning moves each matrix.
func (r *Result) DriftHeatmap() (*figures.Figure, error) {
	values := make([][]float64, len(r.Drift.ByMatrix))
	for layer, row := range r.Drift.ByMatrix {
		for _, v := range row {
			values[layer] = append(values[layer], 100*v)
		}
	}
	return figures.Heatmap(figures.HeatmapOptions{
		Frame: figures.Frame{
			Title: fmt.Sprintf("Fine-tuning moves weights by %.1f %% of their norm", 100*r.Drift.Distance), XLabel: "matrix", YLabel: "layer (from 0)",
			Caption: r.caption(fmt.Sprintf("no pruning, peak learning rate %g, seed %d", r.Config.LearningRate, r.Config.Seeds[0])),
		},
		Values: values, Rows: layerNames(len(values)), Columns: matrices, Palette: figures.Sequential, Format: "%.1f", Legend: "‖W − W₀‖/‖W₀‖, %",
	})
}

// SpeedBars show the speed of pruned models against the dense one.
func (r *Result) SpeedBars() (*figures.Figure, error) {
	s := r.Speed
	var groups []string
	for _, size := range r.Config.SpeedBatches {
		groups = append(groups, fmt.Sprint(size))
	}
	var series []figures.BarSeries
	add := func(name string, batches []experiment.SpeedBatch) {
		if len(batches) == 0 {
			return
		}
		bars := figures.BarSeries{Name: name}
		for _, b := range batches {
			bars.Values, bars.Lo, bars.Hi = append(bars.Values, b.Ratio), append(bars.Lo, b.Low), append(bars.Hi, b.High)
		}
		series = append(series, bars)
	}
	add(fmt.Sprintf("zeros, %.0f %% left", 100*s.Kept), s.Unstructured)
	for _, m := range s.Structured {
		add(fmt.Sprintf("removed, %g %% left", 100*m.Remaining), m.Batches)
	}
	return figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Title: r.speedTitle(), XLabel: "batch size", YLabel: "examples/s against the dense model",
			Caption: fmt.Sprintf("%s, %d tokens, %s, medians and quartiles of %d pairs of timings", r.Config.modelName(), s.Length, r.Provenance.Machine, s.Repeats),
		},
		Groups: groups, Series: series, Format: "%.2f×", HLines: []figures.Reference{{Value: 1, Label: "dense"}},
	})
}

// speedTitle says what was measured at the largest batch: with zeros, and with the fewest heads and neurons.
func (r *Result) speedTitle() string {
	last := len(r.Config.SpeedBatches) - 1
	var parts []string
	if len(r.Speed.Unstructured) > 0 {
		parts = append(parts, fmt.Sprintf("%.2f× with zeros", r.Speed.Unstructured[last].Ratio))
	}
	if len(r.Speed.Structured) > 0 {
		fewest := slices.MinFunc(r.Speed.Structured, func(a, b StructuredSpeed) int { return cmp.Compare(a.Remaining, b.Remaining) })
		parts = append(parts, fmt.Sprintf("%.2f× with %g %% of heads and neurons", fewest.Batches[last].Ratio, 100*fewest.Remaining))
	}
	return fmt.Sprintf("Speed at batch %d: %s", r.Config.SpeedBatches[last], strings.Join(parts, ", "))
}

// HybridCurve shows the metric against the measured speed, for heads and neurons that were removed and for zeros.
func (r *Result) HybridCurve() (*figures.Figure, error) {
	type point struct{ speed, score float64 }
	last := len(r.Config.SpeedBatches) - 1
	trained, untrained := []point{{1, r.Dense[0].Score}}, []point{{1, r.Dense[0].Score}}
	for _, s := range r.Speed.Structured {
		p := point{s.Batches[last].Ratio, s.Score}
		if s.Trained {
			trained = append(trained, p)
		} else {
			untrained = append(untrained, p)
		}
	}
	var curves []figures.Curve
	for _, c := range []struct {
		name   string
		points []point
	}{{"movement, heads and neurons", trained}, {"removed without training", untrained}} {
		if len(c.points) < 2 {
			continue
		}
		slices.SortFunc(c.points, func(a, b point) int { return cmp.Compare(a.speed, b.speed) })
		curve := figures.Curve{Name: c.name}
		for _, p := range c.points {
			curve.X, curve.Y = append(curve.X, p.speed), append(curve.Y, p.score)
		}
		curves = append(curves, curve)
	}
	return figures.Curves(figures.CurvesOptions{
		Frame: figures.Frame{
			Title: r.hybridTitle(), XLabel: fmt.Sprintf("speed against the dense model, batch %d", r.Config.SpeedBatches[last]), YLabel: r.Metric,
			Caption: r.caption(fmt.Sprintf("seed %d, %d tokens, %s", r.Config.Seeds[0], r.Speed.Length, r.Provenance.Machine)),
		},
		Curves: curves, YFormat: figures.Percent, XFormat: func(x float64) string { return fmt.Sprintf("%.2g×", x) },
		HLines: []figures.Reference{{Value: r.Dense[0].Score, Label: "dense"}, {Value: r.Majority, Label: "largest class"}},
	})
}

// hybridTitle says what the fastest model has lost.
func (r *Result) hybridTitle() string {
	last := len(r.Config.SpeedBatches) - 1
	fastest := slices.MaxFunc(r.Speed.Structured, func(a, b StructuredSpeed) int { return cmp.Compare(a.Batches[last].Ratio, b.Batches[last].Ratio) })
	return fmt.Sprintf("%.2f× as fast: %s %.3f instead of %.3f", fastest.Batches[last].Ratio, r.Metric, fastest.Score, r.Dense[0].Score)
}
