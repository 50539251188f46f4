package michel2019

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// tables are what the report and the notebooks show, by name.
func (r *Result) tables() ([]experiment.NamedTable, error) {
	return []experiment.NamedTable{
		{Name: "one-head", Table: r.OneHeadTable()}, {Name: "speed-table", Table: r.SpeedTable()}, {Name: "curves", Table: r.CurveTable()},
		{Name: "models", Table: r.ModelTable()}, {Name: "protocol", Table: r.Config.Table()}, {Name: "claims", Table: r.ClaimTable()},
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
	transfer := c.Transfer
	if transfer == "" {
		transfer = "none"
	}
	return &figures.Table{
		Title:   "Protocol",
		Columns: []figures.Column{{Name: "what"}, {Name: "here"}, {Name: "the paper (BERT)"}},
		Rows: [][]any{
			{"model", c.Model, "bert-base-uncased"},
			{"task", c.Task, "MNLI"},
			{"out of domain", transfer, "MNLI mismatched"},
			{"fine-tuning runs (seeds)", fmt.Sprint(c.Seeds), "1"},
			{"training examples", limit(c.TrainExamples), "392,702"},
			{"epochs, batch, learning rate", fmt.Sprintf("%d, %d, %g", c.Epochs, c.BatchSize, c.LearningRate), "3, 32, 2e-5"},
			{"embeddings", experiment.Embeddings(c.FreezeEmbeddings), "trained"},
			{"test examples", limit(c.TestExamples), "9,815"},
			{"examples for the importance", limit(c.ImportanceExamples), "all, or a subset"},
			{"examples to choose one head", limit(c.ChoiceExamples), "5,000"},
			{"share pruned a step", figures.Percent(c.Step), "10 %"},
		},
	}
}

// ClaimTable lists the claims with their verdicts.
func (r *Result) ClaimTable() *figures.Table { return experiment.ClaimTable(r.Claims) }

// OneHeadTable is Table 3 of the paper: the change of the metric when one head stays in a layer.
func (r *Result) OneHeadTable() *figures.Table {
	t := &figures.Table{
		Title: "One head in a layer", Caption: "Layers and heads count from 0, as in --mask-heads. The head is chosen on training examples. Paper: best head per layer of bert-base-uncased on MNLI (Table 3).",
		Columns: []figures.Column{
			{Name: "layer"}, {Name: "head"}, {Name: r.Metric, Format: "%.4f"}, {Name: "change", Unit: "points", Format: "%+.2f"},
			{Name: "p (McNemar)", Format: "%.3f"}, {Name: "change of the loss", Unit: "nats", Format: "%+.4f"}, {Name: "95 % interval"}, {Name: "paper", Unit: "points", Format: "%+.2f"},
		},
	}
	paper := []float64{-0.01, 0.10, -0.14, -0.53, -0.29, -0.52, 0.05, -0.72, -0.96, 0.07, -0.19, -0.12}
	for i, e := range r.OneHead {
		var published any
		if r.Layers == len(paper) {
			published = paper[i]
		}
		t.Rows = append(t.Rows, []any{e.Layer, e.Head.Head, e.Metric, 100 * e.MetricDelta, e.PValue, e.LossDelta, fmt.Sprintf("[%+.4f, %+.4f]", e.LossLow, e.LossHigh), published})
	}
	return t
}

// SpeedTable is Table 4 of the paper.
func (r *Result) SpeedTable() *figures.Table {
	t := &figures.Table{
		Title:   "Speed with half of the heads removed",
		Caption: fmt.Sprintf("Sequences of %d tokens without padding, medians; ratios are medians of pairs timed in turn, with quartiles. Paper: BERT-base on MNLI, GTX 1080 Ti, 50 %% pruned (Table 4).", r.Speed.Length),
		Columns: []figures.Column{
			{Name: "batch"}, {Name: "whole", Unit: "examples/s", Format: "%.0f"}, {Name: "pruned", Unit: "examples/s", Format: "%.0f"},
			{Name: "ratio", Format: "%.3f"}, {Name: "quartiles"}, {Name: "by operations", Format: "%.3f"}, {Name: "paper", Format: "%.3f"},
		},
	}
	paper := map[int]float64{1: 1.019, 4: 1.027, 16: 1.175, 64: 1.175}
	for _, b := range r.Speed.Batches {
		var published any
		if value, ok := paper[b.Size]; ok {
			published = value
		}
		t.Rows = append(t.Rows, []any{b.Size, float64(b.Size) / b.Seconds, float64(b.Size) / b.PrunedSeconds, b.Ratio, fmt.Sprintf("%.3f to %.3f", b.Low, b.High), float64(r.Speed.MACs) / float64(r.Speed.PrunedMACs), published})
	}
	return t
}

// CurveTable lists the pruning curves by order, mean over seeds and draws.
func (r *Result) CurveTable() *figures.Table {
	t := &figures.Table{Title: "Pruning curves", Caption: "Mean over seeds and draws of the test " + r.Metric + ".", Columns: []figures.Column{{Name: "order"}}}
	for _, order := range []Order{ByImportance, Recomputed, ByScore, AtRandom, ByReverse} {
		curve, ok := r.curve(order)
		if !ok {
			continue
		}
		if len(t.Rows) == 0 {
			for _, x := range curve.X {
				t.Columns = append(t.Columns, figures.Column{Name: figures.Percent(x), Format: "%.3f"})
			}
		}
		row := []any{string(order)}
		for _, y := range curve.Y {
			row = append(row, y)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// ModelTable lists the fine-tuned models.
func (r *Result) ModelTable() *figures.Table {
	t := &figures.Table{
		Title:   "Fine-tuned models",
		Columns: []figures.Column{{Name: "seed"}, {Name: "train loss", Unit: "nats", Format: "%.4f"}, {Name: "test loss", Unit: "nats", Format: "%.4f"}, {Name: r.Metric, Format: "%.4f"}},
	}
	for _, m := range r.Models {
		t.Rows = append(t.Rows, []any{int(m.Seed), m.TrainLoss, m.TestLoss, m.Score})
	}
	return t
}
