package hao2019

import (
	"fmt"
	"math"
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/landscape"
)

// Figures go from the line through two models over the plane of three to single layers.
func (r edition) Figures() []experiment.Drawing {
	part := func(i int) func() (*figures.Figure, error) {
		return func() (*figures.Figure, error) { return r.PartFigure(i) }
	}
	return []experiment.Drawing{
		{Name: "curve", Build: r.CurveFigure, Caption: r.T("The training loss on the straight line through the weights before and after training. The head is the learned one everywhere. A wide valley around 1 forgives an inexact step.")},
		{Name: "loss", Build: r.LossFigure, Caption: r.T("The training loss over the plane of two fine-tunings from the same pretrained weights. The second is on another task, rescaled to the length of the first. Dark is a low loss, bright a high one.")},
		{Name: "surface", Build: r.SurfaceFigure, Caption: r.T("The same as a surface. Height and colour are logarithmic; what lies low is dark.")},
		{Name: "scratch", Omit: r.ScratchSurface == nil, Build: r.ScratchLossFigure, Caption: r.T("The training loss over the plane of two trainings from the same random weights. Dark is a low loss, bright a high one.")},
		{Name: "error", Build: r.ErrorFigure, Caption: r.T("The share of dev examples that are classified wrongly, over the same plane as the training loss. Dark is a small share, bright a large one.")},
		{Name: "consistency", Build: r.ConsistencyScatter, Caption: r.T("Each point of the plane by its training loss and its dev error.")},
		{Name: "trajectory", Build: r.TrajectoryFigure, Caption: r.T("The weights in the course of fine-tuning, projected. The height above the line is the distance from it in any direction, not a place on the ground; the fill is the loss that the model really had, dark where it is low.")},
		{Name: "scratch-trajectory", Omit: r.ScratchSurface == nil, Build: r.ScratchTrajectoryFigure, Caption: r.T("The same for training from random weights.")},
		{Name: "low", Build: part(0), Caption: r.T("The training loss when only the low layers move and all else is fine-tuned. Dark is a low loss; the colours are the same for low, middle and high layers.")},
		{Name: "middle", Build: part(1), Caption: r.T("The same for the middle layers.")},
		{Name: "high", Build: part(2), Caption: r.T("The same for the high layers.")},
		{Name: "rollback", Build: r.RollbackBars, Caption: r.T("How the accuracy changes when a part of the fine-tuned model is set back to the pretrained weights.")},
		{Name: "travel", Build: r.TravelBars, Caption: r.T("How far each part of the model moves in fine-tuning, relative to the length of its weights.")},
	}
}

// Pages are what lies beside the figures: the surface, to be turned by hand.
func (r edition) Pages() ([]experiment.NamedPage, error) {
	page, err := r.turningSurface().InteractivePage("")
	return []experiment.NamedPage{{Name: "turn", HTML: page}}, err
}

// caption names model, data and seed under a figure.
func (r edition) caption(extra string) string {
	c := r.Config
	return experiment.Caption(r.F("%s, %s, seed %d", c.Model, c.Task, c.Seed), extra)
}

// ceiling is the loss above which figures show no differences: far from the models losses are large and say nothing.
func (r *Result) ceiling() float64 {
	return 4 * math.Max(r.Prior, math.Max(r.Fine.Sets[0].Start.Loss, r.Scratch.Sets[0].Start.Loss))
}

// cut says under a figure what is not shown of it.
func (r edition) cut(sets ...landscape.SetSurface) string {
	above, overflow, limit := 0, 0, r.ceiling()
	for _, s := range sets {
		overflow += s.Overflow
		for _, row := range s.Loss {
			for _, v := range row {
				if v > limit {
					above++
				}
			}
		}
	}
	text := ""
	if above > 0 {
		text = r.F("; losses above %.2g nats are cut off (%d points)", limit, above)
	}
	if overflow > 0 {
		text += r.F("; overflow at %d points counts as %.0f nats", overflow, landscape.LargestLoss)
	}
	return text
}

// CurveFigure shows the training loss along the line from the start to the trained weights, pretrained and from scratch.
func (r edition) CurveFigure() (*figures.Figure, error) {
	limit := r.ceiling()
	shown := func(name string, c Curve) figures.Curve {
		curve := figures.Curve{Name: name}
		for i, a := range c.Alpha {
			y, low, high := c.Sets[0].Loss[0][i], c.Low[i], c.High[i]
			if y > limit {
				y, low, high = math.NaN(), math.NaN(), math.NaN()
			}
			curve.Add(a, y, low, math.Min(high, limit))
		}
		return curve
	}
	title := r.F("The optimum has a width of %.2f from pretrained weights, %.2f from random ones", r.Fine.Width.Value, r.Scratch.Width.Value)
	if !r.learned(r.Scratch) {
		title = r.F("From pretrained weights the loss falls by %.2f nats; from random ones nothing is learned yet", r.Fine.Drop.Value)
	}
	return figures.Curves(figures.CurvesOptions{Frame: r.Frame(title,
		r.T("α: 0 before training, 1 after it, in units of the distance between"), r.T("training loss, nats"),
		r.caption(r.F("%d training examples; bands: 95 %% interval%s", r.Fine.Sets[0].Examples, r.cut(r.Fine.Sets[0], r.Scratch.Sets[0])))),
		Curves: []figures.Curve{shown(r.T("pretrained"), r.Fine), shown(r.T("scratch"), r.Scratch)},
		HLines: []figures.Reference{{Value: r.Prior, Label: r.T("class shares")}},
		VLines: []figures.Reference{{Value: 0, Label: r.T("start")}, {Value: 1, Label: r.T("trained")}},
	})
}

// marks are the models in the plane.
func (r edition) marks(start string, g landscape.Geometry) []figures.Mark {
	list := []figures.Mark{{X: 1, Label: r.F("trained on %s", r.Config.Task)}, {Label: start}}
	if at := 1 / g.Scale(); at <= r.Config.SurfaceRange[1] && g.Scale() > 0 {
		list = append(list, figures.Mark{Y: at, Label: r.F("trained on %s", r.Config.Other)})
	}
	return list
}

func (r edition) planeFrame(title, extra string) figures.Frame {
	return r.Frame(title, r.F("α, along training on %s", r.Config.Task), r.F("β, along training on %s, rescaled to the same length", r.Config.Other), r.caption(extra))
}

// part says the name of a part of the model, or of its layers, as the results have it.
func (r edition) part(name string) string {
	var first, last int
	if n, _ := fmt.Sscanf(name, "layers %d–%d", &first, &last); n == 2 {
		return r.F("layers %d–%d", first, last)
	}
	if n, _ := fmt.Sscanf(name, "layer %d", &first); n == 1 {
		return r.F("layer %d", first)
	}
	return r.Name(name)
}

// LossFigure is the training loss over the plane from pretrained weights.
func (r edition) LossFigure() (*figures.Figure, error) {
	return r.lossPlane(r.Surface, r.T("pretrained"), r.T("The loss around the fine-tuned model"))
}

// ScratchLossFigure is the same from random weights; there is none where the protocol does not ask for it.
func (r edition) ScratchLossFigure() (*figures.Figure, error) {
	return r.lossPlane(r.ScratchSurface, r.T("random"), r.T("The loss around the model trained from scratch"))
}

func (r edition) lossPlane(s *Surface, start, title string) (*figures.Figure, error) {
	set := s.Sets[0]
	return figures.Contour(figures.ContourOptions{
		Frame: r.planeFrame(title, r.F("%d training examples at each of %d × %d points%s", set.Examples, len(s.Alpha), len(s.Beta), r.cut(set))),
		X:     s.Alpha, Y: s.Beta, Values: set.Loss, Scale: figures.Log, Limits: r.limits(set), Legend: r.T("training loss, nats"), Marks: r.marks(start, s.Geometry),
	})
}

// limits of the colours of a loss.
func (r *Result) limits(sets ...landscape.SetSurface) figures.Range {
	low, high := math.Inf(1), 0.0
	for _, s := range sets {
		for _, row := range s.Loss {
			low, high = math.Min(low, slices.Min(row)), math.Max(high, slices.Max(row))
		}
	}
	return figures.Range{Min: math.Max(low, 1e-4), Max: math.Min(high, r.ceiling())}
}

// ErrorFigure is the error on the dev examples over the same plane.
func (r edition) ErrorFigure() (*figures.Figure, error) {
	set := r.Surface.Sets[1]
	return figures.Contour(figures.ContourOptions{
		Frame: r.planeFrame(r.F("The error on other data over the same plane: ρ = %.2f with the training loss", r.Surface.Consistency.Value), r.F("%d dev examples", set.Examples)),
		X:     r.Surface.Alpha, Y: r.Surface.Beta, Values: set.Error, Legend: r.T("dev error, share"), Marks: r.marks(r.T("pretrained"), r.Surface.Geometry),
	})
}

// TurningSurface is the training loss as a surface that a notebook turns by hand, in the notebook's language.
func (r *Result) TurningSurface() figures.SurfaceOptions {
	return edition{r, experiment.Voice{Printer: words.In(string(experiment.NotebookLanguage()))}}.turningSurface()
}

// turningSurface is the training loss as a surface, to be drawn or to be turned by hand.
func (r edition) turningSurface() figures.SurfaceOptions {
	set := r.Surface.Sets[0]
	marks := r.marks(r.T("pretrained"), r.Surface.Geometry)
	for i := range marks {
		marks[i].Label = []string{r.T("trained"), r.T("pretrained"), r.Config.Other}[i]
	}
	return figures.SurfaceOptions{
		Frame: r.Frame(r.T("The loss around the fine-tuned model"), "α, "+r.Config.Task, "β, "+r.Config.Other, r.caption(r.F("%d training examples%s", set.Examples, r.cut(set)))),
		X:     r.Surface.Alpha, Y: r.Surface.Beta, Values: set.Loss, Scale: figures.Log, Limits: r.limits(set), ZLabel: r.T("training loss, nats, logarithmic"), Marks: marks,
	}
}

// SurfaceFigure is the training loss as a surface.
func (r edition) SurfaceFigure() (*figures.Figure, error) { return figures.Surface(r.turningSurface()) }

// TrajectoryFigure is the way of fine-tuning over the training loss.
func (r edition) TrajectoryFigure() (*figures.Figure, error) {
	return r.trajectory(r.Surface, 0, r.T("pretrained"), r.T("fine-tuning"))
}

// ScratchTrajectoryFigure is the same for training from scratch; there is none where the protocol asks for no surface of it.
func (r edition) ScratchTrajectoryFigure() (*figures.Figure, error) {
	return r.trajectory(r.ScratchSurface, 2, r.T("random"), r.T("training from scratch"))
}

func (r edition) trajectory(s *Surface, run int, start, what string) (*figures.Figure, error) {
	set, way := s.Sets[0], r.Runs[run].Way
	var path []figures.Waypoint
	farthest := 0.0
	for i, w := range way {
		label := ""
		if i == 0 || i == len(way)-1 {
			label = r.F("step %d", w.Step)
		}
		path = append(path, figures.Waypoint{X: w.Alpha, Y: w.Orthogonal, Value: w.Loss, Label: label})
		farthest = math.Max(farthest, w.Orthogonal)
	}
	frame := r.planeFrame(
		r.F("The path of %s strays from the line by up to %.2f of its length", what, farthest),
		r.F("trajectory: d_α and d_β, the distance from the line in any direction, which is not a coordinate along β: the loss of a point is shown by its fill, not by the ground%s", r.cut(set)))
	frame.YLabel = r.F("ground: β, along training on %s; trajectory: d_β, distance from the line", r.Config.Other)
	return figures.Contour(figures.ContourOptions{
		Frame: frame, X: s.Alpha, Y: s.Beta, Values: set.Loss, Scale: figures.Log, Limits: r.limits(set), Legend: r.T("training loss, nats"),
		Path: path, PathName: r.T("trajectory, filled with its own loss"),
	})
}

// PartFigure is the training loss when one third of the layers moves: 0 low, 1 middle, 2 high. All have the same colours.
func (r edition) PartFigure(i int) (*figures.Figure, error) {
	s := r.Parts[i]
	sets := experiment.Each(r.Parts, func(p *landscape.Surface) landscape.SetSurface { return p.Sets[0] })
	back := s.Sets[0].Start.Loss
	return figures.Contour(figures.ContourOptions{
		Frame: r.planeFrame(r.F("Only the %s layers move: with them rolled back, the loss is %.2f", r.part(s.Part.Name), back),
			r.F("%s of %d, counted from 0, the rest as fine-tuned; %d training examples; the same colours for low, middle and high%s", r.part(s.Part.Layers()), r.Layers, s.Sets[0].Examples, r.cut(sets...))),
		X: s.Alpha, Y: s.Beta, Values: s.Sets[0].Loss, Scale: figures.Log, Limits: r.limits(sets...), Legend: r.T("training loss, nats"),
		Levels: figures.LogLevels(r.limits(sets...), 10), Marks: []figures.Mark{{X: 1, Label: r.T("fine-tuned")}, {Label: r.T("rolled back")}},
	})
}

// RollbackBars show what setting a part back to the pretrained weights costs.
func (r edition) RollbackBars() (*figures.Figure, error) {
	var groups []string
	bars := figures.BarSeries{Name: r.T("accuracy")}
	for _, row := range r.Rollback[1:] {
		name := r.part(row.Name)
		if row.Layers != "no layer" && row.Name != "whole" {
			name += ", " + r.part(row.Layers)
		}
		groups = append(groups, name)
		bars.Add(100*row.Change.Value, 100*row.Change.Low, 100*row.Change.High)
	}
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("Rolling back the low layers changes accuracy by %s points, the high ones by %s", figures.Signed(bars.Values[0]), figures.Signed(bars.Values[2])),
		r.T("set back to the pretrained weights"), r.T("change of accuracy, points"),
		r.caption(r.F("layers count from 0; %d dev examples; accuracy of the fine-tuned model %.3f; whiskers: 95 %% interval of the paired difference", len(r.Rollback[0].Right), r.Rollback[0].Accuracy))),
		Groups: groups, Series: []figures.BarSeries{bars}, Format: "%+.1f",
	})
}

// TravelBars show how far each part of the model went in fine-tuning.
func (r edition) TravelBars() (*figures.Figure, error) {
	var groups []string
	first, second := figures.BarSeries{Name: r.Config.Task}, figures.BarSeries{Name: r.Config.Other}
	pooler := ""
	for _, g := range r.Geometry {
		if g.Name == "pooler" { // it goes much farther, and would hide the others
			pooler = r.F("; the pooler: %.1f and %.1f %%", 100*g.Travel(), 100*g.OtherTravel())
			continue
		}
		groups = append(groups, r.part(g.Name))
		first.Values, second.Values = append(first.Values, 100*g.Travel()), append(second.Values, 100*g.OtherTravel())
	}
	one, two := r.layerTravel()
	least, most := math.Min(slices.Min(one), slices.Min(two)), math.Max(slices.Max(one), slices.Max(two))
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(r.F("In fine-tuning the layers move by %.1f to %.1f %% of their length", 100*least, 100*most),
		r.T("part of the model"), r.T("distance in % of the length of the pretrained weights"),
		r.caption(r.F("fine-tuned on two tasks; layers count from 0%s", pooler))),
		Groups: groups, Series: []figures.BarSeries{first, second}, Format: "%.1f",
	})
}

// ConsistencyScatter shows each point of the plane by its training loss and its dev error.
func (r edition) ConsistencyScatter() (*figures.Figure, error) {
	var x, y []float64
	for j, row := range r.Surface.Sets[0].Loss {
		for i, loss := range row {
			x, y = append(x, math.Log10(math.Max(loss, 1e-4))), append(y, r.Surface.Sets[1].Error[j][i])
		}
	}
	return figures.Scatter(figures.ScatterOptions{Frame: r.Frame(r.F("Training loss and error on other data: ρ = %.2f", r.Surface.Consistency.Value),
		r.T("training loss, nats, logarithmic"), r.T("dev error"), r.caption(r.F("one point for each of the %d points of the plane", len(x)))),
		X: x, Y: y, Note: r.F("Spearman's ρ = %s", r.Surface.Consistency.Text("%.2f")), YFormat: figures.Percent,
		XFormat: func(v float64) string { return fmt.Sprintf("%.3g", math.Pow(10, v)) },
	})
}
