package sajjad2020

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"bertlab/figures"
)

// TimeCurves show the time of inference and of a training step against the layers that stay.
func (r *Result) TimeCurves() (*figures.Figure, error) {
	batch, inference := r.inferenceShares()
	least := r.Layers
	curve := func(name string, shares []share) figures.Curve {
		c := figures.Curve{Name: name}
		for _, s := range slices.Backward(shares) {
			least = min(least, r.Layers-s.k)
			c.X, c.Y, c.Lo, c.Hi = append(c.X, float64(r.Layers-s.k)), append(c.Y, s.median), append(c.Lo, s.low), append(c.Hi, s.high)
		}
		c.X, c.Y, c.Lo, c.Hi = append(c.X, float64(r.Layers)), append(c.Y, 1), append(c.Lo, 1), append(c.Hi, 1)
		return c
	}
	curves := []figures.Curve{curve("inference", inference)}
	if tuning := r.tuningShares(); len(tuning) > 0 {
		curves = append(curves, curve("fine-tuning", tuning))
	}
	line := figures.Curve{
		Name: "in proportion", X: []float64{float64(least), float64(r.Layers)}, Y: []float64{float64(least) / float64(r.Layers), 1},
	}
	last := inference[len(inference)-1]
	return figures.Curves(figures.CurvesOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("With %d of %d layers, inference takes %.0f %% of the time", r.Layers-last.k, r.Layers, 100*last.median),
			XLabel: "layers that stay", YLabel: "time against the whole model",
			Caption: fmt.Sprintf("%s, %s; %s: encoder at batch %d × %d tokens, %d repeats; training steps, %s; bands: quartiles",
				r.Config.Model, r.Provenance.Machine, r.Clock, batch.Size, r.Speed.Length, r.Speed.Repeats, r.seeds()),
		},
		Curves: append(curves, line), XFormat: wholeNumber, YFormat: figures.Percent, YRange: figures.Range{Min: 0, Max: 1.05},
	})
}

// layerNames count layers from 1, as the paper does.
func layerNames(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i + 1)
	}
	return list
}

// SimilarityHeatmap shows how alike [CLS] is after any two layers of the pretrained model.
func (r *Result) SimilarityHeatmap() (*figures.Figure, error) {
	s := r.Similarity
	names := append([]string{"emb."}, layerNames(r.Layers)...)
	first, last := s.Matrix[0][r.Layers], s.Layers[r.Layers-1]
	low := 0.9
	for _, row := range s.Matrix {
		low = min(low, floats.Min(row))
	}
	return figures.Heatmap(figures.HeatmapOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("[CLS] at the end: cosine %.2f with layer %d, %.2f with the embeddings", last, r.Layers-1, first),
			XLabel: "after layer", YLabel: "after layer", Caption: r.caption(nil, fmt.Sprintf("pretrained, %d examples of %s", s.Examples, r.Tasks[0].Task)),
		},
		Values: s.Matrix, Rows: names, Columns: names, Palette: figures.Sequential, Legend: "mean cosine of [CLS]",
		Limits: figures.Range{Min: math.Floor(10*low) / 10, Max: 1},
	})
}

// ContributionBars show how alike each layer's input and output are: the higher, the less it contributes.
func (r *Result) ContributionBars() (*figures.Figure, error) {
	s := r.Similarity
	most := floats.MaxIdx(s.Layers)
	var lines []figures.Reference
	for _, threshold := range r.Config.Thresholds {
		lines = append(lines, figures.Reference{Value: threshold, Label: fmt.Sprintf("threshold %g", threshold)})
	}
	low := min(floats.Min(s.Layers), floats.Min(r.MeanSimilarity.Layers), 0)
	return figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("Layer %d changes [CLS] least: cosine %.3f", most+1, s.Layers[most]),
			XLabel: "layer", YLabel: "cosine of input and output",
			Caption: r.caption(nil, fmt.Sprintf("pretrained, %d examples of %s", s.Examples, r.Tasks[0].Task)),
		},
		Groups: layerNames(r.Layers), Series: []figures.BarSeries{{Name: "[CLS]", Values: s.Layers}, {Name: "mean of the tokens", Values: r.MeanSimilarity.Layers}},
		HLines: lines, Format: "%.3f", YRange: figures.Range{Min: low, Max: 1.05},
	})
}

// TravelBars show how far fine-tuning moved each layer of the whole model.
func (r *Result) TravelBars() (*figures.Figure, error) {
	var series []figures.BarSeries
	for _, t := range r.Tasks {
		bars := figures.BarSeries{Name: t.Task}
		for l := range r.Layers {
			var values []float64
			for _, travel := range t.Travel {
				values = append(values, 100*travel[l])
			}
			bars.Values = append(bars.Values, stat.Mean(values, nil))
			if len(values) > 1 {
				bars.Lo, bars.Hi = append(bars.Lo, slices.Min(values)), append(bars.Hi, slices.Max(values))
			}
		}
		series = append(series, bars)
	}
	caption := fmt.Sprintf("%s, fine-tuned; %s; ρ: Spearman's, of distance and layer, mean over runs", r.Config.Model, r.seeds())
	if len(r.Config.Seeds) > 1 {
		caption += "; whiskers: range over seeds"
	}
	return figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("Distance travelled in fine-tuning, layer by layer: ρ = %s", strings.Replace(fmt.Sprintf("%+.2f", stat.Mean(r.travelOrder(), nil)), "-", "−", 1)),
			XLabel: "layer", YLabel: "‖θ − θ₀‖ / ‖θ₀‖, %", Caption: caption,
		},
		Groups: layerNames(r.Layers), Series: series, Format: "%.2f",
	})
}
