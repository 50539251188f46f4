package sajjad2020

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"bertlab/figures"
	"bertlab/gbert/surgery"
	"bertlab/papers/experiment"
)

// tables are what the report and the notebooks show, by name. Those of a task end in its name.
func (r *Result) tables() ([]experiment.NamedTable, error) {
	list := []experiment.NamedTable{
		{Name: "protocol", Table: r.Config.Table()}, {Name: "speed-table", Table: r.SpeedTable()}, {Name: "paper-table", Table: PaperTable()},
		{Name: "claims", Table: r.ClaimTable()},
	}
	for _, t := range r.Tasks {
		list = append(list, experiment.NamedTable{Name: "scores-table-" + t.Task, Table: r.ScoreTable(t)})
	}
	return list, nil
}

// Table lists the protocol.
func (c Config) Table() *figures.Table {
	limit := func(n int) string {
		if n == 0 {
			return "all"
		}
		return fmt.Sprint(n)
	}
	var tasks, strategies []string
	for _, t := range c.Tasks {
		tasks = append(tasks, t.Name)
	}
	for _, s := range c.Strategies {
		strategies = append(strategies, string(s))
	}
	thresholds := "none"
	if len(c.Thresholds) > 0 {
		thresholds = strings.Trim(fmt.Sprint(c.Thresholds), "[]")
	}
	lists := "none"
	for i, layers := range c.Lists {
		if i == 0 {
			lists = surgery.FormatLayers(layers)
		} else {
			lists += "; " + surgery.FormatLayers(layers)
		}
	}
	return &figures.Table{
		Title:   "Protocol",
		Columns: []figures.Column{{Name: "what"}, {Name: "here"}, {Name: "the paper"}},
		Rows: [][]any{
			{"model", c.Model, "BERT-base, XLNet, RoBERTa and others"},
			{"tasks", strings.Join(tasks, ", "), "GLUE"},
			{"layers dropped", strings.Trim(fmt.Sprint(c.Drops), "[]"), "2, 4, 6 of 12"},
			{"strategies", strings.Join(strategies, ", "), "top, bottom, symmetric, alternate, contribution"},
			{"thresholds of the contribution", thresholds, "0.9, 0.925, 0.95 (recalled)"},
			{"layers named one by one", lists, "–"},
			{"fine-tuning runs (seeds)", strings.Trim(fmt.Sprint(c.Seeds), "[]"), "–"},
			{"training examples", limit(c.TrainExamples), "all"},
			{"epochs, batch, learning rate", fmt.Sprintf("%d, %d, %g", c.Epochs, c.BatchSize, c.LearningRate), "–"},
			{"embeddings", experiment.Embeddings(c.FreezeEmbeddings), "trained"},
			{"test examples", limit(c.TestExamples), "all of the development set"},
		},
	}
}

// ClaimTable lists the claims with their verdicts.
func (r *Result) ClaimTable() *figures.Table { return experiment.ClaimTable(r.Claims) }

// ScoreTable lists all sets of layers on a task, mean over seeds, and by how many seeds the predictions differ from the whole model's.
func (r *Result) ScoreTable(t *TaskResult) *figures.Table {
	table := &figures.Table{
		Title: "Layers dropped on " + t.Task,
		Caption: fmt.Sprintf("Mean over %s, %d test examples. Layers count from 0, as in bertlab layers drop. Difference: from the whole model with the same seed, 95 %% interval by the paired bootstrap. p < 0.05: number of seeds, McNemar.",
			r.seeds(), t.Examples),
		Columns: []figures.Column{
			{Name: "strategy"}, {Name: "when"}, {Name: "k"}, {Name: "layers dropped"}, {Name: t.Metric, Format: "%.4f"}, {Name: "difference of accuracy", Unit: "points", Format: "%+.2f"},
			{Name: "95 % interval"}, {Name: "p < 0.05"}, {Name: "parameters", Format: "%d"}, {Name: "a training step", Unit: "ms", Format: "%.0f"},
		},
	}
	type key struct {
		Strategy, Dropped string
		When              When
	}
	var order []key
	groups := map[key][]Trial{}
	for _, run := range t.Runs {
		k := key{string(run.Strategy), surgery.FormatLayers(run.Dropped), run.When}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], run)
	}
	for _, k := range order {
		runs := groups[k]
		first := runs[0]
		var scores, steps []float64
		significant := 0
		for _, run := range runs {
			scores, steps = append(scores, run.Score), append(steps, 1000*run.StepSeconds)
			if run.P < 0.05 {
				significant++
			}
		}
		var step any
		if first.StepSeconds > 0 {
			step = stat.Mean(steps, nil)
		}
		if k.Strategy == "" {
			table.Rows = append(table.Rows, []any{"whole model", "", 0, "", stat.Mean(scores, nil), nil, "", "", first.Parameters, step})
			continue
		}
		d, _ := r.alone(t).compare(func(a, b Trial) bool {
			return againstWhole(first.Strategy, first.When, first.K())(a, b) && slices.Equal(a.Dropped, first.Dropped)
		})
		table.Rows = append(table.Rows, []any{
			k.Strategy, string(k.When), first.K(), k.Dropped, stat.Mean(scores, nil), 100 * d.Value, fmt.Sprintf("[%+.2f, %+.2f]", 100*d.Low, 100*d.High),
			fmt.Sprintf("%d of %d", significant, len(runs)), first.Parameters, step,
		})
	}
	return table
}

// SpeedTable lists the time of inference.
func (r *Result) SpeedTable() *figures.Table {
	t := &figures.Table{
		Title: "Time of inference",
		Caption: fmt.Sprintf("%d tokens, %d repeats, %s. The encoder's share is its %s without the embeddings, divided by that of the whole model; milliseconds are on the wall. A classifier's last layer computes [CLS] alone, so its time is not in proportion.",
			r.Speed.Length, r.Speed.Repeats, r.Provenance.Machine, r.Clock),
		Columns: []figures.Column{
			{Name: "batch"}, {Name: "dropped"}, {Name: "sentence vectors", Unit: "ms", Format: "%.2f"}, {Name: "encoder's share", Format: "%.3f"}, {Name: "quartiles"},
			{Name: "share of layers", Format: "%.3f"}, {Name: "classifier", Unit: "ms", Format: "%.2f"}, {Name: "operations", Unit: "millions", Format: "%.0f"},
		},
	}
	for _, b := range r.Speed.Batches {
		for _, m := range b.Models {
			t.Rows = append(t.Rows, []any{b.Size, m.K, 1000 * m.Seconds, m.Share, fmt.Sprintf("%.3f to %.3f", m.Low, m.High), r.proportional(m.K), 1000 * m.Classifier, float64(m.MACs) / 1e6})
		}
	}
	return t
}

// PaperTable is the paper's result for the top strategy, to hold the numbers here against.
func PaperTable() *figures.Table {
	t := &figures.Table{
		Title:   "The paper: top layers of BERT-base dropped before fine-tuning",
		Caption: "GLUE development sets, recalled; the averages give the paper's losses of 2.00 (4 layers) and 2.91 points (6 layers).",
		Columns: []figures.Column{{Name: "dropped, of 12"}},
	}
	for _, name := range []string{"SST-2", "MNLI", "QNLI", "QQP", "STS-B", "RTE", "MRPC", "average"} {
		t.Columns = append(t.Columns, figures.Column{Name: name, Format: "%.2f"})
	}
	t.Rows = [][]any{
		{0, 92.43, 84.04, 91.12, 91.07, 88.79, 67.87, 87.99, 86.19},
		{2, 92.20, 83.26, 89.84, 90.92, 88.70, 62.82, 86.27, 84.86},
		{4, 90.60, 82.51, 89.68, 90.63, 88.64, 67.87, 79.41, 84.19},
		{6, 90.25, 81.13, 87.63, 90.35, 88.45, 64.98, 80.15, 83.28},
	}
	return t
}
