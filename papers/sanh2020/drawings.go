package sanh2020

import (
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// Figures go from accuracy over the weights that remain to the speed of what is removed.
func (r edition) Figures() []experiment.Drawing {
	c := r.Config
	global := len(r.global(movement.Movement, c.Focus)) > 0
	teacher := len(r.pick(func(v Pruning) bool { return v.Distilled && v.Remaining == c.Focus })) > 0
	return []experiment.Drawing{
		{Name: "curves", Build: r.AccuracyCurves, Caption: r.T("The metric against the encoder's weights that remain, for each pruning method.")},
		{Name: "loss", Build: r.LossCurves, Caption: r.T("The same for the test loss, which is finer than the metric.")},
		{Name: "weights", Omit: r.focused(movement.Magnitude) == nil && r.focused(movement.Movement) == nil, Build: r.WeightHistogram, Caption: r.T("Which weights remain, by their size: magnitude pruning cuts out the middle, movement pruning need not.")},
		{Name: "scores", Raster: true, Omit: r.focused(movement.Movement) == nil, Build: r.ScoreScatter, Caption: r.T("Scores of movement pruning against the weights: a large weight need not have a high score.")},
		{Name: "matrices", Omit: !global, Build: r.LayerHeatmap, Caption: r.T("Where one selection for the whole model leaves weights, by layer and matrix. The brighter the cell, the more of them remain.")},
		{Name: "layers", Omit: !global, Build: r.LayerBars, Caption: r.T("What remains in each layer with one selection for the whole model.")},
		{Name: "teacher", Omit: !teacher, Build: r.TeacherBars, Caption: r.T("The metric with labels alone, and with the soft targets of the dense model added.")},
		{Name: "rates", Omit: len(c.Rates) == 0, Build: r.RateCurves, Caption: r.T("The metric against the learning rate of the scores.")},
		{Name: "drift", Build: r.DriftHeatmap, Caption: r.T("How far fine-tuning without pruning moves each matrix, relative to its norm. The brighter the cell, the farther.")},
		{Name: "speed", Omit: len(r.Speed.Unstructured)+len(r.Speed.Structured) == 0, Build: r.SpeedBars, Caption: r.T("Speed against the dense model: with zeros among the weights, and with heads and neurons removed.")},
		{Name: "hybrid", Omit: len(r.Speed.Structured) == 0, Build: r.HybridCurve, Caption: r.T("The metric against the measured speed of models without heads and neurons.")},
	}
}

// Numbers are the model, the task, and how many steps the scores had.
func (r edition) Numbers() map[string]any {
	return map[string]any{"model": r.Config.modelName(r.Printer), "task": r.Config.Task, "steps": r.Steps}
}
