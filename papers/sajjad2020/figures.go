package sajjad2020

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/layerdrop"
)

// Figures are the experiment's figures in the order of the report. Those of a task end in its name.
func (r edition) Figures() []experiment.Drawing {
	var list []experiment.Drawing
	for _, t := range r.Tasks {
		of := func(build func(*TaskResult) (*figures.Figure, error)) func() (*figures.Figure, error) {
			return func() (*figures.Figure, error) { return build(t) }
		}
		list = append(list,
			experiment.Drawing{Name: "scores-" + t.Task, Build: of(r.ScoreCurves), Caption: r.F("Accuracy after fine-tuning on %s, against the number of layers dropped beforehand, for each strategy.", t.Task)},
			experiment.Drawing{Name: "strategies-" + t.Task, Build: of(r.StrategyBars), Caption: r.F("What each choice of layers costs on %s: the paired difference from the whole model with its 95 %% interval.", t.Task)},
			experiment.Drawing{Name: "when-" + t.Task, Build: of(r.WhenBars), Caption: r.F("The same layers on %s, dropped before, during or after fine-tuning.", t.Task)},
		)
	}
	return append(list,
		experiment.Drawing{Name: "time", Build: r.TimeCurves, Caption: r.T("Time of inference and of a training step, against the layers that stay. The line marks time in proportion to the layers.")},
		experiment.Drawing{Name: "similarity", Build: r.SimilarityHeatmap, Caption: r.T("Mean cosine of the [CLS] vectors after any two layers of the pretrained model. The brighter the cell, the more alike they are.")},
		experiment.Drawing{Name: "contribution", Build: r.ContributionBars, Caption: r.T("How alike the input and the output of each layer are. The higher the bar, the less the layer contributes.")},
		experiment.Drawing{Name: "travel", Build: r.TravelBars, Caption: r.T("How far fine-tuning moves each layer of the whole model, relative to its norm.")},
	)
}

// Numbers are those of each task: its accuracy and how sure it is.
func (r edition) Numbers() map[string]any {
	c := r.Config
	var names []string
	var tasks []map[string]any
	for _, t := range r.Tasks {
		names = append(names, t.Task)
		accuracy := t.accuracy()
		tasks = append(tasks, map[string]any{
			"name": t.Task, "title": r.Name(t.Title), "examples": t.Examples, "accuracy": fmt.Sprintf("%.4f", accuracy), "majority": fmt.Sprintf("%.4f", t.Majority),
			"standardError": fmt.Sprintf("%.1f", 100*math.Sqrt(accuracy*(1-accuracy)/float64(t.Examples))),
		})
	}
	return map[string]any{
		"model": c.Model, "taskNames": strings.Join(names, ", "), "tasks": tasks, "leftOut": strings.Join(r.LeftOut, "; "),
		"epochs": c.Passes(c.Tasks), "learningRate": c.LearningRate,
	}
}

// caption names the model, the task, unless it is nil, and the seeds under a figure.
func (r edition) caption(t *TaskResult, extra string) string {
	text := r.Config.Model
	if t != nil {
		text += r.F(", fine-tuned on %s, %d test examples", t.Task, t.Examples)
	}
	return experiment.Caption(text, extra)
}

// seeds names the seeds, and what was run with the first of them alone.
func (r edition) seeds() string {
	c := r.Config
	return experiment.Caption(r.Seeds(c.Seeds), c.once(r.Printer))
}

// alone is the result with one task, for differences within it.
func (r *Result) alone(t *TaskResult) *Result {
	return &Result{Layers: r.Layers, Tasks: []*TaskResult{t}}
}

// lead is the strategy that stands for all where one must: top, if it was run.
func (r *Result) lead() layerdrop.Strategy {
	list := r.strategies()
	if slices.Contains(list, layerdrop.Top) {
		return layerdrop.Top
	}
	return list[0]
}

// choiceScore is the accuracy of a choice, mean over seeds, with the 95 % interval of its difference from the whole model, as accuracies.
func (r *Result) choiceScore(t *TaskResult, strategy layerdrop.Strategy, when When, k int) (score, low, high float64) {
	d, ok := r.alone(t).between(againstWhole(strategy, when, k))
	if !ok {
		return math.NaN(), math.NaN(), math.NaN()
	}
	start := t.accuracy()
	return start + d.Value, start + d.Low, start + d.High
}

// mostBands is how many error bands can be told apart in one figure. Beyond it, [Result.StrategyBars] and [Result.ScoreTable] have the intervals.
const mostBands = 3

// ScoreCurves show the accuracy on a task as ever more layers are dropped before fine-tuning, for each strategy; up to three
// strategies with the intervals.
func (r edition) ScoreCurves(t *TaskResult) (*figures.Figure, error) {
	var curves []figures.Curve
	for _, strategy := range r.strategies() {
		start := t.accuracy()
		curve := figures.Curve{Name: r.Name(string(strategy))}
		curve.Add(0, start, start, start)
		for _, k := range t.drops(strategy, Before) {
			score, low, high := r.choiceScore(t, strategy, Before, k)
			curve.Add(float64(k), score, low, high)
		}
		if len(curve.X) > 1 {
			curves = append(curves, curve)
		}
	}
	lead := r.lead()
	title := r.F("Layers dropped before fine-tuning on %s", t.Task)
	if ks := t.drops(lead, Before); len(ks) > 0 {
		k := ks[len(ks)-1]
		score, _, _ := r.choiceScore(t, lead, Before, k)
		title = r.F("Without the %s %d of %d layers: %s points on %s", r.Name(string(lead)), k, r.Layers, figures.Signed(100*(score-t.accuracy())), t.Task)
	}
	caption := r.F("%s; bands: 95 %% interval of the difference from the whole model", r.seeds())
	if len(curves) > mostBands {
		caption = r.F("%s; intervals: see the table", r.seeds())
		for i := range curves {
			curves[i].Lo, curves[i].Hi = nil, nil
		}
	}
	majority, below := r.LargestClass(t.Majority, 1, curves)
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(title, r.F("layers dropped, of %d", r.Layers), r.T("accuracy, mean over seeds"), r.caption(t, experiment.Caption(caption, below))),
		Curves: curves, XFormat: figures.Whole, HLines: majority, YFormat: figures.Percent,
	})
}

// StrategyBars show what each strategy costs on a task against the whole model, with intervals: the curves' numbers side by side.
func (r edition) StrategyBars(t *TaskResult) (*figures.Figure, error) {
	var series []figures.BarSeries
	for _, strategy := range r.strategies() {
		if strategy == layerdrop.Contribution || strategy == layerdrop.List { // their numbers of layers are their own
			continue
		}
		bars := figures.BarSeries{Name: r.Name(string(strategy))}
		for _, k := range r.Config.Drops {
			d, ok := r.alone(t).between(againstWhole(strategy, Before, k))
			if !ok {
				d.Value, d.Low, d.High = math.NaN(), math.NaN(), math.NaN()
			}
			bars.Add(100*d.Value, 100*d.Low, 100*d.High)
		}
		series = append(series, bars)
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("What the choice of layers costs on %s", t.Task),
		r.T("layers dropped before fine-tuning"), r.T("change of accuracy, points"),
		r.caption(t, r.F("%s; whiskers: 95 %% interval of the paired difference", r.seeds()))),
		Groups: figures.Texts(r.Config.Drops), Series: series, Format: "%+.1f",
	})
}

// WhenBars show the accuracy on a task when layers go before, after or during fine-tuning, by the leading strategy.
func (r edition) WhenBars(t *TaskResult) (*figures.Figure, error) {
	lead := r.lead()
	ks := t.drops(lead, Before)
	var series []figures.BarSeries
	for _, when := range []When{Before, Progressive, After} {
		if len(t.drops(lead, when)) == 0 {
			continue
		}
		bars := figures.BarSeries{Name: when.label(r.Printer)}
		for _, k := range ks {
			score, low, high := r.choiceScore(t, lead, when, k)
			bars.Add(100*score, 100*low, 100*high)
		}
		series = append(series, bars)
	}
	d, ok := r.alone(t).between(func(a, b Trial) bool {
		return a.Strategy == lead && b.Strategy == lead && a.When == Before && b.When == After && slices.Equal(a.Dropped, b.Dropped)
	})
	if !ok {
		return nil, nil
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Dropping the %s layers before rather than after fine-tuning makes a difference of %s points", r.Name(string(lead)), d.Points()),
		r.F("layers dropped, %s", r.Name(string(lead))), r.T("accuracy, %"),
		r.caption(t, r.F("%s; whiskers: 95 %% interval of the difference from the whole model", r.seeds()))),
		Groups: figures.Texts(ks), Series: series, Format: "%.1f",
		HLines: []figures.Reference{{Value: 100 * t.accuracy(), Label: r.T("whole")}, {Value: 100 * t.Majority, Label: r.T("largest class")}},
	})
}

// label names a time of dropping for readers.
func (w When) label(say *words.Printer) string { return say.F("%s fine-tuning", w.name(say)) }

// name is the label where fine-tuning goes without saying.
func (w When) name(say *words.Printer) string {
	if w == Progressive {
		return say.T("during")
	}
	return say.Name(string(w))
}

// TimeCurves show the time of inference and of a training step against the layers that stay.
func (r edition) TimeCurves() (*figures.Figure, error) {
	batch, inference := r.inferenceShares()
	least := r.Layers
	curve := func(name string, shares []share) figures.Curve {
		c := figures.Curve{Name: name}
		for _, s := range slices.Backward(shares) {
			least = min(least, r.Layers-s.k)
			c.Add(float64(r.Layers-s.k), s.Value, s.Low, s.High)
		}
		c.Add(float64(r.Layers), 1, 1, 1)
		return c
	}
	curves := []figures.Curve{curve(r.T("inference"), inference)}
	if tuning := r.tuningShares(); len(tuning) > 0 {
		curves = append(curves, curve(r.T("fine-tuning"), tuning))
	}
	line := figures.Curve{
		Name: r.T("in proportion"), X: []float64{float64(least), float64(r.Layers)}, Y: []float64{float64(least) / float64(r.Layers), 1}, Expected: true,
	}
	last := inference[len(inference)-1]
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.F("With %d of %d layers, inference takes %.0f %% of the time", r.Layers-last.k, r.Layers, 100*last.Value),
		r.T("layers that stay"), r.T("time against the whole model"),
		r.F("%s, %s; %s: encoder at batch %d × %d tokens, %d repeats; training steps of median length; bands: quartiles", r.Config.Model, r.Provenance.TimedIn(r.Printer), r.Name(r.Clock.String()), batch.Size, r.Speed.Length, r.Speed.Repeats)),
		Curves: append(curves, line), XFormat: figures.Whole, YFormat: figures.Percent, YRange: figures.Range{Min: 0, Max: 1.05},
	})
}

// SimilarityHeatmap shows how alike [CLS] is after any two layers of the pretrained model.
func (r edition) SimilarityHeatmap() (*figures.Figure, error) {
	s := r.Similarity
	names := append([]string{r.T("emb.")}, figures.FromZero(r.Layers)...)
	first, last := s.Matrix[0][r.Layers], s.Layers[r.Layers-1]
	low := 0.9
	for _, row := range s.Matrix {
		low = min(low, floats.Min(row))
	}
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Frame(r.F("The last layer's [CLS]: cosine %.2f with layer %d, %.2f with the embeddings", last, r.Layers-2, first),
		r.T("after layer (from 0)"), r.T("after layer (from 0)"), r.caption(nil, r.F("pretrained, %d examples of %s", s.Examples, r.Tasks[0].Task))),
		Values: s.Matrix, Rows: names, Columns: names, Palette: figures.Sequential, Legend: r.T("mean cosine of [CLS]"),
		Limits: figures.Range{Min: math.Floor(10*low) / 10, Max: 1},
	})
}

// ContributionBars show how alike each layer's input and output are: the higher, the less it contributes.
func (r edition) ContributionBars() (*figures.Figure, error) {
	s := r.Similarity
	most := floats.MaxIdx(s.Layers)
	lines := experiment.Each(r.Config.Thresholds, func(threshold float64) figures.Reference {
		return figures.Reference{Value: threshold, Label: r.F("threshold %g", threshold)}
	})
	low := min(floats.Min(s.Layers), floats.Min(r.MeanSimilarity.Layers), 0)
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Layer %d changes [CLS] least: cosine %.3f", most, s.Layers[most]),
		r.T("layer (from 0)"), r.T("cosine of input and output"), r.caption(nil, r.F("pretrained, %d examples of %s", s.Examples, r.Tasks[0].Task))),
		Groups: figures.FromZero(r.Layers), Series: []figures.BarSeries{{Name: r.T("[CLS]"), Values: s.Layers}, {Name: r.T("mean of the tokens"), Values: r.MeanSimilarity.Layers}},
		HLines: lines, Format: "%.3f", YRange: figures.Range{Min: low, Max: 1.05},
	})
}

// TravelBars show how far fine-tuning moved each layer of the whole model.
func (r edition) TravelBars() (*figures.Figure, error) {
	var series []figures.BarSeries
	for _, t := range r.Tasks {
		bars := figures.BarSeries{Name: t.Task}
		for l := range r.Layers {
			values := experiment.Each(t.Travel, func(travel []float64) float64 { return 100 * travel[l] })
			bars.Values = append(bars.Values, stat.Mean(values, nil))
			if len(values) > 1 {
				bars.Lo, bars.Hi = append(bars.Lo, slices.Min(values)), append(bars.Hi, slices.Max(values))
			}
		}
		series = append(series, bars)
	}
	caption := r.F("%s, fine-tuned; %s; ρ: Spearman's, of distance and layer, mean over runs", r.Config.Model, r.seeds())
	if len(r.Config.Seeds) > 1 {
		caption += r.T("; whiskers: range over seeds")
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Distance travelled in fine-tuning, layer by layer: ρ = %s", strings.Replace(fmt.Sprintf("%+.2f", stat.Mean(r.travelOrder(), nil)), "-", "−", 1)),
		r.T("layer (from 0)"), "‖θ − θ₀‖ / ‖θ₀‖, %", caption),
		Groups: figures.FromZero(r.Layers), Series: series, Format: "%.2f",
	})
}
