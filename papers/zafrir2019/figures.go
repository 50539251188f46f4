package zafrir2019

import (
	"math"
	"slices"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/quantise"
)

// Figures are the experiment's figures in the order of the report.
func (r edition) Figures() []experiment.Drawing {
	return []experiment.Drawing{
		{Name: "accuracy", Build: r.AccuracyBars, Caption: r.T("How the accuracy changes when the model is quantised: during training, or after it with inputs over the range of the batch, of each token, or a stored one.")},
		{Name: "maps", Build: r.ErrorHeatmap, Caption: r.T("How much the logits change when one matrix alone is quantised, together with its input. The word table is left out here; the table includes it.")},
		{Name: "maps-accuracy", Build: r.ScoreHeatmap, Caption: r.T("The same for the accuracy.")},
		{Name: "size", Build: r.SizeBars, Caption: r.T("The file of the weights. The dashed line is a quarter of float32.")},
		{Name: "speed", Omit: len(r.Speed.OverPortable) == 0, Build: r.SpeedBars, Caption: r.T("Speed of integers in ONNX Runtime, relative to float32 there and to float32 in XLA.")},
	}
}

// wayName names a way in figures and tables.
func (r edition) wayName(way Way) string {
	switch way {
	case Whole:
		return "float32"
	case Aware:
		return r.T("quantisation-aware training")
	case Dynamic:
		return r.T("after training, range of the batch")
	case Row:
		return r.T("after training, range of each token")
	}
	return r.T("after training, stored range")
}

// AccuracyBars show what each way changes the accuracy by.
func (r edition) AccuracyBars() (*figures.Figure, error) {
	series := make([]figures.BarSeries, len(Ways)-1)
	for _, t := range r.Tasks {
		for i, way := range Ways[1:] {
			series[i].Name = r.wayName(way)
			value, low, high := math.NaN(), math.NaN(), math.NaN()
			if e := r.against(t.Name, way, Whole).Evidence(""); len(e) > 0 {
				value, low, high = 100*e[0].Value, 100*e[0].Low, 100*e[0].High
			}
			series[i].Add(value, low, high)
		}
	}
	for i := range series { // one seed and few examples may leave no interval
		for k := range series[i].Lo {
			if math.IsInf(series[i].Lo[k], 0) || math.IsNaN(series[i].Lo[k]) || math.IsInf(series[i].Hi[k], 0) || math.IsNaN(series[i].Hi[k]) {
				series[i].Lo[k], series[i].Hi[k] = series[i].Values[k], series[i].Values[k]
			}
		}
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.T("Accuracy of integers against float32"), r.T("task"), r.T("change of accuracy, points"),
		r.caption(r.Seeds(r.Config.Seeds), r.T("whiskers: 95 % intervals over seeds and examples, paired"))),
		Groups: experiment.Each(r.Tasks, func(t Task) string { return r.Name(t.Title) }), Series: series, Format: "%+.1f",
	})
}

// byMatrix are a number of each map at its layer and role, NaN of maps that were not looked at: [layers][roles].
func (r *Result) byMatrix(of func(quantise.Sensitivity) float64) [][]float64 {
	values := make([][]float64, r.Layers)
	for l := range values {
		values[l] = experiment.Each(gbert.LayerRoles, func(role gbert.Role) float64 {
			i := slices.IndexFunc(r.Maps.Maps, func(m quantise.Sensitivity) bool { return m.Layer == l && m.Role == role })
			if i < 0 {
				return math.NaN()
			}
			return of(r.Maps.Maps[i])
		})
	}
	return values
}

// heatmap puts a number of each map at its layer and role.
func (r edition) heatmap(title, legend, format string, palette figures.Palette, of func(quantise.Sensitivity) float64) (*figures.Figure, error) {
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(title, r.T("matrix"), r.T("layer"),
		r.caption(r.F("seed %d of %s, %d training examples", r.Config.Seeds[0], r.Name(r.Tasks[0].Title), r.Maps.Examples))),
		Values: r.byMatrix(of), Columns: words.Names(r.Printer, gbert.LayerRoles), Palette: palette, Format: format, Legend: legend,
	})
}

// ErrorHeatmap shows the change of the logits by matrix.
func (r edition) ErrorHeatmap() (*figures.Figure, error) {
	return r.heatmap(r.F("One matrix in integers: %s changes the logits most", r.worst()), r.T("root mean square change of the logits, thousandths"), "%.0f",
		figures.Sequential, func(s quantise.Sensitivity) float64 { return 1000 * s.Error })
}

// ScoreHeatmap shows the change of the metric by matrix.
func (r edition) ScoreHeatmap() (*figures.Figure, error) {
	return r.heatmap(r.T("One matrix in integers: change of accuracy"), r.F("change of %s, points", r.Name(r.Tasks[0].Metric)), "%+.1f",
		figures.Diverging, func(s quantise.Sensitivity) float64 { return 100 * s.Score })
}

// SizeBars show the files.
func (r edition) SizeBars() (*figures.Figure, error) {
	series := figures.BarSeries{Name: r.T("file")}
	var groups []string
	for _, s := range r.Sizes {
		if s.Way == Aware || s.Way == Row { // the same as dynamic
			continue
		}
		groups = append(groups, map[Way]string{Whole: "float32", Dynamic: "int8", Static: r.T("int8, stored ranges")}[s.Way])
		series.Values = append(series.Values, float64(s.Bytes)/1e6)
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("In integers the file shrinks to %.1f %%", 100*float64(r.bytes(Dynamic))/float64(r.bytes(Whole))),
		r.T("weights"), r.T("file, MB"), r.Config.Model), Groups: groups, Series: []figures.BarSeries{series}, Format: "%.2f",
		HLines: []figures.Reference{{Value: float64(r.bytes(Whole)) / 4e6, Label: r.T("a quarter")}},
	})
}

// SpeedBars show the speed by runtime and batch.
func (r edition) SpeedBars() (*figures.Figure, error) {
	series := []figures.BarSeries{experiment.SpeedSeries(r.T("against float32 in ONNX Runtime"), r.Speed.OverPortable), experiment.SpeedSeries(r.T("against float32 in XLA"), r.Speed.OverXLA)}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.T("Speed of integers in ONNX Runtime"), r.T("batch size"), r.T("times as fast (median, quartiles)"),
		r.F("%s, %d tokens, ONNX Runtime %s, %s, %d pairs of timings a bar", r.Config.Model, r.Speed.Length, r.Speed.Runtime, r.Provenance.TimedIn(r.Printer), r.Speed.Repeats)),
		Groups: experiment.BatchNames(r.Speed.OverPortable), Series: series, Format: "%.2f×", HLines: []figures.Reference{{Value: 1, Label: r.T("as fast")}},
	})
}
