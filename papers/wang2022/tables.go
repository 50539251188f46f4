package wang2022

import (
	"cmp"
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// Tables are the decomposed models, times of models and of maps, and the paper's counts.
func (r edition) Tables() ([]experiment.NamedTable, error) {
	return []experiment.NamedTable{
		{Name: "models", Table: r.VariantTable()}, {Name: "speed-table", Table: r.SpeedTable()}, {Name: "maps-table", Table: r.MapTable()},
		{Name: "pretrained-table", Table: r.PretrainedTable()},
		{Name: "counts", Table: r.CountTable()}, {Name: "protocol", Table: r.Config.Table(r.Printer)}, {Name: "quoted", Table: r.QuotedTable()},
	}, nil
}

// Table holds ratios and recovery against those of the paper.
func (c Config) Table(say *words.Printer) *figures.Table {
	list := words.List
	return experiment.ProtocolTable(say, say.T("the paper"), [][]any{
		{say.T("model"), c.Model, say.T("BERT-base, TinyBERT")},
		{say.T("task"), c.Task, say.T("GLUE")},
		{say.T("shares of the parameters"), list(c.Ratios), say.T("III-384, IV-72-384, IV-36-256, IV-36-128, III-64")},
		{say.T("decomposed as pretrained"), cmp.Or(c.Pretrained, "–"), "–"},
		{say.T("retraining"), list(c.Recovered), say.T("all")},
		{say.T("HOOI sweeps, at most"), c.Sweeps, say.T("100, from a random start")},
		{say.T("fine-tuning runs (seeds)"), list(c.Seeds), "–"},
		c.Tuning.Row(say, "–"),
		{say.T("embeddings"), experiment.Embeddings(say, c.FreezeEmbeddings), say.T("trained")},
		{say.T("distillation"), say.F("%d + %d epochs on the task, learning rate %g", c.RecoveryEpochs, c.RecoveryEpochs, c.RecoveryRate), say.T("2 to 3 epochs on a corpus, then two stages on the augmented task")},
		{say.T("training, recovery, test examples"), fmt.Sprintf("%s, %s, %s", experiment.Limit(say, c.TrainExamples), experiment.Limit(say, c.RecoveryExamples), experiment.Limit(say, c.TestExamples)), say.T("all")},
	})
}

// VariantTable lists the decomposed models of the first seed: size, error, operations, accuracy.
func (r edition) VariantTable() *figures.Table {
	t := r.NewTable(r.T("Decomposed models"),
		r.F("%s. Whole model: %d parameters, %d of them in the encoder's matrices, %.0f million operations for %d tokens, accuracy %.4f. Accuracy: mean over seeds with the 95 %% interval of the difference from the whole model, points.", r.caption(""), r.Parameters, r.Matrices, float64(r.MACs)/1e6, r.Config.SpeedLength, r.accuracy()), []figures.Column{
			{Name: r.T("form and ranks")}, {Name: r.T("matrices' parameters"), Format: "%d"}, {Name: r.T("part"), Unit: "%", Format: "%.1f"}, {Name: r.T("error"), Format: "%.4f"},
			{Name: r.T("operations"), Unit: "%", Format: "%.0f"}, {Name: r.T("not retrained")}, {Name: r.T("fine-tuned")}, {Name: r.T("distilled")},
		})
	for _, form := range r.Config.Forms {
		for _, ratio := range r.Config.Ratios {
			v, ok := r.variant(form, ratio)
			if !ok {
				continue
			}
			row := []any{r.ranks(v.Name), v.Matrices, 100 * float64(v.Matrices) / float64(r.Matrices), r.meanError(form, ratio), 100 * float64(v.MACs) / float64(r.MACs)}
			for _, recovery := range []Recovery{None, Tuned, Distilled} {
				d, ok := r.against(cell{form, ratio, recovery})
				text := "–"
				if ok {
					text = fmt.Sprintf("%.4f (%s)", r.accuracy()+d.Value, d.Points())
				}
				row = append(row, text)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// PretrainedTable lists the decompositions of the model that is decomposed as it is: ranks, counts and errors; without one it has no rows.
func (r edition) PretrainedTable() *figures.Table {
	t := r.NewTable(r.T("Decomposed as pretrained"), r.T("The protocol decomposes no model as it is."), []figures.Column{
		{Name: r.T("form and ranks")}, {Name: r.T("matrices' parameters"), Format: "%d"}, {Name: r.T("part"), Unit: "%", Format: "%.1f"}, {Name: r.T("error"), Format: "%.4f"}, {Name: r.T("operations"), Unit: "%", Format: "%.0f"},
	})
	p := r.Pretrained
	if p == nil {
		return t
	}
	t.Caption = r.F("%s: %d parameters in the encoder's matrices, %.0f million operations for %d tokens; no training before or after.", p.Model, p.Matrices, float64(p.MACs)/1e6, r.Config.SpeedLength)
	for _, form := range r.Config.Forms {
		for _, ratio := range r.Config.PretrainedRatios {
			v := p.at(form, ratio)
			t.Rows = append(t.Rows, []any{r.ranks(v.Name), v.Matrices, 100 * float64(v.Matrices) / float64(p.Matrices), v.Error, 100 * float64(v.MACs) / float64(p.MACs)})
		}
	}
	return t
}

// verdict says in a word what a ratio of times is, by the interval of its median.
func verdict(say *words.Printer, ratios []float64) string {
	switch e := stats.MedianOf(ratios); {
	case e.Low > 1:
		return say.T("faster")
	case e.High < 1:
		return say.T("slower")
	}
	return say.T("no clear difference")
}

// SpeedTable lists the time of whole models.
func (r edition) SpeedTable() *figures.Table {
	t := r.NewTable(r.T("Time of inference"),
		r.F("Classifier, batch %d × %d tokens, whole and decomposed in turn, %d pairs, %s.", r.Config.SpeedBatch, r.Config.SpeedLength, r.Config.SpeedRepeats, r.Provenance.TimedIn(r.Printer)), []figures.Column{
			{Name: r.T("form and ranks")}, {Name: r.T("whole"), Unit: r.T("ms"), Format: "%.1f"}, {Name: r.T("decomposed"), Unit: r.T("ms"), Format: "%.1f"},
			{Name: r.T("whole / decomposed"), Format: "%.2f"}, {Name: r.T("quartiles")}, {Name: r.T("by operations"), Format: "%.2f"}, {Name: r.T("it is")},
		})
	for _, s := range r.Speed {
		t.Rows = append(t.Rows, []any{r.ranks(s.Name), 1000 * s.Time.Seconds, 1000 * s.Time.PrunedSeconds, s.Time.Ratio, r.F("%.2f to %.2f", s.Time.Low, s.Time.High), s.MACRatio, verdict(r.Printer, s.Time.Ratios)})
	}
	return t
}

// MapTable lists the time of single maps, with their break-even ranks.
func (r edition) MapTable() *figures.Table {
	t := r.NewTable(r.T("Time of single linear maps"),
		r.F("The maps of all layers one after the other, %d tokens, dense and factored in turn, %s. Beyond the break-even rank m·n/(m+n) factors have more parameters and operations than their product.", r.Config.SpeedBatch*r.Config.SpeedLength, r.Provenance.TimedIn(r.Printer)), []figures.Column{
			{Name: r.T("map")}, {Name: r.T("matrix")}, {Name: r.T("break-even rank")}, {Name: r.T("rank")}, {Name: r.T("dense"), Unit: r.T("ms"), Format: "%.2f"}, {Name: r.T("factored"), Unit: r.T("ms"), Format: "%.2f"},
			{Name: r.T("dense / factored"), Format: "%.2f"}, {Name: r.T("quartiles")}, {Name: r.T("by operations"), Format: "%.2f"},
			{Name: r.T("dense"), Unit: r.T("10⁹ operations/s"), Format: "%.0f"}, {Name: r.T("factored"), Unit: r.T("10⁹ operations/s"), Format: "%.0f"}, {Name: r.T("it is")},
		})
	for _, m := range r.Maps {
		dense, factored := m.rates()
		t.Rows = append(t.Rows, []any{r.Name(string(m.Role)), fmt.Sprintf("%d × %d", m.Out, m.In), m.BreakEven, m.Rank, 1000 * m.Dense, 1000 * m.Factored, m.Ratio, r.F("%.2f to %.2f", m.Low, m.High), m.MACRatio, dense, factored, verdict(r.Printer, m.Ratios)})
	}
	return t
}

// CountTable lists the parameters of the paper's models.
func (r edition) CountTable() *figures.Table {
	t := r.NewTable(r.T("Parameters of the paper's models of BERT-base"),
		r.T("Counted on the shapes, without word embeddings and classifier. The printed values are recalled, and agree with the count to within 0.1 million."), []figures.Column{{Name: r.T("model")}, {Name: r.T("printed"), Unit: r.T("millions"), Format: "%.1f"}, {Name: r.T("counted"), Format: "%d"}, {Name: r.T("part of BERT-base")}})
	for _, c := range r.Counts {
		t.Rows = append(t.Rows, []any{c.Name, c.Printed, c.Counted, fmt.Sprintf("1/%.1f", float64(r.Counts[0].Counted)/float64(c.Counted))})
	}
	return t
}
