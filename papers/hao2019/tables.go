package hao2019

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// tables are what the report and the notebooks show, by name.
func (r *Result) tables() ([]experiment.NamedTable, error) {
	return []experiment.NamedTable{
		{Name: "models", Table: r.ModelTable()}, {Name: "widths", Table: r.WidthTable()}, {Name: "rollback-table", Table: r.RollbackTable()},
		{Name: "geometry", Table: r.GeometryTable()}, {Name: "way", Table: r.WayTable()}, {Name: "protocol", Table: r.Config.Table()}, {Name: "claims", Table: r.ClaimTable()},
	}, nil
}

// Table lists the protocol.
func (c Config) Table() *figures.Table {
	limit := func(n int) string {
		if n == 0 {
			return "all"
		}
		return fmt.Sprint(n)
	}
	scratch := "a curve"
	if c.ScratchSurface {
		scratch = "a curve and a surface"
	}
	return &figures.Table{
		Title:   "Protocol",
		Columns: []figures.Column{{Name: "what"}, {Name: "here"}, {Name: "the paper"}},
		Rows: [][]any{
			{"model", c.Model, "BERT-large"},
			{"task; second direction", c.Task + "; " + c.Other, "MNLI, RTE, SST-2, MRPC; another of them"},
			{"training examples", limit(c.TrainExamples) + "; " + limit(c.OtherExamples), "all"},
			{"epochs, batch, learning rate", fmt.Sprintf("%d, %d, %g", c.Epochs, c.BatchSize, c.LearningRate), "–"},
			{"from scratch: epochs, learning rate", fmt.Sprintf("%d, %g; %s", c.ScratchEpochs, c.ScratchLearningRate, scratch), "–"},
			{"curve", fmt.Sprintf("α from %g to %g, %d points", c.CurveRange[0], c.CurveRange[1], c.CurvePoints), "−4 to 4, 40 points"},
			{"surface", fmt.Sprintf("α and β from %g to %g, %d × %d points", c.SurfaceRange[0], c.SurfaceRange[1], c.SurfacePoints, c.SurfacePoints), "−4 to 4, 40 × 40 points"},
			{"surfaces of layers", fmt.Sprintf("%d × %d points", c.PartPoints, c.PartPoints), "–"},
			{"examples at each point", fmt.Sprintf("%d training, %d dev, %d tokens", c.Examples, c.Examples, c.MaxLength), "–"},
			{"examples of the rollback", limit(c.RollbackExamples), "all of the development set"},
		},
	}
}

// ClaimTable lists the claims with their verdicts.
func (r *Result) ClaimTable() *figures.Table { return experiment.ClaimTable(r.Claims) }

// ModelTable lists the trained models.
func (r *Result) ModelTable() *figures.Table {
	t := &figures.Table{
		Title:   "Trained models",
		Caption: "Training loss: mean of the last epoch, with dropout. Distance: from where training began, over all that moves.",
		Columns: []figures.Column{{Name: "start"}, {Name: "task"}, {Name: "steps", Format: "%d"}, {Name: "training loss", Unit: "nats", Format: "%.4f"}, {Name: "distance", Format: "%.2f"}},
	}
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
		t.Rows = append(t.Rows, []any{m.Start, m.Task, m.Steps, m.TrainLoss, distance})
	}
	return t
}

// WidthTable compares the optima of the two curves.
func (r *Result) WidthTable() *figures.Table {
	t := &figures.Table{
		Title:   "Two optima on their lines",
		Caption: fmt.Sprintf("Width: of the interval around α = 1 in which the loss is at most %g·ln %d above that at α = 1. Climb: the highest on the way from 0 to 1, as a share of the descent. 95 %% intervals by the bootstrap over training examples.", Tolerance, r.Classes),
		Columns: []figures.Column{{Name: "start"}, {Name: "loss at α = 0", Unit: "nats", Format: "%.3f"}, {Name: "at α = 1", Unit: "nats", Format: "%.3f"}, {Name: "‖δ₁‖", Format: "%.2f"}, {Name: "width"}, {Name: "as a distance", Format: "%.2f"}, {Name: "climb"}},
	}
	for _, c := range []struct {
		name string
		Curve
	}{{"pretrained", r.Fine}, {"random", r.Scratch}} {
		wide, distance, climb := any(widthText(c.Curve)), any(c.Width.Value*c.Geometry.First), any(c.Rise.Text("%.3f"))
		if !r.learned(c.Curve) {
			wide, distance, climb = "nothing learned: no optimum", nil, nil
		}
		t.Rows = append(t.Rows, []any{c.name, c.Sets[0].Start.Loss, c.end(), c.Geometry.First, wide, distance, climb})
	}
	return t
}

// paperRollback is the paper's accuracy: whole, without the low, middle and high layers.
var paperRollback = []struct {
	task   string
	values [4]float64
}{{"MNLI", [4]float64{86.54, 86.73, 84.71, 32.85}}, {"RTE", [4]float64{75.45, 73.29, 70.04, 47.29}}, {"SST-2", [4]float64{94.04, 93.69, 93.12, 59.29}}, {"MRPC", [4]float64{90.20, 87.99, 80.15, 78.17}}}

// RollbackTable lists the models with layers rolled back, with the paper's numbers beside them.
func (r *Result) RollbackTable() *figures.Table {
	t := &figures.Table{
		Title: "Layers set back to the pretrained weights",
		Caption: fmt.Sprintf("%s, %d dev examples, largest class %.3f. Layers count from 0. Interval: paired bootstrap; p: McNemar. The paper: accuracy of BERT-large without its layers 1–8, 9–16, 17–24, which it counts from 1, recalled.",
			r.Config.Task, len(r.Rollback[0].Right), r.Majority),
		Columns: []figures.Column{{Name: "set back"}, {Name: "layers"}, {Name: "accuracy", Unit: "%", Format: "%.2f"}, {Name: "change", Unit: "points", Format: "%+.2f"}, {Name: "95 % interval"}, {Name: "p", Format: "%.3f"}, {Name: "loss", Unit: "nats", Format: "%.3f"}},
	}
	for _, p := range paperRollback {
		t.Columns = append(t.Columns, figures.Column{Name: "paper: " + p.task, Format: "%.2f"})
	}
	for i, row := range r.Rollback {
		layers := row.Layers
		if layers == "no layer" {
			layers = "–"
		}
		line := []any{row.Name, layers, 100 * row.Accuracy, 100 * row.Change.Value, fmt.Sprintf("[%+.2f, %+.2f]", 100*row.Change.Low, 100*row.Change.High), row.P, row.Loss}
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
func (r *Result) GeometryTable() *figures.Table {
	t := &figures.Table{
		Title:   "Distances and angles of two fine-tunings",
		Caption: fmt.Sprintf("Layers count from 0. δ₁: %s, δ₂: %s, before it is rescaled.", r.Config.Task, r.Config.Other),
		Columns: []figures.Column{{Name: "part"}, {Name: "weights", Format: "%d"}, {Name: "‖θ₀‖", Format: "%.1f"}, {Name: "‖δ₁‖", Format: "%.3f"}, {Name: "‖δ₁‖/‖θ₀‖", Unit: "%", Format: "%.2f"}, {Name: "‖δ₂‖/‖θ₀‖", Unit: "%", Format: "%.2f"}, {Name: "cosine", Format: "%+.3f"}, {Name: "angle", Unit: "°", Format: "%.1f"}},
	}
	for _, g := range append(append(r.Geometry[:0:0], r.Geometry...), r.Whole) {
		t.Rows = append(t.Rows, []any{g.Name, g.Size, g.Norm, g.First, 100 * g.Travel(), 100 * g.OtherTravel(), g.Cosine(), degrees(g.Cosine())})
	}
	return t
}

// WayTable lists the trajectories.
func (r *Result) WayTable() *figures.Table {
	t := &figures.Table{
		Title:   "Trajectories",
		Caption: "d_α = ⟨δ, δ₁⟩/‖δ₁‖²; d_β: magnitude off the line. Loss on the training examples of the surfaces, without dropout: of the model as it was, and of its weights with the learned head.",
		Columns: []figures.Column{{Name: "start"}, {Name: "step", Format: "%d"}, {Name: "d_α", Format: "%.3f"}, {Name: "d_β", Format: "%.3f"}, {Name: "cosine", Format: "%.3f"}, {Name: "loss", Unit: "nats", Format: "%.3f"}, {Name: "with the learned head", Unit: "nats", Format: "%.3f"}},
	}
	for _, m := range r.Runs {
		for _, w := range m.Way {
			t.Rows = append(t.Rows, []any{m.Start, w.Step, w.Alpha, w.Orthogonal, w.Cosine, w.Loss, w.LearnedHead})
		}
	}
	return t
}
