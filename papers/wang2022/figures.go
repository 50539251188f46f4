package wang2022

import (
	"math"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// middle is the ratio that stands for all where one must: the first that is recovered, or the middle one.
func (r *Result) middle() float64 {
	if n := len(r.Config.Recovered); n > 0 {
		return r.Config.Recovered[n/2]
	}
	return r.Config.Ratios[len(r.Config.Ratios)/2]
}

// Figures go from the error of matrices over accuracy to time.
func (r edition) Figures() []experiment.Drawing {
	accuracy := func(recovery Recovery) func() (*figures.Figure, error) {
		return func() (*figures.Figure, error) { return r.AccuracyCurves(recovery) }
	}
	return []experiment.Drawing{
		{Name: "errors", Build: r.ErrorCurves, Caption: r.T("How far the decomposed matrices are from the originals, against the parameters that are left.")},
		{Name: "pretrained", Omit: r.Pretrained == nil, Build: r.PretrainedCurves, Caption: r.T("The same for a model as it was pretrained, before any fine-tuning.")},
		{Name: "roles", Build: func() (*figures.Figure, error) { return r.RoleErrors(r.middle()) }, Caption: r.T("Which matrices are approximated well and which are not, at a single share of the parameters.")},
		{Name: "accuracy-none", Build: accuracy(None), Caption: r.T("Accuracy right after the decomposition, without any further training.")},
		{Name: "accuracy-tuned", Omit: len(r.Config.Recovered) < 2, Build: accuracy(Tuned), Caption: r.T("Accuracy of decomposed models that were fine-tuned on the labels.")},
		{Name: "accuracy-distilled", Omit: len(r.Config.Recovered) < 2, Build: accuracy(Distilled), Caption: r.T("Accuracy of decomposed models that learned from the whole one.")},
		{Name: "recovery", Omit: len(r.Config.Recovered) == 0, Build: func() (*figures.Figure, error) { return r.RecoveryBars(r.middle()) }, Caption: r.T("What fine-tuning and distillation give back, form by form.")},
		{Name: "speed", Omit: len(r.Speed) == 0, Build: r.SpeedBars, Caption: r.T("Measured speed-up of whole models, beside the ratio of their operations. Below 1 the decomposed model is slower.")},
		{Name: "maps", Omit: len(r.Maps) == 0, Build: r.MapBars, Caption: r.T("Measured speed-up of single factored matrices, beside the ratio of their operations.")},
	}
}

// caption names the model, the task and the seeds under a figure.
func (r edition) caption(extra string) string {
	return experiment.Caption(r.F("%s, fine-tuned on %s, %s", r.Config.Model, r.Config.Task, r.Seeds(r.Config.Seeds)), extra)
}

// label names a form for readers.
func (f Form) label(say *words.Printer) string {
	return map[Form]string{II: say.T("II: each by itself"), III: say.T("III: shared factors"), IV: say.T("IV: matrix bank")}[f]
}

// ranks is the name of a decomposed model, with its range of ranks in words.
func (r edition) ranks(name string) string {
	if from, to, ok := strings.Cut(name, " to "); ok {
		return r.F("%s to %s", from, to)
	}
	return name
}

// named is the name of a form's model at a ratio.
func (r edition) named(form Form, ratio float64) string {
	v, _ := r.variant(form, ratio)
	return r.ranks(v.Name)
}

// ErrorCurves show the reconstruction error against what is left of the matrices' parameters, for each form.
func (r edition) ErrorCurves() (*figures.Figure, error) {
	parts := func(form Form, ratio float64) (float64, float64, bool) {
		v, ok := r.variant(form, ratio)
		return float64(v.Matrices) / float64(r.Matrices), r.meanError(form, ratio), ok
	}
	return r.errorCurves(r.Config.Ratios, parts, r.caption(r.T("all encoder matrices together; before any recovery")))
}

// PretrainedCurves show the same for the model that is decomposed as it is.
func (r edition) PretrainedCurves() (*figures.Figure, error) {
	parts := func(form Form, ratio float64) (float64, float64, bool) {
		v := r.Pretrained.at(form, ratio)
		return float64(v.Matrices) / float64(r.Pretrained.Matrices), v.Error, true
	}
	return r.errorCurves(r.Config.PretrainedRatios, parts, experiment.Caption(r.F("%s as pretrained", r.Pretrained.Model), r.T("all encoder matrices together")))
}

// errorCurves show for each form at each ratio what part of the parameters is left and the error.
func (r edition) errorCurves(ratios []float64, at func(Form, float64) (part, error float64, ok bool), caption string) (*figures.Figure, error) {
	var curves []figures.Curve
	best, name := math.Inf(1), Form("")
	for _, form := range r.Config.Forms {
		curve := figures.Curve{Name: form.label(r.Printer)}
		for _, ratio := range ratios {
			if part, e, ok := at(form, ratio); ok {
				curve.X, curve.Y = append(curve.X, part), append(curve.Y, e)
			}
		}
		if _, e, ok := at(form, ratios[0]); ok && e < best {
			best, name = e, form
		}
		curves = append(curves, curve)
	}
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.F("With %.0f %% of the parameters, form %s comes closest to the matrices: error %.2f", 100*ratios[0], name, best),
		r.T("parameters left of the encoder's matrices"), "‖W − Ŵ‖ / ‖W‖", caption),
		Curves: curves, XFormat: figures.Percent, YRange: figures.Range{Min: 0, Max: 1},
	})
}

// AccuracyCurves show the accuracy against what is left of the matrices' parameters for each form, recovered in one way, with the
// intervals of the difference from the whole model.
func (r edition) AccuracyCurves(recovery Recovery) (*figures.Figure, error) {
	var curves []figures.Curve
	start := r.accuracy()
	for _, form := range r.Config.Forms {
		curve := figures.Curve{Name: form.label(r.Printer)}
		for _, ratio := range r.Config.Ratios {
			v, known := r.variant(form, ratio)
			d, ok := r.against(cell{form, ratio, recovery})
			if !ok || !known {
				continue
			}
			curve.Add(float64(v.Matrices)/float64(r.Matrices), start+d.Value, start+d.Low, start+d.High)
		}
		if len(curve.X) > 0 {
			curves = append(curves, curve)
		}
	}
	title := map[Recovery]string{
		None: r.T("Decomposed and not retrained"), Tuned: r.T("Decomposed, then fine-tuned on the labels"), Distilled: r.T("Decomposed, then distilled from the whole model"),
	}[recovery]
	majority, below := r.LargestClass(r.Majority, 1, curves)
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(title,
		r.T("parameters left of the encoder's matrices"), r.T("accuracy, mean over seeds"),
		r.caption(experiment.Caption(r.F("%d test examples; bands: 95 %% interval of the difference from the whole model", r.Examples), below))),
		Curves: curves, XFormat: figures.Percent, YFormat: figures.Percent,
		HLines: append(majority, figures.Reference{Value: start, Label: r.T("whole")}),
	})
}

// RecoveryBars show, at one ratio, what each form has after each way of recovery.
func (r edition) RecoveryBars(ratio float64) (*figures.Figure, error) {
	start := r.accuracy()
	series := []figures.BarSeries{{Name: r.T("not retrained")}, {Name: r.T("fine-tuned")}, {Name: r.T("distilled")}}
	for _, form := range r.Config.Forms {
		for i, recovery := range []Recovery{None, Tuned, Distilled} {
			d, ok := r.against(cell{form, ratio, recovery})
			if !ok {
				d.Value, d.Low, d.High = math.NaN(), math.NaN(), math.NaN()
			}
			series[i].Add(100*(start+d.Value), 100*(start+d.Low), 100*(start+d.High))
		}
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("What retraining gives back, with %.0f %% of the parameters", 100*ratio),
		r.T("form and ranks"), r.T("accuracy, %"),
		r.caption(r.F("%d test examples; whiskers: 95 %% interval of the difference from the whole model", r.Examples))),
		Groups: experiment.Each(r.Config.Forms, func(form Form) string { return r.named(form, ratio) }), Series: series, Format: "%.1f",
		HLines: []figures.Reference{{Value: 100 * start, Label: r.T("whole")}, {Value: 100 * r.Majority, Label: r.T("largest class")}},
	})
}

// SpeedBars show the measured speed-up of whole models beside what their operations promise.
func (r edition) SpeedBars() (*figures.Figure, error) {
	measured := experiment.SpeedSeries(r.T("measured"), experiment.Each(r.Speed, func(s Speed) experiment.SpeedBatch { return s.Time }))
	counted := figures.BarSeries{Name: r.T("by operations"), Values: experiment.Each(r.Speed, func(s Speed) float64 { return s.MACRatio })}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.T("Speed-up of decomposed models, measured and by counted operations"),
		r.T("form and ranks"), r.T("whole / decomposed"),
		r.F("%s, %s; batch %d × %d tokens, %d pairs; whiskers: quartiles", r.Config.Model, r.Provenance.TimedIn(r.Printer), r.Config.SpeedBatch, r.Config.SpeedLength, r.Config.SpeedRepeats)),
		Groups: experiment.Each(r.Speed, func(s Speed) string { return r.ranks(s.Name) }), Series: []figures.BarSeries{measured, counted}, Format: "%.2f", HLines: []figures.Reference{{Value: 1, Label: r.T("as fast")}},
	})
}

// MapBars show the speed-up of single maps against the rank.
func (r edition) MapBars() (*figures.Figure, error) {
	measured := figures.BarSeries{Name: r.T("measured")}
	for _, m := range r.Maps {
		measured.Add(m.Ratio, m.Low, m.High)
	}
	counted := figures.BarSeries{Name: r.T("by operations"), Values: experiment.Each(r.Maps, func(m MapSpeed) float64 { return m.MACRatio })}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.T("Speed-up of a factored linear map, measured and by counted operations"),
		r.T("matrix and rank"), r.T("dense / factored"),
		r.F("%s, %s; %d tokens, pairs in turn; whiskers: quartiles", r.Config.Model, r.Provenance.TimedIn(r.Printer), r.Config.SpeedBatch*r.Config.SpeedLength)),
		Groups: experiment.Each(r.Maps, func(m MapSpeed) string { return r.F("%d×%d, rank %d", m.Out, m.In, m.Rank) }), Series: []figures.BarSeries{measured, counted}, Format: "%.2f", HLines: []figures.Reference{{Value: 1, Label: r.T("as fast")}},
	})
}

// roles are those of the matrices of a layer.
var roles = []string{"query", "key", "value", "attention_output", "ffn_in", "ffn_out"}

// roleNames names them.
func (r edition) roleNames() []string {
	return []string{r.T("query"), r.T("key"), r.T("value"), r.T("output"), r.T("FFN in"), r.T("FFN out")}
}

// RoleErrors show which matrices are approximated how well at a ratio.
func (r edition) RoleErrors(ratio float64) (*figures.Figure, error) {
	errors := r.errorsAt(ratio)
	var series []figures.BarSeries
	for i, form := range r.Config.Forms {
		series = append(series, figures.BarSeries{Name: r.named(form, ratio), Values: errors[i]})
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Which matrices lose most with %.0f %% of the parameters", 100*ratio),
		r.T("matrices, all layers together"), "‖W − Ŵ‖ / ‖W‖", r.caption(r.T("before any recovery; first seed"))),
		Groups: r.roleNames(), Series: series, Format: "%.2f",
	})
}
