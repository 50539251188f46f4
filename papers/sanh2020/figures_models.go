package sanh2020

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// matrices are the columns of a heat map over layers and matrices, in the order of gbert.LayerRoles.
func (r edition) matrices() []string {
	return []string{r.T("query"), r.T("key"), r.T("value"), r.T("attention out"), r.T("FFN in"), r.T("FFN out")}
}

// percents are shares in percent.
func percents(shares [][]float64) [][]float64 {
	return experiment.Each(shares, func(row []float64) []float64 {
		return experiment.Each(row, func(share float64) float64 { return 100 * share })
	})
}

// LayerHeatmap shows where global movement pruning leaves weights (figure 6 of the paper), the mean over seeds.
func (r edition) LayerHeatmap() (*figures.Figure, error) {
	runs := r.global(movement.Movement, r.Config.Focus)
	values := make([][]float64, r.Layers)
	for layer := range values {
		values[layer] = make([]float64, len(gbert.LayerRoles))
		for i := range gbert.LayerRoles {
			for _, t := range runs {
				values[layer][i] += 100 * t.ByMatrix[layer][i] / float64(len(runs))
			}
		}
	}
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(r.F("Where movement pruning leaves %g %% of all weights", 100*r.Config.Focus),
		r.T("matrix"), r.T("layer (from 0)"), r.caption(r.seeds(r.T("mean")))),
		Values: values, Columns: r.matrices(), Palette: figures.Sequential, Format: "%.1f", Legend: r.T("remaining weights, %"),
	})
}

// LayerBars show what remains in each layer with one selection for the whole model.
func (r edition) LayerBars() (*figures.Figure, error) {
	var series []figures.BarSeries
	for _, kind := range r.Config.Global {
		shares := r.layerShares(r.global(kind, r.Config.Focus))
		for i := range shares {
			shares[i] *= 100
		}
		if shares != nil {
			series = append(series, figures.BarSeries{Name: curveName(r.Printer, kind), Values: shares})
		}
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.T("Remaining weights by layer, one selection for the whole model"),
		r.T("layer (from 0)"), r.T("remaining weights, %"), r.caption(r.seeds(r.T("mean")))),
		Groups: figures.FromZero(r.Layers), Series: series, Format: "%.1f", HLines: []figures.Reference{{Value: 100 * r.Config.Focus, Label: r.T("all layers")}},
	})
}

// TeacherBars show the metric with and without a teacher, at Focus (table 3 of the paper).
func (r edition) TeacherBars() (*figures.Figure, error) {
	var groups []string
	without, with := figures.BarSeries{Name: r.T("labels only")}, figures.BarSeries{Name: r.T("with a teacher")}
	for _, kind := range r.Config.Distilled {
		a, b := r.plain(kind, r.Config.Focus), r.distilled(kind, r.Config.Focus)
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		groups = append(groups, curveName(r.Printer, kind))
		without.Values, with.Values = append(without.Values, mean(scores(a))), append(with.Values, mean(scores(b)))
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Soft targets of the dense model, %g %% of the weights", 100*r.Config.Focus),
		r.T("method"), r.Name(r.Metric), r.caption(experiment.Caption(r.seeds(r.T("mean")), "T = 2, α = 0.9"))),
		Groups: groups, Series: []figures.BarSeries{without, with}, Format: "%.3f", YFormat: figures.Percent,
		HLines: []figures.Reference{{Value: r.Dense[0].Score, Label: r.T("dense")}, {Value: r.Majority, Label: r.T("largest class")}},
	})
}

// RateCurves show how much the learning rate of the scores matters, at Focus.
func (r edition) RateCurves() (*figures.Figure, error) {
	var curves []figures.Curve
	for _, kind := range r.Config.Kinds {
		runs := of(r.pick(func(v Pruning) bool {
			return v.Kind == kind && v.Rate > 0 && v.Remaining == r.Config.Focus && v.Scope == movement.Local && !v.Structured && !v.Distilled
		}), r.Config.Seeds[0])
		slices.SortFunc(runs, func(a, b Trained) int { return cmp.Compare(a.Variant.Rate, b.Variant.Rate) })
		if len(runs) > 0 {
			rates := experiment.Each(runs, func(t Trained) float64 { return math.Log10(t.Variant.Rate) })
			curves = append(curves, figures.Curve{Name: curveName(r.Printer, kind), X: rates, Y: scores(runs)})
		}
	}
	majority, below := r.LargestClass(r.Majority, 1, curves)
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.T("How much the learning rate of the scores matters"),
		r.T("learning rate of the scores (logarithmic)"), r.Name(r.Metric), r.caption(experiment.Caption(r.F("%g %% remaining, seed %d", 100*r.Config.Focus, r.Config.Seeds[0]), below))),
		Curves: curves, XFormat: func(x float64) string { return fmt.Sprintf("%.2g", math.Pow(10, x)) }, YFormat: figures.Percent,
		HLines: majority,
	})
}

// DriftHeatmap shows how far fine-tuning without pruning moves each matrix.
func (r edition) DriftHeatmap() (*figures.Figure, error) {
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(r.F("Fine-tuning moves weights by %.1f %% of their norm", 100*r.Drift.Distance),
		r.T("matrix"), r.T("layer (from 0)"), r.caption(r.F("no pruning, peak learning rate %g, seed %d", r.Config.LearningRate, r.Config.Seeds[0]))),
		Values: percents(r.Drift.ByMatrix), Columns: r.matrices(), Palette: figures.Sequential, Format: "%.1f", Legend: "‖W − W₀‖/‖W₀‖, %",
	})
}

// SpeedBars show the speed of pruned models against the dense one.
func (r edition) SpeedBars() (*figures.Figure, error) {
	s := r.Speed
	var series []figures.BarSeries
	if len(s.Unstructured) > 0 {
		series = append(series, experiment.SpeedSeries(r.F("zeros, %.0f %% left", 100*s.Kept), s.Unstructured))
	}
	for _, m := range s.Structured {
		series = append(series, experiment.SpeedSeries(r.F("removed, %g %% left", 100*m.Remaining), m.Batches))
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.speedTitle(),
		r.T("batch size"), r.T("examples/s relative to the dense model"),
		r.F("%s, %d tokens, %s, medians and quartiles of %d pairs of timings", r.Config.modelName(r.Printer), s.Length, r.Provenance.TimedIn(r.Printer), s.Repeats)),
		Groups: figures.Texts(r.Config.SpeedBatches), Series: series, Format: "%.2f×", HLines: []figures.Reference{{Value: 1, Label: r.T("dense")}},
	})
}

// speedTitle says what was measured at the largest batch: with zeros, and with the fewest heads and neurons.
func (r edition) speedTitle() string {
	last := len(r.Config.SpeedBatches) - 1
	var parts []string
	if len(r.Speed.Unstructured) > 0 {
		parts = append(parts, r.F("%.2f× with zeros", r.Speed.Unstructured[last].Ratio))
	}
	if len(r.Speed.Structured) > 0 {
		fewest := slices.MinFunc(r.Speed.Structured, func(a, b StructuredSpeed) int { return cmp.Compare(a.Remaining, b.Remaining) })
		parts = append(parts, r.F("%.2f× with %g %% of heads and neurons", fewest.Batches[last].Ratio, 100*fewest.Remaining))
	}
	return r.F("Speed at batch %d: %s", r.Config.SpeedBatches[last], strings.Join(parts, ", "))
}

// HybridCurve shows the metric against the measured speed, for heads and neurons that were removed and for zeros.
func (r edition) HybridCurve() (*figures.Figure, error) {
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
	}{{r.T("movement, heads and neurons"), trained}, {r.T("removed without training"), untrained}} {
		if len(c.points) < 2 {
			continue
		}
		slices.SortFunc(c.points, func(a, b point) int { return cmp.Compare(a.speed, b.speed) })
		curves = append(curves, figures.Curve{
			Name: c.name, X: experiment.Each(c.points, func(p point) float64 { return p.speed }), Y: experiment.Each(c.points, func(p point) float64 { return p.score }),
		})
	}
	majority, below := r.LargestClass(r.Majority, 1, curves)
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.hybridTitle(),
		r.F("speed against the dense model, batch %d", r.Config.SpeedBatches[last]), r.Name(r.Metric),
		r.caption(experiment.Caption(r.F("seed %d, %d tokens, %s", r.Config.Seeds[0], r.Speed.Length, r.Provenance.TimedIn(r.Printer)), below))),
		Curves: curves, YFormat: figures.Percent, XFormat: func(x float64) string { return fmt.Sprintf("%.3g×", x) },
		HLines: append(majority, figures.Reference{Value: r.Dense[0].Score, Label: r.T("dense")}),
	})
}

// hybridTitle says what the fastest model has lost.
func (r edition) hybridTitle() string {
	last := len(r.Config.SpeedBatches) - 1
	fastest := slices.MaxFunc(r.Speed.Structured, func(a, b StructuredSpeed) int { return cmp.Compare(a.Batches[last].Ratio, b.Batches[last].Ratio) })
	return r.F("%.2f× as fast: %s %.3f instead of %.3f", fastest.Batches[last].Ratio, r.Name(r.Metric), fastest.Score, r.Dense[0].Score)
}
