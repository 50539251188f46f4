package sanh2020

import (
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/techniques/movement"
)

// methodName is a method's name in text.
func methodName(say *words.Printer, kind movement.Kind) string {
	switch kind {
	case movement.Magnitude:
		return say.T("magnitude pruning")
	case movement.Movement:
		return say.T("movement pruning")
	case movement.Soft:
		return say.T("soft movement pruning")
	case movement.L0:
		return say.T("L0 regularisation")
	}
	return string(kind)
}

// curveName is a method's name at a curve.
func curveName(say *words.Printer, kind movement.Kind) string {
	switch kind {
	case movement.Soft:
		return say.T("soft movement")
	case movement.L0:
		return "L0"
	}
	return say.Name(string(kind))
}

// modelName is the model's name in text.
func (c Config) modelName(say *words.Printer) string {
	if c.Layers > 0 {
		return say.F("%s (lowest %d layers)", c.Model, c.Layers)
	}
	return c.Model
}

// caption names model, data and seeds under a figure.
func (r edition) caption(extra string) string {
	c := r.Config
	return experiment.Caption(r.F("%s on %s, %d steps, %d test examples", c.modelName(r.Printer), c.Task, r.Steps, r.Examples), extra)
}

// seeds names the seeds, and what of them is shown where there are several.
func (r edition) seeds(shown string) string {
	if len(r.Config.Seeds) == 1 {
		return r.F("seed %d", r.Config.Seeds[0])
	}
	return r.F("seeds %v, %s", r.Config.Seeds, shown)
}

// doubled writes a power of two as a share: the axis is linear in the logarithm.
func doubled(exponent float64) string {
	share := math.Exp2(exponent)
	if share >= 0.1 {
		return figures.Percent(math.Round(1000*share) / 1000)
	}
	return fmt.Sprintf("%.2g %%", 100*share)
}

// shareTicks are the shares that the protocol asks for, on the axis of [doubled].
func (r *Result) shareTicks() []float64 {
	ticks := experiment.Each(r.Config.Remaining, math.Log2)
	slices.Sort(ticks)
	return ticks
}

// curve is a method's scores against the remaining weights, mean over runs, with the range where there are several.
func (r *Result) curve(name string, runs func(remaining float64) []Trained, value func(Trained) float64) (figures.Curve, bool) {
	curve := figures.Curve{Name: name}
	shares := r.Config.remaining(func(float64) bool { return true })
	slices.Reverse(shares)
	several := len(r.Config.Seeds) > 1
	for _, share := range shares {
		list := runs(share)
		if len(list) == 0 {
			continue
		}
		values, kept := experiment.Each(list, value), 0.0
		for _, t := range list {
			kept += t.Kept / float64(len(list))
		}
		curve.X, curve.Y = append(curve.X, math.Log2(kept)), append(curve.Y, mean(values))
		curve.Lo, curve.Hi = append(curve.Lo, slices.Min(values)), append(curve.Hi, slices.Max(values))
	}
	if !several {
		curve.Lo, curve.Hi = nil, nil
	}
	return curve, len(curve.X) > 0
}

// curves are those of the protocol's methods.
func (r edition) curves(value func(Trained) float64) []figures.Curve {
	var list []figures.Curve
	for _, kind := range r.Config.Kinds {
		if c, ok := r.curve(curveName(r.Printer, kind), r.local(kind), value); ok && ascending(c.X) {
			list = append(list, c)
		}
	}
	return list
}

// ascending reports whether a curve's places are in order: a method that misses its share could have them otherwise.
func ascending(x []float64) bool {
	return slices.IsSorted(x)
}

// AccuracyCurves show the metric against the weights that remain, for each method (figure 2 of the paper).
func (r edition) AccuracyCurves() (*figures.Figure, error) {
	curves := r.curves(score)
	majority, below := r.LargestClass(r.Majority, 1, curves)
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.curvesTitle(),
		r.T("remaining weights of the encoder, counted (logarithmic)"), r.Name(r.Metric), r.caption(experiment.Caption(r.seeds(r.T("mean and range")), below))),
		Curves: curves, XFormat: doubled, XTicks: r.shareTicks(), YFormat: figures.Percent,
		HLines: append(majority, figures.Reference{Value: mean(scores(r.Dense)), Label: r.T("dense")}),
	})
}

// curvesTitle says what the methods reach where the fewest weights remain.
func (r edition) curvesTitle() string {
	fewest := slices.Min(r.Config.Remaining)
	var parts []string
	for _, kind := range r.Config.Kinds {
		if runs := r.plain(kind, fewest); len(runs) > 0 {
			parts = append(parts, fmt.Sprintf("%s %.3f", curveName(r.Printer, kind), mean(scores(runs))))
		}
	}
	if len(parts) == 0 {
		return r.T("Accuracy against remaining weights")
	}
	return r.F("With %g %% of the weights: %s", 100*fewest, strings.Join(parts, ", "))
}

// LossCurves show the test loss against the weights that remain.
func (r edition) LossCurves() (*figures.Figure, error) {
	loss := func(t Trained) float64 { return t.Loss }
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(r.T("The loss against remaining weights"),
		r.T("remaining weights of the encoder, counted (logarithmic)"), r.T("test loss, nats"), r.caption(r.seeds(r.T("mean and range")))),
		Curves: r.curves(loss), XFormat: doubled, XTicks: r.shareTicks(),
		HLines: []figures.Reference{{Value: experiment.Mean(r.Dense, loss), Label: r.T("dense")}},
	})
}

// WeightHistogram shows the weights that remain with magnitude and with movement pruning (figure 4 of the paper).
func (r edition) WeightHistogram() (*figures.Figure, error) {
	var samples []figures.Sample
	widest := 0.0
	for _, kind := range []movement.Kind{movement.Magnitude, movement.Movement} {
		t := r.focused(kind)
		if t == nil {
			continue
		}
		sample := figures.Sample{Name: curveName(r.Printer, kind)}
		for i, w := range t.Sample.Weights {
			if t.Sample.Kept[i] {
				sample.Values = append(sample.Values, w)
			}
		}
		widest = max(widest, 5*t.Sample.Deviation)
		samples = append(samples, sample)
	}
	return figures.Histogram(figures.HistogramOptions{Frame: r.Frame(r.F("Which weights remain when %g %% do", 100*r.Config.Focus),
		r.T("weight"), r.T("weights of the sample"), r.caption(r.T("every n-th weight of the encoder; those beyond 5 standard deviations are not shown"))),
		Samples: samples, Bins: 40, XRange: figures.Range{Min: -widest, Max: widest},
	})
}

// plotted is the number of points of a scatter plot.
const plotted = 1500

// ScoreScatter shows scores against weights with movement pruning.
func (r edition) ScoreScatter() (*figures.Figure, error) {
	t := r.focused(movement.Movement)
	if t == nil {
		return nil, fmt.Errorf("sanh2020: there is no run of %s at %g with sampled weights", movement.Movement, r.Config.Focus)
	}
	stride := max(len(t.Sample.Weights)/plotted, 1)
	var x, y []float64
	var groups []string
	for _, kept := range []bool{false, true} {
		for i := 0; i < len(t.Sample.Weights); i += stride {
			if t.Sample.Kept[i] == kept {
				x, y = append(x, t.Sample.Weights[i]), append(y, t.Sample.Scores[i])
				groups = append(groups, map[bool]string{false: r.T("pruned"), true: r.T("kept")}[kept])
			}
		}
	}
	return figures.Scatter(figures.ScatterOptions{Frame: r.Frame(r.F("The highest scores of each matrix are kept, %g %%", 100*r.Config.Focus),
		r.T("weight before the mask"), r.T("score"), r.caption(r.F("movement pruning, seed %d, every n-th weight of the encoder", r.Config.Seeds[0]))),
		X: x, Y: y, Groups: groups, Lines: figures.ZeroLines,
	})
}
