package lan2020

import (
	"fmt"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/sharing"
)

// Tables are the variants, the word tables, times, the paper's counts and its table 4.
func (r edition) Tables() ([]experiment.NamedTable, error) {
	return []experiment.NamedTable{
		{Name: "models-table", Table: r.RunTable()}, {Name: "words-table", Table: r.CutTable()}, {Name: "speed-table", Table: r.SpeedTable()},
		{Name: "counts-table", Table: r.CountTable()}, {Name: "paper-table", Table: PaperTable(r.Printer)}, {Name: "protocol", Table: r.Config.Table(r.Printer)}, {Name: "quoted", Table: r.QuotedTable()},
	}, nil
}

// Table holds the protocol against the paper's pretraining.
func (c Config) Table(say *words.Printer) *figures.Table {
	variants := experiment.Each(c.Variants, func(v Scheme) string { return v.In(say) })
	return experiment.ProtocolTable(say, say.T("the paper"), [][]any{
		{say.T("model"), say.F("%s, pretrained, converted", c.Model), say.T("trained from scratch")},
		{say.T("task"), c.Task, say.T("SQuAD 1.1 and 2.0, MNLI, SST-2, RACE")},
		{say.T("shared"), strings.Join(variants, "; "), say.T("none, attention, FFN, all")},
		{say.T("sizes E of the word table"), words.List(c.EmbeddingSizes), "64, 128, 256, 768"},
		{say.T("fine-tuning runs (seeds)"), words.List(c.Seeds), "–"},
		{say.T("training examples"), experiment.Limit(say, c.TrainExamples), say.T("all")},
		c.Tuning.Row(say, "–"),
		{say.T("test examples"), experiment.Limit(say, c.TestExamples), say.T("all of the development set")},
	})
}

// RunTable lists all models, mean over seeds.
func (r edition) RunTable() *figures.Table {
	table := r.NewTable(r.T("Models"),
		r.F("Mean over %s, %d test examples of %s. Difference: from the model that shares nothing with the same seed, 95 %% interval over seeds and examples. p < 0.05: number of seeds, McNemar. Converted: the fine-tuned whole model after the same conversion, without training. A shared layer starts from the first one of its group unless %q or %q is said.", r.seeds(), r.Examples, r.Config.Task, r.Name(string(sharing.Mean)), r.Name(string(sharing.Best))), []figures.Column{
			{Name: r.T("shared")}, {Name: r.T("parameters"), Unit: r.T("millions"), Format: "%.2f"}, {Name: r.T("encoder"), Unit: r.T("millions"), Format: "%.2f"}, {Name: r.Name(r.Metric), Format: "%.4f"},
			{Name: r.T("difference"), Unit: r.T("points"), Format: "%+.2f"}, {Name: r.T("95 % interval")}, {Name: "p < 0.05"}, {Name: r.T("loss"), Format: "%.3f"}, {Name: r.T("converted"), Format: "%.4f"},
		})
	for _, v := range r.variants() {
		trials := r.of(v)
		significant := experiment.Where(trials, func(t Trial) bool { return t.P < 0.05 })
		loss := experiment.Mean(trials, func(t Trial) float64 { return t.Loss })
		parts := trials[0].Parts
		row := []any{v.In(r.Printer), float64(parts.Total()) / 1e6, float64(parts.Encoder()) / 1e6, experiment.Mean(trials, func(t Trial) float64 { return t.Score })}
		if v == (Scheme{}) {
			table.Rows = append(table.Rows, append(row, nil, "", "", loss, nil))
			continue
		}
		d, _ := r.between(v, Scheme{})
		var converted any
		if answers := r.converted(v); len(answers) > 0 {
			converted = mean(answers)
		}
		table.Rows = append(table.Rows, append(row, 100*d.Value, fmt.Sprintf("[%+.2f, %+.2f]", 100*d.Low, 100*d.High),
			r.F("%d of %d", len(significant), len(trials)), loss, converted))
	}
	return table
}

// CutTable lists the word tables.
func (r edition) CutTable() *figures.Table {
	table := r.NewTable(r.T("The word table of the fine-tuned model, cut to E columns"),
		r.F("Without further training. Mean over %s, %d test examples of %s; 95 %% interval over seeds and examples. The whole table has %.2f million parameters.", r.seeds(), r.Examples, r.Config.Task, float64(r.Vocab*r.Hidden)/1e6), []figures.Column{
			{Name: "E"}, {Name: r.T("parameters"), Unit: r.T("millions"), Format: "%.2f"}, {Name: r.T("relative error"), Format: "%.3f"}, {Name: r.T("accuracy"), Format: "%.4f"},
			{Name: r.T("difference"), Unit: r.T("points"), Format: "%+.2f"}, {Name: r.T("95 % interval")},
		})
	for _, size := range r.Config.EmbeddingSizes {
		answers := r.cut(size)
		d, ok := r.paired(answers, r.answers(Scheme{}))
		if !ok {
			continue
		}
		cuts := r.cuts(size)
		far := experiment.Mean(cuts, func(c Cut) float64 { return c.RelativeError })
		table.Rows = append(table.Rows, []any{size, float64(cuts[0].Parameters) / 1e6, far, mean(answers), 100 * d.Value, fmt.Sprintf("[%+.2f, %+.2f]", 100*d.Low, 100*d.High)})
	}
	return table
}

// SpeedTable lists storage, memory and time.
func (r edition) SpeedTable() *figures.Table {
	table := r.NewTable(r.T("Storage, memory and time"),
		r.F("File: float32 weights. Training state: weights, gradients and two moments of AdamW. Operations: of a classifier for %d tokens. Training step: on the batch of median length. Inference: %d tokens. Times: %d pairs timed in turn on %s, with quartiles.", macLength, r.Speed.Length, r.Speed.Repeats, r.Provenance.TimedIn(r.Printer)), []figures.Column{
			{Name: r.T("shared")}, {Name: r.T("parameters"), Unit: r.T("millions"), Format: "%.2f"}, {Name: r.T("file"), Unit: r.T("MB"), Format: "%.1f"}, {Name: r.T("training state"), Unit: r.T("MB"), Format: "%.0f"},
			{Name: r.T("operations"), Unit: r.T("millions"), Format: "%.0f"}, {Name: r.T("training step"), Unit: r.T("of the whole")},
		})
	for _, size := range r.Config.SpeedBatches {
		table.Columns = append(table.Columns, figures.Column{Name: r.F("time, batch %d", size), Unit: r.T("of the whole")})
	}
	for _, v := range r.variants() {
		if v.Distilled {
			continue
		}
		trials := r.of(v)
		ofWhole := func(b experiment.SpeedBatch) string { return r.F("%.3f (%.3f to %.3f)", 1/b.Ratio, 1/b.High, 1/b.Low) }
		step := "–"
		if r.Speed.Training != nil && v == shareAll {
			step = ofWhole(r.Speed.Training.Time)
		}
		parameters := float64(trials[0].Parts.Total())
		row := []any{v.In(r.Printer), parameters / 1e6, 4 * parameters / 1e6, 16 * parameters / 1e6, float64(trials[0].MACs) / 1e6, step}
		if model := r.timed(v); model != nil {
			for _, b := range model.Batches {
				row = append(row, ofWhole(b))
			}
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// CountTable lists the paper's models with their exact parameters.
func (r edition) CountTable() *figures.Table {
	table := r.NewTable(r.T("Parameters of the paper's models, counted"),
		r.T("With the pooler. Models that share nothing are printed in the paper as they are without it; ALBERT xlarge and xxlarge are printed as 60 and 235 million."), []figures.Column{
			{Name: r.T("table")}, {Name: r.T("model")}, {Name: r.T("layers")}, {Name: "H"}, {Name: "E"}, {Name: r.T("embeddings"), Format: "%d"}, {Name: r.T("encoder"), Format: "%d"}, {Name: r.T("pooler"), Format: "%d"},
			{Name: r.T("all"), Format: "%d"}, {Name: r.T("printed"), Unit: r.T("millions")},
		})
	printed := sharing.Printed(r.Counts)
	for i, row := range r.Counts {
		a, p := row.Architecture, row.Parameters
		table.Rows = append(table.Rows, []any{row.Table, r.Name(row.Name), a.Layers, a.Hidden, a.Embedding, p.Embeddings + p.Projection, p.Encoder(), p.Pooler, row.Total, fmt.Sprint(printed[i])})
	}
	return table
}

// PaperTable is table 4 of the paper, to hold the numbers here against.
func PaperTable(say *words.Printer) *figures.Table {
	table := experiment.NewTable(say, say.T("The paper: what sharing costs (table 4)"),
		say.T("BERT base's shape, pretrained with shared weights; average of SQuAD 1.1, SQuAD 2.0, MNLI, SST-2 and RACE."), []figures.Column{
			{Name: "E"}, {Name: say.T("shared")}, {Name: say.T("parameters"), Unit: say.T("millions")}, {Name: "MNLI", Format: "%.1f"}, {Name: "SST-2", Format: "%.1f"}, {Name: say.T("average"), Format: "%.1f"},
		})
	table.Rows = [][]any{
		{768, say.T("all"), 31, 82.0, 90.6, 79.8}, {768, say.T("attention"), 83, 84.0, 91.4, 81.6}, {768, say.T("FFN"), 57, 81.5, 90.8, 79.5}, {768, say.T("none"), 108, 84.5, 92.8, 82.3},
		{128, say.T("all"), 12, 82.0, 90.3, 80.1}, {128, say.T("attention"), 64, 83.4, 91.9, 81.7}, {128, say.T("FFN"), 38, 82.3, 91.7, 80.2}, {128, say.T("none"), 89, 83.2, 91.5, 81.6},
	}
	return table
}
