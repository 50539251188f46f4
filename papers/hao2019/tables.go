package hao2019

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Tables are the trained models, their optima, the rollback, distances, and trajectories.
func (r edition) Tables() ([]experiment.NamedTable, error) {
	return []experiment.NamedTable{
		{Name: "models", Table: r.ModelTable()}, {Name: "widths", Table: r.WidthTable()}, {Name: "rollback-table", Table: r.RollbackTable()},
		{Name: "geometry", Table: r.GeometryTable()}, {Name: "way", Table: r.WayTable()}, {Name: "protocol", Table: r.Config.Table(r.Printer)}, {Name: "quoted", Table: r.QuotedTable()},
	}, nil
}

// Table holds grids and trainings against those of the paper.
func (c Config) Table(say *words.Printer) *figures.Table {
	scratch := say.T("a curve")
	if c.ScratchSurface {
		scratch = say.T("a curve and a surface")
	}
	seeds := words.List(c.Seed)
	if len(c.MoreSeeds) > 0 {
		seeds = say.F("%d; for the widths of the optima also %s", c.Seed, words.List(c.MoreSeeds))
	}
	return experiment.ProtocolTable(say, say.T("the paper"), [][]any{
		{say.T("model"), c.Model, say.T("BERT-large")},
		{say.T("task; second direction"), c.Task + "; " + c.Other, say.T("MNLI, RTE, SST-2, MRPC; another of them")},
		{say.T("training examples"), experiment.Limit(say, c.TrainExamples) + "; " + experiment.Limit(say, c.OtherExamples), say.T("all")},
		{say.T("seeds"), seeds, "–"},
		c.Tuning.Row(say, "–"),
		{say.T("from scratch: epochs, learning rate"), fmt.Sprintf("%d, %g; %s", c.ScratchEpochs, c.ScratchLearningRate, scratch), "–"},
		{say.T("curve"), say.F("α from %g to %g, %d points", c.CurveRange[0], c.CurveRange[1], c.CurvePoints), say.T("−4 to 4, 40 points")},
		{say.T("surface"), say.F("α and β from %g to %g, %d × %d points", c.SurfaceRange[0], c.SurfaceRange[1], c.SurfacePoints, c.SurfacePoints), say.T("−4 to 4, 40 × 40 points")},
		{say.T("surfaces of layers"), say.F("%d × %d points", c.PartPoints, c.PartPoints), "–"},
		{say.T("examples at each point"), say.F("%d training, %d dev, %d tokens", c.Examples, c.Examples, c.MaxLength), "–"},
		{say.T("examples of the rollback"), experiment.Limit(say, c.RollbackExamples), say.T("all of the development set")},
	})
}

// ModelTable lists the trained models.
func (r edition) ModelTable() *figures.Table {
	t := r.NewTable(r.T("Trained models"), r.T("Training loss: mean of the last epoch, with dropout. Distance: from where training began, over all weights that move."), []figures.Column{{Name: r.T("start")}, {Name: r.T("task")}, {Name: r.T("steps"), Format: "%d"}, {Name: r.T("training loss"), Unit: r.T("nats"), Format: "%.4f"}, {Name: r.T("distance"), Format: "%.2f"}})
	for i, m := range r.Runs {
		var distance any
		switch {
		case i == 0:
			distance = r.Whole.First
		case i == 1:
			distance = r.Whole.Second
		case i == 2:
			distance = r.Scratch.Geometry.First
		case r.ScratchSurface != nil:
			distance = r.ScratchSurface.Geometry.Second
		}
		t.Rows = append(t.Rows, []any{r.Name(m.Start), m.Task, m.Steps, m.TrainLoss, distance})
	}
	return t
}

// WidthTable compares the optima of the two curves.
func (r edition) WidthTable() *figures.Table {
	t := r.NewTable(r.T("Two optima on their lines"),
		r.F("Seed %d. Width: that of the interval around α = 1 in which the loss is at most %g·ln %d above that at α = 1. Climb: the highest rise on the way from 0 to 1, as a share of the descent. 95 %% intervals by the bootstrap over training examples.", r.Config.Seed, Tolerance, r.Classes), []figures.Column{{Name: r.T("start")}, {Name: r.T("loss at α = 0"), Unit: r.T("nats"), Format: "%.3f"}, {Name: r.T("at α = 1"), Unit: r.T("nats"), Format: "%.3f"}, {Name: "‖δ₁‖", Format: "%.2f"}, {Name: r.T("width")}, {Name: r.T("as a distance"), Format: "%.2f"}, {Name: r.T("climb")}})
	for _, c := range []struct {
		name string
		Curve
	}{{r.T("pretrained"), r.Fine}, {r.T("random"), r.Scratch}} {
		wide, distance, climb := any(widthText(r.Printer, c.Curve)), any(c.Width.Value*c.Geometry.First), any(c.Rise.Text("%.3f"))
		if !r.learned(c.Curve) {
			wide, distance, climb = r.T("nothing learned: no optimum"), nil, nil
		}
		t.Rows = append(t.Rows, []any{c.name, c.Sets[0].Start.Loss, c.end(), c.Geometry.First, wide, distance, climb})
	}
	return t
}

// paperRow is a task of the paper, with its name in protocols, and four accuracies.
type paperRow struct {
	name, task string
	values     [4]float64
}

// paperRollback is the paper's accuracy: of the fine-tuned model, with its low, with its middle, and with its high layers set back.
var paperRollback = []paperRow{
	{"mnli", "MNLI", [4]float64{86.54, 86.73, 84.71, 32.85}}, {"rte", "RTE", [4]float64{75.45, 73.29, 70.04, 47.29}},
	{"sst2", "SST-2", [4]float64{94.04, 93.69, 93.12, 59.29}}, {"mrpc", "MRPC", [4]float64{90.20, 87.99, 80.15, 78.17}},
}

// pText is a p value; a small one is not told as 0.
func pText(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// RollbackTable lists the models with layers rolled back, with the paper's numbers beside them.
func (r edition) RollbackTable() *figures.Table {
	t := r.NewTable(r.T("Layers set back to the pretrained weights"),
		r.F("%s, %d dev examples, largest class %.3f. Layers count from 0. Interval: paired bootstrap; p: McNemar. The paper: accuracy of BERT-large, fine-tuned, and with its layers 0–7, 8–15 or 16–23 set back, recalled.", r.Config.Task, len(r.Rollback[0].Right), r.Majority), []figures.Column{{Name: r.T("set back")}, {Name: r.T("layers")}, {Name: r.T("accuracy"), Unit: "%", Format: "%.2f"}, {Name: r.T("change"), Unit: r.T("points"), Format: "%+.2f"}, {Name: r.T("95 % interval")}, {Name: "p", Align: figures.Right}, {Name: r.T("loss"), Unit: r.T("nats"), Format: "%.3f"}})
	for _, p := range paperRollback {
		t.Columns = append(t.Columns, figures.Column{Name: r.F("paper: %s", p.task), Format: "%.2f"})
	}
	for i, row := range r.Rollback {
		layers := row.Layers
		if layers == "no layer" {
			layers = "–"
		}
		line := []any{r.part(row.Name), r.part(layers), 100 * row.Accuracy, 100 * row.Change.Value, fmt.Sprintf("[%+.2f, %+.2f]", 100*row.Change.Low, 100*row.Change.High), pText(row.P), row.Loss}
		for _, p := range paperRollback {
			if i < len(p.values) {
				line = append(line, p.values[i])
			} else {
				line = append(line, nil)
			}
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// GeometryTable lists distances and angles, part by part.
func (r edition) GeometryTable() *figures.Table {
	t := r.NewTable(r.T("Distances and angles of two fine-tunings"), r.F("Layers count from 0. δ₁: %s, δ₂: %s, before it is rescaled.", r.Config.Task, r.Config.Other), []figures.Column{{Name: r.T("part")}, {Name: r.T("weights"), Format: "%d"}, {Name: "‖θ₀‖", Format: "%.1f"}, {Name: "‖δ₁‖", Format: "%.3f"}, {Name: "‖δ₁‖/‖θ₀‖", Unit: "%", Format: "%.2f"}, {Name: "‖δ₂‖/‖θ₀‖", Unit: "%", Format: "%.2f"}, {Name: r.T("cosine"), Format: "%+.3f"}, {Name: r.T("angle"), Unit: "°", Format: "%.1f"}})
	for _, g := range append(append(r.Geometry[:0:0], r.Geometry...), r.Whole) {
		t.Rows = append(t.Rows, []any{r.part(g.Name), g.Size, g.Norm, g.First, 100 * g.Travel(), 100 * g.OtherTravel(), g.Cosine(), degrees(g.Cosine())})
	}
	return t
}

// WayTable lists the trajectories.
func (r edition) WayTable() *figures.Table {
	t := r.NewTable(r.T("Trajectories"),
		r.T("d_α = ⟨δ, δ₁⟩/‖δ₁‖²; d_β: distance from the line. Loss on the training examples of the surfaces, without dropout: of the model as it was, and of its weights with the learned head."), []figures.Column{{Name: r.T("start")}, {Name: r.T("step"), Format: "%d"}, {Name: "d_α", Format: "%.3f"}, {Name: "d_β", Format: "%.3f"}, {Name: r.T("cosine"), Format: "%.3f"}, {Name: r.T("loss"), Unit: r.T("nats"), Format: "%.3f"}, {Name: r.T("with the learned head"), Unit: r.T("nats"), Format: "%.3f"}})
	for _, m := range r.Runs {
		for _, w := range m.Way {
			t.Rows = append(t.Rows, []any{r.Name(m.Start), w.Step, w.Alpha, w.Orthogonal, w.Cosine, w.Loss, w.LearnedHead})
		}
	}
	return t
}
