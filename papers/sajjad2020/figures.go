package sajjad2020

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/gbert/task"
	"bertlab/techniques/layerdrop"
)

// caption names the model, the task, unless it is nil, and the seeds under a figure.
func (r *Result) caption(t *TaskResult, extra string) string {
	text := r.Config.Model
	if t != nil {
		text += fmt.Sprintf(", fine-tuned on %s, %d test examples", t.Task, t.Examples)
	}
	if extra != "" {
		text += "; " + extra
	}
	return text
}

// seeds names the seeds.
func (r *Result) seeds() string {
	if len(r.Config.Seeds) == 1 {
		return fmt.Sprintf("seed %d", r.Config.Seeds[0])
	}
	return "seeds " + strings.Trim(strings.ReplaceAll(fmt.Sprint(r.Config.Seeds), " ", ", "), "[]")
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
func (r *Result) choiceScore(t *TaskResult, strategy layerdrop.Strategy, when When, k int) (score, low, high float64, err error) {
	d, ok, err := r.alone(t).compare(againstWhole(strategy, when, k))
	if err != nil || !ok {
		return math.NaN(), math.NaN(), math.NaN(), err
	}
	start := t.accuracy()
	return start + d.Estimate, start + d.Low, start + d.High, nil
}

// mostBands is how many error bands can be told apart in one figure. Beyond it, [Result.StrategyBars] and [Result.ScoreTable] have the intervals.
const mostBands = 3

// signed writes a change with a sign that is as wide as a digit.
func signed(v float64) string { return strings.Replace(fmt.Sprintf("%+.1f", v), "-", "−", 1) }

// wholeNumber formats an axis on which only whole numbers mean something.
func wholeNumber(v float64) string {
	if v != math.Trunc(v) {
		return ""
	}
	return fmt.Sprintf("%.0f", v)
}

// ScoreCurves show the accuracy on a task as ever more layers are dropped before fine-tuning, for each strategy; up to three
// strategies with the intervals.
func (r *Result) ScoreCurves(t *TaskResult) (*figures.Figure, error) {
	var curves []figures.Curve
	for _, strategy := range r.strategies() {
		start := t.accuracy()
		curve := figures.Curve{Name: string(strategy), X: []float64{0}, Y: []float64{start}, Lo: []float64{start}, Hi: []float64{start}}
		for _, k := range t.drops(strategy, Before) {
			score, low, high, err := r.choiceScore(t, strategy, Before, k)
			if err != nil {
				return nil, err
			}
			curve.X, curve.Y, curve.Lo, curve.Hi = append(curve.X, float64(k)), append(curve.Y, score), append(curve.Lo, low), append(curve.Hi, high)
		}
		if len(curve.X) > 1 {
			curves = append(curves, curve)
		}
	}
	lead := r.lead()
	title := fmt.Sprintf("Layers dropped before fine-tuning on %s", t.Task)
	if ks := t.drops(lead, Before); len(ks) > 0 {
		k := ks[len(ks)-1]
		score, _, _, err := r.choiceScore(t, lead, Before, k)
		if err != nil {
			return nil, err
		}
		title = fmt.Sprintf("Without the %s %d of %d layers: %s points on %s", lead, k, r.Layers, signed(100*(score-t.accuracy())), t.Task)
	}
	caption := r.seeds() + "; bands: 95 % interval of the difference from the whole model"
	if len(curves) > mostBands {
		caption = r.seeds() + "; intervals: see the table"
		for i := range curves {
			curves[i].Lo, curves[i].Hi = nil, nil
		}
	}
	return figures.Curves(figures.CurvesOptions{
		Frame: figures.Frame{
			Title: title, XLabel: fmt.Sprintf("layers dropped, of %d", r.Layers), YLabel: "accuracy, mean over seeds",
			Caption: r.caption(t, caption),
		},
		Curves: curves, XFormat: wholeNumber, HLines: []figures.Reference{{Value: t.Majority, Label: "largest class"}}, YFormat: figures.Percent,
	})
}

// StrategyBars show what each strategy costs on a task against the whole model, with intervals: the curves' numbers side by side.
func (r *Result) StrategyBars(t *TaskResult) (*figures.Figure, error) {
	var groups []string
	for _, k := range r.Config.Drops {
		groups = append(groups, fmt.Sprint(k))
	}
	var series []figures.BarSeries
	for _, strategy := range r.strategies() {
		if strategy == layerdrop.Contribution || strategy == layerdrop.List { // their numbers of layers are their own
			continue
		}
		bars := figures.BarSeries{Name: string(strategy)}
		for _, k := range r.Config.Drops {
			d, ok, err := r.alone(t).compare(againstWhole(strategy, Before, k))
			if err != nil {
				return nil, err
			}
			if !ok {
				d.Estimate, d.Low, d.High = math.NaN(), math.NaN(), math.NaN()
			}
			bars.Values, bars.Lo, bars.Hi = append(bars.Values, 100*d.Estimate), append(bars.Lo, 100*d.Low), append(bars.Hi, 100*d.High)
		}
		series = append(series, bars)
	}
	return figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Title: "What the choice of layers costs on " + t.Task, XLabel: "layers dropped before fine-tuning", YLabel: "change of accuracy, points",
			Caption: r.caption(t, r.seeds()+"; whiskers: 95 % interval of the paired difference"),
		},
		Groups: groups, Series: series, Format: "%+.1f",
	})
}

// WhenBars show the accuracy on a task when layers go before, after or during fine-tuning, by the leading strategy.
func (r *Result) WhenBars(t *TaskResult) (*figures.Figure, error) {
	lead := r.lead()
	var groups []string
	ks := t.drops(lead, Before)
	for _, k := range ks {
		groups = append(groups, fmt.Sprint(k))
	}
	var series []figures.BarSeries
	for _, when := range []When{Before, Progressive, After} {
		if len(t.drops(lead, when)) == 0 {
			continue
		}
		bars := figures.BarSeries{Name: when.label()}
		for _, k := range ks {
			score, low, high, err := r.choiceScore(t, lead, when, k)
			if err != nil {
				return nil, err
			}
			bars.Values, bars.Lo, bars.Hi = append(bars.Values, 100*score), append(bars.Lo, 100*low), append(bars.Hi, 100*high)
		}
		series = append(series, bars)
	}
	d, ok, err := r.alone(t).compare(func(a, b Trial) bool {
		return a.Strategy == lead && b.Strategy == lead && a.When == Before && b.When == After && slices.Equal(a.Dropped, b.Dropped)
	})
	if err != nil || !ok {
		return nil, err
	}
	return figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Title:  whenTitle(d.BootstrapResult, lead),
			XLabel: "layers dropped, " + string(lead), YLabel: "accuracy, %", Caption: r.caption(t, r.seeds()+"; whiskers: 95 % interval of the difference from the whole model"),
		},
		Groups: groups, Series: series, Format: "%.1f",
		HLines: []figures.Reference{{Value: 100 * t.accuracy(), Label: "whole"}, {Value: 100 * t.Majority, Label: "largest class"}},
	})
}

// label names a time of dropping for readers.
func (w When) label() string {
	if w == Progressive {
		return "during fine-tuning"
	}
	return string(w) + " fine-tuning"
}

// whenTitle says what the interval of before − after says.
func whenTitle(d task.BootstrapResult, lead layerdrop.Strategy) string {
	switch {
	case d.Low > 0:
		return fmt.Sprintf("Dropped before fine-tuning, the %s layers are missed less", lead)
	case d.High < 0:
		return fmt.Sprintf("Dropped after fine-tuning, the %s layers are missed less", lead)
	}
	return fmt.Sprintf("Before or after fine-tuning: no clear difference for the %s layers", lead)
}
