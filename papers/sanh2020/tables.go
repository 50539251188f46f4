package sanh2020

import (
	"fmt"
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/movement"
)

// Tables are the runs, the paper's table 2, how far masks agree, files and speed.
func (r edition) Tables() ([]experiment.NamedTable, error) {
	return []experiment.NamedTable{
		{Name: "protocol", Table: r.Config.Table(r.Printer)}, {Name: "quoted", Table: r.QuotedTable()}, {Name: "runs", Table: r.RunTable()}, {Name: "paper", Table: PaperTable(r.Printer)},
		{Name: "agreement", Table: r.AgreementTable()}, {Name: "storage", Table: r.StorageTable()}, {Name: "speed-table", Table: r.SpeedTable()},
	}, nil
}

// Table holds schedule and rates against those of the paper.
func (c Config) Table(say *words.Printer) *figures.Table {
	embeddings := say.T("trained")
	if c.FreezeEmbeddings {
		embeddings = say.T("frozen")
	}
	return experiment.ProtocolTable(say, say.T("the paper"), [][]any{
		{say.T("model"), c.modelName(say), "bert-base-uncased"},
		{say.T("task"), c.Task, say.T("SQuAD, MNLI, QQP")},
		{say.T("seeds"), words.List(c.Seeds), say.T("not said")},
		{say.T("training examples"), experiment.Limit(say, c.TrainExamples), "87,599; 392,702; 363,846"},
		{say.T("test examples"), experiment.Limit(say, c.TestExamples), say.T("all")},
		c.Tuning.Row(say, say.T("6 to 10, 16, 3e-5")),
		{say.T("learning rate of scores (L0)"), fmt.Sprintf("%g (%g)", c.ScoreRate, c.L0Rate), "1e-2 (1e-1)"},
		{say.T("warm-up, cool-down of the schedule"), say.F("%s, %s of the steps", figures.Percent(c.WarmupShare), figures.Percent(c.CoolDownShare)), say.T("5,400 and 10,800 steps")},
		{say.T("methods"), words.List(words.Names(say, c.Kinds)), say.T("magnitude, movement, soft, L0")},
		{say.T("remaining weights"), words.List(c.Remaining), say.T("1.0 to 0.03")},
		{say.T("embeddings"), embeddings, say.T("frozen")},
	})
}

// RunTable lists the methods at each share, mean and range over seeds.
func (r edition) RunTable() *figures.Table {
	t := r.NewTable(r.T("Pruning while fine-tuning"), r.caption(r.T("range over seeds")), []figures.Column{
		{Name: r.T("method")}, {Name: r.T("selection")}, {Name: r.T("teacher")}, {Name: r.T("asked for"), Unit: "%", Format: "%.0f"}, {Name: r.T("remaining"), Unit: "%", Format: "%.1f"},
		{Name: r.Name(r.Metric), Format: "%.4f"}, {Name: r.T("range")}, {Name: r.T("test loss"), Unit: r.T("nats"), Format: "%.4f"}, {Name: r.T("runs")},
	})
	add := func(name, selection string, teacher bool, share float64, runs []Trained) {
		if len(runs) == 0 {
			return
		}
		values, losses, kept := scores(runs), 0.0, 0.0
		for _, run := range runs {
			losses, kept = losses+run.Loss/float64(len(runs)), kept+run.Kept/float64(len(runs))
		}
		t.Rows = append(t.Rows, []any{name, selection, teacher, 100 * share, 100 * kept, mean(values), r.F("%.4f to %.4f", slices.Min(values), slices.Max(values)), losses, len(runs)})
	}
	add(r.T("dense"), "", false, 1, r.Dense)
	for _, share := range r.Config.remaining(func(float64) bool { return true }) {
		for _, kind := range r.Config.Kinds {
			selection := r.Name(string(movement.Local))
			if kind == movement.Soft || kind == movement.L0 {
				selection = r.T("threshold")
			}
			add(curveName(r.Printer, kind), selection, false, share, r.plain(kind, share))
			add(curveName(r.Printer, kind), r.Name(string(movement.Global)), false, share, r.global(kind, share))
			add(curveName(r.Printer, kind), selection, true, share, r.distilled(kind, share))
		}
	}
	return t
}

// AgreementTable lists how far the masks of each method agree between seeds; nil with one seed.
func (r edition) AgreementTable() *figures.Table {
	if len(r.Agreement) == 0 {
		return nil
	}
	t := r.NewTable(r.F("Masks of two seeds at %g %%", 100*r.Config.Focus),
		r.T("Of the weights that one seed keeps, the share that another seed keeps too. Random masks would have the second share in common."), []figures.Column{{Name: r.T("method")}, {Name: r.T("kept by both"), Unit: "%", Format: "%.1f"}, {Name: r.T("by chance"), Unit: "%", Format: "%.1f"}, {Name: r.T("pairs of seeds")}})
	for _, a := range r.Agreement {
		t.Rows = append(t.Rows, []any{curveName(r.Printer, a.Kind), 100 * a.Overlap, 100 * a.Chance, a.Pairs})
	}
	return t
}

// PaperTable is the paper's table 2, to stand beside ours.
func PaperTable(say *words.Printer) *figures.Table {
	t := experiment.NewTable(say, say.T("The paper's table 2"), say.T("bert-base-uncased, development sets."), []figures.Column{
		{Name: say.T("task")}, {Name: say.T("dense")}, {Name: say.T("remaining")}, {Name: say.T("magnitude")}, {Name: "L0"}, {Name: say.T("movement")}, {Name: say.T("soft movement")},
	})
	t.Rows = [][]any{
		{say.T("SQuAD, EM/F1"), "80.4/88.1", "10 %", "67.7/78.5", "69.9/80.0", "71.9/81.7", "71.3/81.5"},
		{"", "", "3 %", "40.1/54.5", "61.2/73.3", "65.2/76.3", "69.5/79.9"},
		{say.T("MNLI, matched/mismatched"), "84.5/84.9", "10 %", "77.8/79.0", "77.9/78.5", "79.3/79.5", "80.7/81.1"},
		{"", "", "3 %", "68.9/69.8", "75.1/75.4", "76.1/76.7", "79.0/79.6"},
		{say.T("QQP, accuracy/F1"), "91.4/88.4", "10 %", "78.8/75.1", "87.5/81.9", "89.1/85.5", "90.5/87.1"},
		{"", "", "3 %", "72.1/58.4", "86.5/81.0", "85.6/81.0", "89.3/85.6"},
	}
	return t
}

// StorageTable lists what models take as files.
func (r edition) StorageTable() *figures.Table {
	t := r.NewTable(r.T("Storage"), r.T("The whole file of weights, embeddings included; the compact file stores arrays without their zeros."), []figures.Column{{Name: r.T("model")}, {Name: r.T("remaining"), Unit: "%", Format: "%.1f"}})
	for _, name := range []string{r.T("float32"), r.T("float16"), r.T("gzip"), r.T("compact"), r.T("compact float16")} {
		t.Columns = append(t.Columns, figures.Column{Name: name, Unit: r.T("MB"), Format: "%.1f"})
	}
	for _, s := range r.Storage {
		row := []any{r.storageName(s.Name), 100 * s.Kept}
		for _, bytes := range []int64{s.Sizes.Dense, s.Sizes.DenseFloat16, s.Sizes.Gzip, s.Sizes.Compact, s.Sizes.CompactFloat16} {
			row = append(row, float64(bytes)/1e6)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// SpeedTable lists the speed of pruned models against the dense one.
func (r edition) SpeedTable() *figures.Table {
	t := r.NewTable(r.T("Speed"), r.F("Sequences of %d tokens without padding; medians of %d pairs timed in turn, with quartiles.", r.Speed.Length, r.Speed.Repeats), []figures.Column{
		{Name: r.T("model")}, {Name: r.Name(r.Metric), Format: "%.4f"}, {Name: r.T("batch")}, {Name: r.T("speed against dense"), Format: "%.3f"}, {Name: r.T("quartiles")}, {Name: r.T("by operations"), Format: "%.3f"},
	})
	for _, b := range r.Speed.Unstructured {
		var kept any
		if run := r.focused(movement.Movement); run != nil {
			kept = run.Score
		}
		t.Rows = append(t.Rows, []any{r.F("zeros, %.1f %% left", 100*r.Speed.Kept), kept, b.Size, b.Ratio, r.F("%.3f to %.3f", b.Low, b.High), 1.0})
	}
	for _, s := range r.Speed.Structured {
		name := r.F("heads and neurons removed, %g %% left", 100*s.Remaining)
		if !s.Trained {
			name += r.T(", not trained")
		}
		for _, b := range s.Batches {
			t.Rows = append(t.Rows, []any{name, s.Score, b.Size, b.Ratio, r.F("%.3f to %.3f", b.Low, b.High), s.ByOperations()})
		}
	}
	return t
}
