package zafrir2019

import (
	"fmt"
	"math"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/techniques/quantise"
)

// Figures are the experiment's figures in the order of the report.
func (r edition) Figures() []experiment.Drawing {
	return []experiment.Drawing{
		{Name: "accuracy", Build: r.AccuracyBars, Caption: r.T("What the accuracy changes by when the model is quantised: while training, or after it with inputs over the range of the batch, of each token, or a stored one.")},
		{Name: "maps", Build: r.ErrorHeatmap, Caption: r.T("What the logits change by when one matrix alone is quantised, with what enters it. The word table is left out; the table has it.")},
		{Name: "maps-accuracy", Build: r.ScoreHeatmap, Caption: r.T("The same for the accuracy.")},
		{Name: "size", Build: r.SizeBars, Caption: r.T("The file of the weights. The dashed line is a quarter of float32.")},
		{Name: "speed", Omit: len(r.Speed.OverPortable) == 0, Build: r.SpeedBars, Caption: r.T("How many times as fast integers in ONNX Runtime are as float32 there, and as float32 in XLA.")},
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
	var groups []string
	series := make([]figures.BarSeries, len(Ways)-1)
	for _, t := range r.Tasks {
		groups = append(groups, t.Name)
		for i, way := range Ways[1:] {
			series[i].Name = r.wayName(way)
			value, low, high := math.NaN(), math.NaN(), math.NaN()
			if e := r.against(t.Name, way, Whole).Evidence(""); len(e) > 0 {
				value, low, high = 100*e[0].Value, 100*e[0].Low, 100*e[0].High
			}
			series[i].Values, series[i].Lo, series[i].Hi = append(series[i].Values, value), append(series[i].Lo, low), append(series[i].Hi, high)
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
		Groups: groups, Series: series, Format: "%+.1f",
	})
}

// heatmap puts a number of each map at its layer and role.
func (r edition) heatmap(title, legend, format string, palette figures.Palette, of func(quantise.Sensitivity) float64) (*figures.Figure, error) {
	values, rows, columns := make([][]float64, r.Layers), make([]string, r.Layers), make([]string, len(gbert.LayerRoles))
	for l := range values {
		values[l], rows[l] = make([]float64, len(columns)), fmt.Sprint(l)
		for i, role := range gbert.LayerRoles {
			values[l][i], columns[i] = math.NaN(), r.Name(string(role))
			for _, m := range r.Maps.Maps {
				if m.Layer == l && m.Role == role {
					values[l][i] = of(m)
				}
			}
		}
	}
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(title, r.T("matrix"), r.T("layer"),
		r.caption(r.F("seed %d of %s, %d training examples", r.Config.Seeds[0], r.Tasks[0].Name, r.Maps.Examples))),
		Values: values, Rows: rows, Columns: columns, Palette: palette, Format: format, Legend: legend,
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
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Integers take %.1f %% of the file", 100*float64(r.bytes(Dynamic))/float64(r.bytes(Whole))),
		r.T("weights"), r.T("file, MB"), r.Config.Model), Groups: groups, Series: []figures.BarSeries{series}, Format: "%.2f",
		HLines: []figures.Reference{{Value: float64(r.bytes(Whole)) / 4e6, Label: r.T("a quarter")}},
	})
}

// SpeedBars show the speed by runtime and batch.
func (r edition) SpeedBars() (*figures.Figure, error) {
	var groups []string
	series := []figures.BarSeries{{Name: r.T("against float32 in ONNX Runtime")}, {Name: r.T("against float32 in XLA")}}
	for i, list := range [][]experiment.SpeedBatch{r.Speed.OverPortable, r.Speed.OverXLA} {
		for _, b := range list {
			if i == 0 {
				groups = append(groups, fmt.Sprint(b.Size))
			}
			series[i].Values, series[i].Lo, series[i].Hi = append(series[i].Values, b.Ratio), append(series[i].Lo, b.Low), append(series[i].Hi, b.High)
		}
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.T("Speed of integers in ONNX Runtime"), r.T("batch size"), r.T("times as fast (median, quartiles)"),
		r.F("%s, %d tokens, ONNX Runtime %s, %s, %d pairs of timings a bar", r.Config.Model, r.Speed.Length, r.Speed.Runtime, r.Provenance.MachineIn(r.Printer), r.Speed.Repeats)),
		Groups: groups, Series: series, Format: "%.2f×", HLines: []figures.Reference{{Value: 1, Label: r.T("as fast")}},
	})
}
