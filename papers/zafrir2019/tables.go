package zafrir2019

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Tables are what the report and the notebooks show, by name.
func (r edition) Tables() ([]experiment.NamedTable, error) {
	return []experiment.NamedTable{
		{Name: "results", Table: r.ResultTable()}, {Name: "maps-table", Table: r.MapTable()}, {Name: "speed-table", Table: r.SpeedTable()},
		{Name: "published", Table: PaperTable(r.Printer)}, {Name: "protocol", Table: r.Config.Table(r.Printer)}, {Name: "quoted", Table: r.QuotedTable()},
	}, nil
}

// Table lists the protocol.
func (c Config) Table(say *words.Printer) *figures.Table {
	return experiment.ProtocolTable(say, say.T("the paper"), [][]any{
		{say.T("model"), c.Model, "bert-base-uncased, bert-large"},
		{say.T("tasks"), experiment.TaskNames(c.Tasks), "GLUE, SQuAD"},
		{say.T("fine-tuning runs (seeds)"), words.List(c.Seeds), "5"},
		{say.T("training examples"), experiment.Limit(say, c.TrainExamples), say.T("all")},
		{say.T("test examples"), experiment.Limit(say, c.TestExamples), say.T("all")},
		c.Tuning.Row(say, say.T("not at hand"), c.Tasks...),
		{say.T("scales of weights"), say.T("one for each row"), say.T("one for each matrix")},
		{say.T("range of inputs while training"), say.T("of the batch"), say.T("exponential average")},
		{say.T("examples for calibration"), words.List(c.CalibrationExamples), say.T("none")},
	})
}

// ResultTable is table 1 of the paper: accuracy by task and way.
func (r edition) ResultTable() *figures.Table {
	t := experiment.NewTable(r.Printer, r.T("Accuracy in float32 and in integers"), r.T("Means over seeds; changes are paired with float32, with 95 % intervals over seeds and examples."), []figures.Column{
		{Name: r.T("task")}, {Name: r.T("weights and inputs")}, {Name: r.T("accuracy"), Unit: "%", Format: "%.2f"}, {Name: r.T("change"), Unit: r.T("points"), Format: "%+.2f"},
		{Name: r.T("95 % interval")}, {Name: r.T("loss"), Unit: r.T("nats"), Format: "%.4f"}, {Name: r.T("file"), Unit: r.T("MB"), Format: "%.1f"},
	})
	for _, task := range r.Tasks {
		for _, way := range Ways {
			runs := r.of(task.Name, way)
			right := experiment.Mean(runs, func(run Run) float64 { return 100 * run.Right.Accuracy() })
			row := []any{r.Name(task.Title), r.wayName(way), right, nil, "", experiment.Mean(runs, func(run Run) float64 { return run.Loss }), float64(r.bytes(way)) / 1e6}
			if e := r.against(task.Name, way, Whole).Evidence(""); way != Whole && len(e) > 0 {
				row[3], row[4] = 100*e[0].Value, fmt.Sprintf("[%+.2f, %+.2f]", 100*e[0].Low, 100*e[0].High)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// MapTable lists what each matrix costs alone.
func (r edition) MapTable() *figures.Table {
	t := experiment.NewTable(r.Printer, r.T("One matrix in integers"), r.F("Inputs over the range of the batch, on %d training examples. Layers count from 0.", r.Maps.Examples), []figures.Column{
		{Name: r.T("layer")}, {Name: r.T("matrix")}, {Name: r.T("parameters")}, {Name: r.T("change of the logits"), Format: "%.4f"},
		{Name: r.T("change of the loss"), Unit: r.T("nats"), Format: "%+.4f"}, {Name: r.T("change"), Unit: r.T("points"), Format: "%+.2f"},
	})
	for _, m := range r.Maps.Maps {
		var layer any = m.Layer
		if m.Role == "words" {
			layer = nil
		}
		t.Rows = append(t.Rows, []any{layer, r.Name(string(m.Role)), m.Parameters, m.Error, m.Loss, 100 * m.Score})
	}
	all := r.Maps.All
	t.Rows = append(t.Rows, []any{nil, r.T("all"), nil, all.Error, all.Loss, 100 * all.Score})
	return t
}

// SpeedTable lists the times; nil without ONNX Runtime.
func (r edition) SpeedTable() *figures.Table {
	s := r.Speed
	if len(s.OverPortable) == 0 {
		return nil
	}
	t := experiment.NewTable(r.Printer, r.T("Speed of integers in ONNX Runtime"), r.F("Sequences of %d tokens without padding, on %s; medians of %d rounds timed in turn, with quartiles of the ratios.", s.Length, r.Provenance.TimedIn(r.Printer), s.Repeats), []figures.Column{
		{Name: r.T("batch")}, {Name: "XLA, float32", Unit: "ms", Format: "%.1f"}, {Name: "ONNX Runtime, float32", Unit: "ms", Format: "%.1f"}, {Name: "ONNX Runtime, int8", Unit: "ms", Format: "%.1f"},
		{Name: r.T("ratio"), Format: "%.2f"}, {Name: r.T("quartiles")},
	})
	for i, b := range s.OverPortable {
		t.Rows = append(t.Rows, []any{b.Size, 1000 * s.OverXLA[i].Seconds, 1000 * b.Seconds, 1000 * b.PrunedSeconds, b.Ratio, r.F("%.3f to %.3f", b.Low, b.High)})
	}
	return t
}

// PaperTable is table 1 of the paper for BERT base.
func PaperTable(say *words.Printer) *figures.Table {
	t := experiment.NewTable(say, say.T("The paper: BERT base in float32 and in integers (table 1)"),
		say.T("The numbers for SST-2 and SQuAD after quantisation-aware training were looked up; all others are recalled from memory."), []figures.Column{
			{Name: say.T("task")}, {Name: say.T("metric")}, {Name: "float32", Format: "%.2f"}, {Name: say.T("quantisation-aware training"), Format: "%.2f"}, {Name: say.T("dynamic, after training"), Format: "%.2f"},
		})
	t.Rows = [][]any{
		{"CoLA", "Matthews", 58.48, 58.48, 56.74}, {"MRPC", "F1", 90.00, 89.56, 87.88}, {"QNLI", say.T("accuracy"), 90.30, 90.62, 89.34}, {"QQP", "F1", 87.84, 87.96, 84.98},
		{"RTE", say.T("accuracy"), 69.70, 68.78, 63.32}, {"SST-2", say.T("accuracy"), 92.36, 92.24, 91.04}, {"STS-B", "Pearson", 89.62, 89.04, 87.66}, {"SQuAD 1.1", "F1", 88.46, 87.74, 80.02},
	}
	return t
}
