package michel2019

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Tables are the paper's tables 3 and 4, the pruning curves, the models and the protocol.
func (r edition) Tables() ([]experiment.NamedTable, error) {
	return []experiment.NamedTable{
		{Name: "one-head", Table: r.OneHeadTable()}, {Name: "speed-table", Table: r.SpeedTable()}, {Name: "curves", Table: r.CurveTable()},
		{Name: "models", Table: r.ModelTable()}, {Name: "protocol", Table: r.Config.Table(r.Printer)}, {Name: "quoted", Table: r.QuotedTable()},
	}, nil
}

// Table holds the protocol against that of the paper, on MNLI.
func (c Config) Table(say *words.Printer) *figures.Table {
	transfer := c.Transfer
	if transfer == "" {
		transfer = say.T("none")
	}
	return experiment.ProtocolTable(say, say.T("the paper (BERT)"), [][]any{
		{say.T("model"), c.Model, "bert-base-uncased"},
		{say.T("task"), c.Task, "MNLI"},
		{say.T("out of domain"), transfer, "MNLI mismatched"},
		{say.T("fine-tuning runs (seeds)"), words.List(c.Seeds), "1"},
		{say.T("training examples"), experiment.Limit(say, c.TrainExamples), "392,702"},
		c.Tuning.Row(say, "3, 32, 2e-5"),
		{say.T("embeddings"), experiment.Embeddings(say, c.FreezeEmbeddings), say.T("trained")},
		{say.T("test examples"), experiment.Limit(say, c.TestExamples), "9,815"},
		{say.T("examples for the importance"), experiment.Limit(say, c.ImportanceExamples), say.T("all, or a subset")},
		{say.T("examples to choose one head"), experiment.Limit(say, c.ChoiceExamples), "5,000"},
		{say.T("share pruned per step"), figures.Percent(c.Step), "10 %"},
	})
}

// OneHeadTable is Table 3 of the paper: the change of the metric when one head stays in a layer.
func (r edition) OneHeadTable() *figures.Table {
	t := r.NewTable(r.T("One head in a layer"), r.T("Layers and heads count from 0, as in --mask-heads. The head is chosen on training examples."), []figures.Column{
		{Name: r.T("layer")}, {Name: r.T("head")}, {Name: r.Name(r.Metric), Format: "%.4f"}, {Name: r.T("change"), Unit: r.T("points"), Format: "%+.2f"},
		{Name: r.T("p (McNemar)"), Format: "%.3f"}, {Name: r.T("change of the loss"), Unit: r.T("nats"), Format: "%+.4f"}, {Name: r.T("95 % interval of the loss"), Unit: r.T("nats")},
	})
	paper := []float64{-0.01, 0.10, -0.14, -0.53, -0.29, -0.52, 0.05, -0.72, -0.96, 0.07, -0.19, -0.12}
	beside := r.Layers == len(paper) // the paper's model has so many layers
	if beside {
		t.Columns = append(t.Columns, figures.Column{Name: r.T("paper"), Unit: r.T("points"), Format: "%+.2f"})
		t.Caption += " " + r.T("Paper: best head per layer of bert-base-uncased on MNLI (Table 3).")
	}
	for i, e := range r.OneHead {
		row := []any{e.Layer, e.Head.Head, e.Metric, 100 * e.MetricDelta, e.PValue, e.LossDelta, fmt.Sprintf("[%+.4f, %+.4f]", e.LossLow, e.LossHigh)}
		if beside {
			row = append(row, paper[i])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// SpeedTable is Table 4 of the paper.
func (r edition) SpeedTable() *figures.Table {
	t := r.NewTable(r.T("Speed with half of the heads removed"),
		r.F("Sequences of %d tokens without padding, medians; ratios are medians of pairs timed in turn, with quartiles. Paper: BERT-base on MNLI, GTX 1080 Ti, 50 %% pruned (Table 4).", r.Speed.Length), []figures.Column{
			{Name: r.T("batch")}, {Name: r.T("whole"), Unit: r.T("examples/s"), Format: "%.0f"}, {Name: r.T("pruned"), Unit: r.T("examples/s"), Format: "%.0f"},
			{Name: r.T("ratio"), Format: "%.3f"}, {Name: r.T("quartiles")}, {Name: r.T("by operations"), Format: "%.3f"}, {Name: r.T("paper"), Format: "%.3f"},
		})
	paper := map[int]float64{1: 1.019, 4: 1.027, 16: 1.175, 64: 1.175}
	for _, b := range r.Speed.Batches {
		var published any
		if value, ok := paper[b.Size]; ok {
			published = value
		}
		t.Rows = append(t.Rows, []any{b.Size, float64(b.Size) / b.Seconds, float64(b.Size) / b.PrunedSeconds, b.Ratio, r.F("%.3f to %.3f", b.Low, b.High), r.Speed.ByOperations(), published})
	}
	return t
}

// CurveTable lists the pruning curves by order, mean over seeds and draws.
func (r edition) CurveTable() *figures.Table {
	t := r.NewTable(r.T("Pruning curves"), r.F("Mean over seeds and draws of the test %s.", r.Name(r.Metric)), []figures.Column{{Name: r.T("order")}})
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
		row := []any{curve.Name}
		for _, y := range curve.Y {
			row = append(row, y)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// ModelTable lists the fine-tuned models.
func (r edition) ModelTable() *figures.Table {
	t := r.NewTable(r.T("Fine-tuned models"), "", []figures.Column{{Name: r.T("seed")}, {Name: r.T("train loss"), Unit: r.T("nats"), Format: "%.4f"}, {Name: r.T("test loss"), Unit: r.T("nats"), Format: "%.4f"}, {Name: r.Name(r.Metric), Format: "%.4f"}})
	for _, m := range r.Models {
		t.Rows = append(t.Rows, []any{int(m.Seed), m.TrainLoss, m.TestLoss, m.Score})
	}
	return t
}
