package wang2022

import (
	"fmt"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// tables are what the report and the notebooks show, by name.
func (r *Result) tables() ([]experiment.NamedTable, error) {
	variants, err := r.VariantTable()
	return []experiment.NamedTable{
		{Name: "models", Table: variants}, {Name: "speed-table", Table: r.SpeedTable()}, {Name: "maps-table", Table: r.MapTable()},
		{Name: "counts", Table: r.CountTable()}, {Name: "protocol", Table: r.Config.Table()}, {Name: "claims", Table: r.ClaimTable()},
	}, err
}

// Table lists the protocol.
func (c Config) Table() *figures.Table {
	limit := func(n int) string {
		if n == 0 {
			return "all"
		}
		return fmt.Sprint(n)
	}
	list := func(x any) string { return strings.Trim(fmt.Sprint(x), "[]") }
	return &figures.Table{
		Title:   "Protocol",
		Columns: []figures.Column{{Name: "what"}, {Name: "here"}, {Name: "the paper"}},
		Rows: [][]any{
			{"model", c.Model, "BERT-base, TinyBERT"},
			{"task", c.Task, "GLUE"},
			{"parts of the parameters", list(c.Ratios), "III-384, IV-72-384, IV-36-256, IV-36-128, III-64"},
			{"learns again at", list(c.Recovered), "all"},
			{"HOOI sweeps, at most", c.Sweeps, "100, from a random start"},
			{"fine-tuning runs (seeds)", list(c.Seeds), "–"},
			{"epochs, batch, learning rate", fmt.Sprintf("%d, %d, %g", c.Epochs, c.BatchSize, c.LearningRate), "–"},
			{"embeddings", experiment.Embeddings(c.FreezeEmbeddings), "trained"},
			{"distillation", fmt.Sprintf("%d + %d epochs on the task, learning rate %g", c.RecoveryEpochs, c.RecoveryEpochs, c.RecoveryRate), "2 to 3 epochs on a corpus, then two stages on the augmented task"},
			{"training, recovery, test examples", fmt.Sprintf("%s, %s, %s", limit(c.TrainExamples), limit(c.RecoveryExamples), limit(c.TestExamples)), "all"},
		},
	}
}

// ClaimTable lists the claims with their verdicts.
func (r *Result) ClaimTable() *figures.Table { return experiment.ClaimTable(r.Claims) }

// VariantTable lists the decomposed models of the first seed: size, error, operations, accuracy.
func (r *Result) VariantTable() (*figures.Table, error) {
	t := &figures.Table{
		Title: "Decomposed models",
		Caption: fmt.Sprintf("%s. Whole model: %d parameters, %d of them in the encoder's matrices, %.0f million operations for %d tokens, accuracy %.4f. Accuracy: mean over seeds with the 95 %% interval of the difference from the whole model, points.",
			r.caption(""), r.Parameters, r.Matrices, float64(r.MACs)/1e6, r.Config.SpeedLength, r.accuracy()),
		Columns: []figures.Column{
			{Name: "form and ranks"}, {Name: "matrices' parameters", Format: "%d"}, {Name: "part", Unit: "%", Format: "%.1f"}, {Name: "error", Format: "%.4f"},
			{Name: "operations", Unit: "%", Format: "%.0f"}, {Name: "not trained again"}, {Name: "fine-tuned"}, {Name: "distilled"},
		},
	}
	for _, form := range r.Config.Forms {
		for _, ratio := range r.Config.Ratios {
			v, ok := r.variant(form, ratio)
			if !ok {
				continue
			}
			row := []any{v.Name, v.Matrices, 100 * float64(v.Matrices) / float64(r.Matrices), r.meanError(form, ratio), 100 * float64(v.MACs) / float64(r.MACs)}
			for _, recovery := range []Recovery{None, Tuned, Distilled} {
				d, ok, err := r.against(cell{form, ratio, recovery})
				if err != nil {
					return nil, err
				}
				text := "–"
				if ok {
					text = fmt.Sprintf("%.4f (%s)", r.accuracy()+d.Value, d.Points())
				}
				row = append(row, text)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t, nil
}

// verdict says in a word what a ratio of times is.
func verdict(low, high float64) string {
	switch {
	case low > 1:
		return "faster"
	case high < 1:
		return "slower"
	}
	return "no clear difference"
}

// SpeedTable lists the time of whole models.
func (r *Result) SpeedTable() *figures.Table {
	t := &figures.Table{
		Title:   "Time of inference",
		Caption: fmt.Sprintf("Classifier, batch %d × %d tokens, whole and decomposed in turn, %d pairs, %s.", r.Config.SpeedBatch, r.Config.SpeedLength, r.Config.SpeedRepeats, r.Provenance.Machine),
		Columns: []figures.Column{
			{Name: "form and ranks"}, {Name: "whole", Unit: "ms", Format: "%.1f"}, {Name: "decomposed", Unit: "ms", Format: "%.1f"},
			{Name: "whole / decomposed", Format: "%.2f"}, {Name: "quartiles"}, {Name: "by operations", Format: "%.2f"}, {Name: "it is"},
		},
	}
	for _, s := range r.Speed {
		t.Rows = append(t.Rows, []any{s.Name, 1000 * s.Time.Seconds, 1000 * s.Time.PrunedSeconds, s.Time.Ratio, fmt.Sprintf("%.2f to %.2f", s.Time.Low, s.Time.High), s.MACRatio, verdict(s.Time.Low, s.Time.High)})
	}
	return t
}

// MapTable lists the time of single maps, with their break-even ranks.
func (r *Result) MapTable() *figures.Table {
	t := &figures.Table{
		Title:   "Time of single linear maps",
		Caption: fmt.Sprintf("The maps of all layers one after the other, %d tokens, dense and factored in turn, %s. Beyond the break-even rank m·n/(m+n) factors have more parameters and operations than their product.", r.Config.SpeedBatch*r.Config.SpeedLength, r.Provenance.Machine),
		Columns: []figures.Column{
			{Name: "map"}, {Name: "matrix"}, {Name: "break-even rank"}, {Name: "rank"}, {Name: "dense", Unit: "ms", Format: "%.2f"}, {Name: "factored", Unit: "ms", Format: "%.2f"},
			{Name: "dense / factored", Format: "%.2f"}, {Name: "quartiles"}, {Name: "by operations", Format: "%.2f"},
			{Name: "dense", Unit: "10⁹ operations/s", Format: "%.0f"}, {Name: "factored", Unit: "10⁹ operations/s", Format: "%.0f"}, {Name: "it is"},
		},
	}
	for _, m := range r.Maps {
		dense, factored := m.rates()
		t.Rows = append(t.Rows, []any{m.Role, fmt.Sprintf("%d × %d", m.Out, m.In), m.BreakEven, m.Rank, 1000 * m.Dense, 1000 * m.Factored, m.Ratio, fmt.Sprintf("%.2f to %.2f", m.Low, m.High), m.MACRatio, dense, factored, verdict(m.Low, m.High)})
	}
	return t
}

// CountTable lists the parameters of the paper's models.
func (r *Result) CountTable() *figures.Table {
	t := &figures.Table{
		Title:   "Parameters of the paper's models of BERT-base",
		Caption: "Counted on the shapes, without word embeddings and classifier. The printed values are recalled, and agree with the count.",
		Columns: []figures.Column{{Name: "model"}, {Name: "printed", Unit: "millions", Format: "%.1f"}, {Name: "counted", Format: "%d"}, {Name: "part of BERT-base"}},
	}
	for _, c := range r.Counts {
		t.Rows = append(t.Rows, []any{c.Name, c.Printed, c.Counted, fmt.Sprintf("1/%.1f", float64(r.Counts[0].Counted)/float64(c.Counted))})
	}
	return t
}
