package lan2020

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/techniques/sharing"
)

// caption names the model, and the task where a figure needs one.
func (r edition) caption(onTask bool, extra string) string {
	text := r.Config.Model
	if onTask {
		text += r.F(", fine-tuned on %s, %d test examples", r.Config.Task, r.Examples)
	}
	return experiment.Caption(text, extra)
}

// seeds names the seeds.
func (r edition) seeds() string {
	return r.Seeds(r.Config.Seeds)
}

// point is an accuracy in percent, mean over seeds, with the 95 % interval of its difference from the whole model; NaN for what was
// not run.
func (r *Result) point(answers map[uint64]experiment.Answers) (value, low, high float64) {
	whole := r.answers(Scheme{})
	d, ok := r.paired(answers, whole)
	if !ok {
		return math.NaN(), math.NaN(), math.NaN()
	}
	start := mean(whole)
	return 100 * (start + d.Value), 100 * (start + d.Low), 100 * (start + d.High)
}

// add appends a point to a series of bars.
func (r *Result) add(bars *figures.BarSeries, answers map[uint64]experiment.Answers) {
	value, low, high := r.point(answers)
	bars.Add(value, low, high)
}

// SharedBars show the accuracy by what is shared: only converted, fine-tuned, distilled.
func (r edition) SharedBars() (*figures.Figure, error) {
	converted, tuned, taught := figures.BarSeries{Name: r.T("converted after fine-tuning")}, figures.BarSeries{Name: r.T("converted, then fine-tuned")}, figures.BarSeries{Name: r.T("and distilled")}
	groups := []string{r.T("attention"), r.T("FFN"), r.T("all")}
	for _, v := range []Scheme{shareAttention, shareFFN, shareAll} {
		r.add(&converted, r.converted(v))
		r.add(&tuned, r.answers(v))
		r.add(&taught, r.answers(distilled(v)))
	}
	series := []figures.BarSeries{converted, tuned}
	for _, value := range taught.Values {
		if !math.IsNaN(value) {
			series = append(series, taught)
			break
		}
	}
	whole := 100 * mean(r.answers(Scheme{}))
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Shared attention: %s points; shared FFN: %s; both: %s", figures.Signed(tuned.Values[0]-whole), figures.Signed(tuned.Values[1]-whole), figures.Signed(tuned.Values[2]-whole)),
		r.T("what all layers share"), r.T("accuracy, %"),
		r.caption(true, r.F("%s; whiskers: 95 %% interval of the paired difference from the whole model", r.seeds()))),
		Groups: groups, Series: series, Format: "%.1f", YRange: figures.Range{Min: 0, Max: 100},
		HLines: []figures.Reference{{Value: whole, Label: r.T("nothing shared")}, {Value: 100 * r.Majority, Label: r.T("largest class")}},
	})
}

// InitBars show what the beginning of the shared weights matters, before and after fine-tuning.
func (r edition) InitBars() (*figures.Figure, error) {
	converted, tuned := figures.BarSeries{Name: r.T("converted after fine-tuning")}, figures.BarSeries{Name: r.T("converted, then fine-tuned")}
	var groups []string
	trained := false
	for _, init := range sharing.Inits {
		groups = append(groups, r.Name(string(init)))
		v := Scheme{What: sharing.All, Init: init}
		if init == sharing.First {
			v = shareAll
		}
		trained = trained || len(r.of(v)) > 0
		r.add(&converted, r.initialised(init))
		r.add(&tuned, r.answers(v))
	}
	series := []figures.BarSeries{converted}
	if trained {
		series = append(series, tuned)
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.T("What the shared layer starts from"),
		r.T("all layers start from"), r.T("accuracy, %"),
		r.caption(true, r.F("%s; whiskers: 95 %% interval of the paired difference from the whole model", r.seeds()))),
		Groups: groups, Series: series, Format: "%.1f", YRange: figures.Range{Min: 0, Max: 100},
		HLines: []figures.Reference{{Value: 100 * mean(r.answers(Scheme{})), Label: r.T("nothing shared")}, {Value: 100 * r.Majority, Label: r.T("largest class")}},
	})
}

// CostScatter shows accuracy against parameters, a point a variant.
func (r edition) CostScatter() (*figures.Figure, error) {
	var x, y []float64
	var labels []string
	for _, v := range r.variants() {
		x, y = append(x, float64(r.of(v)[0].Parts.Total())/1e6), append(y, 100*mean(r.answers(v)))
		labels = append(labels, v.In(r.Printer))
	}
	return figures.Scatter(figures.ScatterOptions{Frame: r.Frame(r.T("What the parameters buy"),
		r.T("parameters, millions"), r.T("accuracy, %, mean over seeds"), r.caption(true, r.seeds())),
		X: x, Y: y, Labels: labels, Outliers: len(labels),
	})
}

// DistanceHeatmap shows how far each layer's parts are from the mean of all layers, in the pretrained model.
func (r edition) DistanceHeatmap() (*figures.Figure, error) {
	roles := []struct {
		role gbert.Role
		name string
	}{
		{"query", r.T("query")}, {"key", r.T("key")}, {"value", r.T("value")}, {"attention_output", r.T("output")}, {"attention_norm", r.T("norm")},
		{"ffn_in", r.T("FFN in")}, {"ffn_out", r.T("FFN out")}, {"output_norm", r.T("norm 2")},
	}
	var columns []string
	values := make([][]float64, r.Layers)
	for _, role := range roles {
		columns = append(columns, role.name)
		for l, d := range r.Distances {
			values[l] = append(values[l], d.Roles[role.role])
		}
	}
	whole := experiment.Mean(r.Distances, func(d sharing.Distance) float64 { return d.Relative })
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Sized(8, 4.5, r.F("A layer is %.0f %% of its norm away from the mean of all layers", 100*whole),
		r.T("part"), r.T("layer"), r.caption(false, r.T("pretrained, before fine-tuning; norm: the LayerNorms"))),
		Values: values, Columns: columns, Legend: r.T("‖θ − μ‖ / ‖θ‖, μ: mean of the layers"), Limits: figures.Range{Min: 0, Max: 1},
	})
}

// ErrorCurve shows the error of the word table against its size.
func (r edition) ErrorCurve() (*figures.Figure, error) {
	x, y := make([]float64, len(r.Errors)), make([]float64, len(r.Errors))
	at := 0
	for i, far := range r.Errors {
		x[i], y[i] = float64(i+1), far
		if at == 0 && far <= 0.5 {
			at = i + 1
		}
	}
	step := max(len(x)/48, 1) // as many markers as can be told apart
	var points figures.Curve
	points.Name = r.T("word table")
	for i := range x {
		if i%step == 0 || i == len(x)-1 {
			points.X, points.Y = append(points.X, x[i]), append(points.Y, y[i])
		}
	}
	saves := float64(r.Vocab*r.Hidden) / float64(r.Vocab+r.Hidden)
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.F("An error of one half needs E = %d of %d", at, r.Hidden),
		r.T("embedding size E"), r.T("relative error ‖W − UV‖ / ‖W‖"), r.caption(false, r.F("pretrained, %d words", r.Vocab))),
		Curves: []figures.Curve{points}, YRange: figures.Range{Min: 0, Max: 1}, VLines: []figures.Reference{{Value: saves, Label: r.T("saves nothing")}},
	})
}

// EmbeddingCurves show the accuracy against the size of the word table: cut after fine-tuning, and cut before it.
func (r edition) EmbeddingCurves() (*figures.Figure, error) {
	after := figures.Curve{Name: r.T("cut after fine-tuning")}
	for _, size := range r.Config.EmbeddingSizes {
		value, low, high := r.point(r.cut(size))
		after.Add(float64(size), value, low, high)
	}
	curves := []figures.Curve{after}
	before := figures.Curve{Name: r.T("cut, then fine-tuned")}
	for _, v := range r.variants() {
		if v != (Scheme{Embedding: v.Embedding}) || v.Embedding == 0 {
			continue
		}
		value, low, high := r.point(r.answers(v))
		before.Add(float64(v.Embedding), value, low, high)
	}
	if len(before.X) > 0 {
		curves = append(curves, before)
	}
	majority, below := r.LargestClass(r.Majority, 100, curves)
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.T("What a smaller word table costs"),
		r.T("embedding size E"), r.T("accuracy, %, mean over seeds"),
		r.caption(true, experiment.Caption(r.F("%s; bands: 95 %% interval of the paired difference from the whole model", r.seeds()), below))),
		Curves: curves, HLines: append(majority, figures.Reference{Value: 100 * mean(r.answers(Scheme{})), Label: r.T("whole table")}),
	})
}

// TransitionCurves show how far each layer moves its input, by distance or by angle, without and with all layers shared: figure 1 of
// the paper.
func (r edition) TransitionCurves(angle bool) (*figures.Figure, error) {
	var curves []figures.Curve
	var uneven []float64
	for _, side := range []struct {
		name    string
		variant Scheme
	}{{r.T("nothing shared"), Scheme{}}, {r.T("all shared"), shareAll}} {
		var each [][]float64
		var variation []float64
		for _, t := range r.of(side.variant) {
			if t.Transitions == nil {
				continue
			}
			values, l2, byAngle := t.Transitions.L2, 0.0, 0.0
			if l2, byAngle = t.Transitions.Unevenness(); angle {
				values, l2 = t.Transitions.Angle, byAngle
			}
			each, variation = append(each, values), append(variation, l2)
		}
		if len(each) == 0 {
			continue
		}
		curve := figures.Curve{Name: side.name}
		for l := range r.Layers {
			far := experiment.Mean(each, func(of []float64) float64 { return of[l] })
			curve.X, curve.Y = append(curve.X, float64(l)), append(curve.Y, far)
		}
		curves, uneven = append(curves, curve), append(uneven, stat.Mean(variation, nil))
	}
	title, label := r.T("How far each layer moves its input"), r.T("‖output − input‖, mean over tokens")
	if angle {
		title, label = r.T("How far each layer turns its input"), r.T("angle of output and input, degrees, mean over tokens")
	}
	if len(uneven) == 2 {
		title += r.F(": variation %.2f, shared %.2f", uneven[0], uneven[1])
	}
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(title, r.T("layer"), label, r.caption(true, r.F("%s; variation: standard deviation ÷ mean over layers", r.seeds()))),
		Curves: curves, XFormat: figures.Whole, YRange: figures.Range{Min: 0, Max: 1.1 * largest(curves)},
	})
}

func largest(curves []figures.Curve) float64 {
	return slices.Max(append(experiment.Each(curves, func(c figures.Curve) float64 { return slices.Max(c.Y) }), 0))
}

// CountBars show the parameters of the eight models of table 4, counted and printed.
func (r edition) CountBars() (*figures.Figure, error) {
	rows, millions := r.table4()
	var groups []string
	for _, row := range rows {
		name := r.Name(strings.TrimSuffix(row.Name, " shared"))
		if row.Architecture.Shared == "" {
			name = r.T("none")
		}
		groups = append(groups, fmt.Sprintf("%s, %d", name, row.Architecture.Embedding))
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.T("Table 4 recounted: from 108 to 12 million parameters"),
		r.T("what is shared, embedding size E"), r.T("parameters, millions"),
		r.T("BERT base's shape, 30,000 words; models that share nothing without their pooler, as printed")),
		Groups: groups, Series: []figures.BarSeries{{Name: r.T("counted"), Values: millions}, {Name: r.T("printed"), Values: sharing.Printed(rows)}}, Format: "%.0f",
	})
}

// StorageBars show what is left of storage and of time when all is shared.
func (r edition) StorageBars() (*figures.Figure, error) {
	var groups []string
	var series []figures.BarSeries
	whole := float64(r.of(Scheme{})[0].Parts.Total())
	for i, model := range r.Speed.Models {
		bars := figures.BarSeries{Name: model.Variant.In(r.Printer)}
		add := func(name string, value, low, high float64) {
			if i == 0 {
				groups = append(groups, name)
			}
			bars.Add(value, low, high)
		}
		share := float64(model.Parameters) / whole
		add(r.T("parameters"), share, math.NaN(), math.NaN())
		for _, b := range model.Batches {
			add(r.F("time, batch %d", b.Size), 1/b.Ratio, 1/b.High, 1/b.Low)
		}
		series = append(series, bars)
	}
	told := max(0, slices.IndexFunc(r.Speed.Models, func(m SpeedModel) bool { return m.Variant == shareAll }))
	left, batches := series[told].Values, r.Speed.Models[told].Batches
	title := r.F("With %s shared: %.0f %% of the parameters, %.0f %% of the time at batch %d", r.Speed.Models[told].Variant.In(r.Printer), 100*left[0], 100*left[len(left)-1], batches[len(batches)-1].Size)
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(title,
		r.T("what is measured"), r.T("share of the whole model"),
		r.F("%s, %d tokens, %s, %d pairs timed in turn; whiskers: quartiles", r.Config.Model, r.Speed.Length, r.Provenance.TimedIn(r.Printer), r.Speed.Repeats)),
		Groups: groups, Series: series, Format: "%.2f", HLines: []figures.Reference{{Value: 1, Label: r.T("whole")}},
	})
}
