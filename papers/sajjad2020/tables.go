package sajjad2020

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/gbert/surgery"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/layerdrop"
)

// Tables are what the report and the notebooks show, by name. Those of a task end in its name.
func (r edition) Tables() ([]experiment.NamedTable, error) {
	list := []experiment.NamedTable{
		{Name: "protocol", Table: r.Config.Table(r.Printer)}, {Name: "quoted", Table: r.QuotedTable()}, {Name: "speed-table", Table: r.SpeedTable()}, {Name: "training-table", Table: r.TrainingTable()}, {Name: "paper-table", Table: PaperTable(r.Printer)},
	}
	for _, t := range r.Tasks {
		list = append(list, experiment.NamedTable{Name: "scores-table-" + t.Task, Table: r.ScoreTable(t)})
	}
	return list, nil
}

// Table holds the protocol against the GLUE experiments of the paper.
func (c Config) Table(say *words.Printer) *figures.Table {
	strategies := words.Names(say, c.Strategies)
	thresholds := say.T("none")
	if len(c.Thresholds) > 0 {
		thresholds = words.List(c.Thresholds)
	}
	lists := say.T("none")
	if len(c.Lists) > 0 {
		lists = strings.Join(experiment.Each(c.Lists, surgery.FormatLayers), "; ")
	}
	return experiment.ProtocolTable(say, say.T("the paper"), [][]any{
		{say.T("model"), c.Model, say.T("BERT-base, XLNet, RoBERTa and others")},
		{say.T("tasks"), experiment.TaskNames(c.Tasks), say.T("GLUE")},
		{say.T("layers dropped"), words.List(c.Drops), say.T("2, 4, 6 of 12")},
		{say.T("strategies"), strings.Join(strategies, ", "), say.T("top, bottom, symmetric, alternate, contribution")},
		{say.T("thresholds of the contribution"), thresholds, say.T("0.9, 0.925, 0.95 (recalled)")},
		{say.T("layers named one by one"), lists, "–"},
		{say.T("fine-tuning runs (seeds)"), experiment.Caption(words.List(c.Seeds), c.once(say)), "–"},
		{say.T("training examples"), experiment.Limit(say, c.TrainExamples), say.T("all")},
		c.Tuning.Row(say, "–", c.Tasks...),
		{say.T("embeddings"), experiment.Embeddings(say, c.FreezeEmbeddings), say.T("trained")},
		{say.T("test examples"), experiment.Limit(say, c.TestExamples), say.T("all of the development set")},
	})
}

// once says what was run with the first seed alone; empty if nothing was.
func (c *Config) once(say *words.Printer) string {
	var names []string
	strategies := slices.Clone(c.Strategies)
	if len(c.Thresholds) > 0 {
		strategies = append(strategies, layerdrop.Contribution)
	}
	if len(c.Lists) > 0 {
		strategies = append(strategies, layerdrop.List)
	}
	for _, strategy := range strategies {
		if !c.replicates(strategy) {
			names = append(names, say.Name(string(strategy)))
		}
	}
	if c.Progressive && len(c.Replicated) > 0 {
		names = append(names, Progressive.label(say))
	}
	if len(names) == 0 || len(c.Seeds) < 2 {
		return ""
	}
	return say.F("%s: seed %d alone", strings.Join(names, ", "), c.Seeds[0])
}

// ScoreTable lists all sets of layers on a task, mean over seeds, and by how many seeds the predictions differ from the whole model's.
func (r edition) ScoreTable(t *TaskResult) *figures.Table {
	table := r.NewTable(r.F("Layers dropped on %s", t.Task),
		r.F("Mean over %s, %d test examples. Layers count from 0, as in bertlab layers drop. Difference: from the whole model with the same seed, 95 %% interval over seeds and examples. p < 0.05: number of seeds, McNemar.", r.seeds(), t.Examples), []figures.Column{
			{Name: r.T("strategy")}, {Name: r.T("when")}, {Name: "k"}, {Name: r.T("layers dropped")}, {Name: r.Name(t.Metric), Format: "%.4f"}, {Name: r.T("difference of accuracy"), Unit: r.T("points"), Format: "%+.2f"},
			{Name: r.T("95 % interval")}, {Name: "p < 0.05"}, {Name: r.T("parameters"), Format: "%d"},
		})
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
		significant := experiment.Where(runs, func(run Trial) bool { return run.P < 0.05 })
		score := experiment.Mean(runs, func(run Trial) float64 { return run.Score })
		if k.Strategy == "" {
			table.Rows = append(table.Rows, []any{r.T("whole model"), "", 0, "", score, nil, "", "", first.Parameters})
			continue
		}
		d, _ := r.alone(t).between(func(a, b Trial) bool {
			return againstWhole(first.Strategy, first.When, first.K())(a, b) && slices.Equal(a.Dropped, first.Dropped)
		})
		table.Rows = append(table.Rows, []any{
			r.Name(k.Strategy), k.When.name(r.Printer), first.K(), k.Dropped, score, 100 * d.Value, fmt.Sprintf("[%+.2f, %+.2f]", 100*d.Low, 100*d.High),
			r.F("%d of %d", len(significant), len(runs)), first.Parameters,
		})
	}
	return table
}

// SpeedTable lists the time of inference.
func (r edition) SpeedTable() *figures.Table {
	t := r.NewTable(r.T("Time of inference"),
		r.F("%d tokens, %d repeats, %s. The encoder's share is its %s without the embeddings, divided by that of the whole model; milliseconds are wall-clock time. A classifier's last layer computes only [CLS], so its time is not in proportion.", r.Speed.Length, r.Speed.Repeats, r.Provenance.TimedIn(r.Printer), r.Name(r.Clock.String())), []figures.Column{
			{Name: r.T("batch")}, {Name: r.T("dropped")}, {Name: r.T("sentence vectors"), Unit: r.T("ms"), Format: "%.2f"}, {Name: r.T("encoder's share"), Format: "%.3f"}, {Name: r.T("quartiles")},
			{Name: r.T("share of layers"), Format: "%.3f"}, {Name: r.T("classifier"), Unit: r.T("ms"), Format: "%.2f"}, {Name: r.T("operations"), Unit: r.T("millions"), Format: "%.0f"},
		})
	for _, b := range r.Speed.Batches {
		for _, m := range b.Models {
			t.Rows = append(t.Rows, []any{b.Size, m.K, 1000 * m.Seconds, m.Share, r.F("%.3f to %.3f", m.Low, m.High), r.proportional(m.K), 1000 * m.Classifier, float64(m.MACs) / 1e6})
		}
	}
	return t
}

// TrainingTable lists the time of a step of fine-tuning.
func (r edition) TrainingTable() *figures.Table {
	t := r.NewTable(r.T("Time of a training step"), r.T("The protocol times no training."), []figures.Column{
		{Name: r.T("dropped")}, {Name: r.T("a training step"), Unit: r.T("ms"), Format: "%.0f"}, {Name: r.T("share of the time"), Format: "%.3f"}, {Name: r.T("quartiles")}, {Name: r.T("share of layers"), Format: "%.3f"},
	})
	if r.Training == nil {
		return t
	}
	s := r.Training
	t.Caption = r.F("The batch of median length of %s, %d × %d tokens, %d pairs with the whole model, in turn, %s. The share is of %s; milliseconds are wall-clock time.", s.Task, s.Batch, s.Length, s.Repeats, r.Provenance.TimedIn(r.Printer), r.Name(r.Clock.String()))
	for _, m := range s.Models {
		t.Rows = append(t.Rows, []any{m.K, 1000 * m.Seconds, m.Share, r.F("%.3f to %.3f", m.Low, m.High), r.proportional(m.K)})
	}
	return t
}

// paperTasks are the tasks of the paper's table for the top strategy.
var paperTasks = []string{"SST-2", "MNLI", "QNLI", "QQP", "STS-B", "RTE", "MRPC"}

// paperTop is that table: the number of dropped layers, the score of each task, their mean.
var paperTop = [][]any{
	{0, 92.43, 84.04, 91.12, 91.07, 88.79, 67.87, 87.99, 86.19},
	{2, 92.20, 83.26, 89.84, 90.92, 88.70, 62.82, 86.27, 84.86},
	{4, 90.60, 82.51, 89.68, 90.63, 88.64, 67.87, 79.41, 84.19},
	{6, 90.25, 81.13, 87.63, 90.35, 88.45, 64.98, 80.15, 83.28},
}

// paperLosses are what the paper's tasks lose without half of the layers, the largest loss first.
func paperLosses() []string {
	whole, half := paperTop[0], paperTop[len(paperTop)-1]
	change := func(task int) float64 { return half[task+1].(float64) - whole[task+1].(float64) }
	order := make([]int, len(paperTasks))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(change(a), change(b)) })
	return experiment.Each(order, func(task int) string { return fmt.Sprintf("%s −%.2f", paperTasks[task], -change(task)) })
}

// PaperTable is the paper's result for the top strategy, to hold the numbers here against.
func PaperTable(say *words.Printer) *figures.Table {
	t := experiment.NewTable(say, say.T("The paper: top layers of BERT-base dropped before fine-tuning"),
		say.T("GLUE development sets, recalled; the averages give the paper's losses of 2.00 (4 layers) and 2.91 points (6 layers)."), []figures.Column{{Name: say.T("dropped, of 12")}})
	for _, name := range append(slices.Clone(paperTasks), say.T("average")) {
		t.Columns = append(t.Columns, figures.Column{Name: name, Format: "%.2f"})
	}
	t.Rows = slices.Clone(paperTop)
	return t
}
