package michel2019

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// Figures are the experiment's figures by file name, in the order of the report.
func (r *Result) Figures() ([]NamedFigure, error) {
	builders := []struct {
		name  string
		build func() (*figures.Figure, error)
	}{
		{"importance", r.ImportanceHeatmap}, {"ablation", r.AblationHeatmap}, {"ablation-loss", r.LossHeatmap}, {"histogram", r.Histogram},
		{"pruning", r.PruningCurves}, {"speed", r.SpeedBars}, {"entropy", r.EntropyHeatmap},
	}
	if r.Transfer != nil {
		builders = slices.Insert(builders, 5, struct {
			name  string
			build func() (*figures.Figure, error)
		}{"transfer", r.TransferScatter})
	}
	list := make([]NamedFigure, len(builders))
	for i, b := range builders {
		figure, err := b.build()
		if err != nil {
			return nil, fmt.Errorf("michel2019: %s: %w", b.name, err)
		}
		list[i] = NamedFigure{"heads-" + b.name, figure}
	}
	return list, nil
}

// NamedFigure is a figure with the name of its file, without the ending.
type NamedFigure struct {
	Name   string
	Figure *figures.Figure
}

// OneHeadTable is Table 3 of the paper: the change of the metric when one head stays in a layer.
func (r *Result) OneHeadTable() *figures.Table {
	t := &figures.Table{
		Title: "One head in a layer", Caption: "Layers and heads count from 1. The head is chosen on training examples. Paper: best head per layer of bert-base-uncased on MNLI (Table 3).",
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
		t.Rows = append(t.Rows, []any{e.Layer + 1, e.Head.Head + 1, e.Metric, 100 * e.MetricDelta, e.PValue, e.LossDelta, fmt.Sprintf("[%+.4f, %+.4f]", e.LossLow, e.LossHigh), published})
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

// Sections are the experiment's part of a report.
func (r *Result) Sections() ([]figures.Section, error) {
	list, err := r.Figures()
	if err != nil {
		return nil, err
	}
	block := map[string]figures.Block{}
	for _, f := range list {
		block[f.Name] = figures.FigureBlock{Figure: f.Figure}
	}
	c := r.Config
	sections := []figures.Section{
		{Title: "Are sixteen heads really better than one?", Blocks: []figures.Block{
			figures.Paragraph("Michel, Levy and Neubig (NeurIPS 2019, arXiv:1905.10650) mask attention heads at test time, without retraining, and find that most are not needed. Here the same is measured on " + c.Model + ", fine-tuned on " + c.Task + "."),
			figures.Paragraph(fmt.Sprintf("What differs from the paper: model and task (the paper: bert-base-uncased on MNLI); %d epoch(s) of fine-tuning at a learning rate of %g; McNemar's exact test and paired bootstraps in place of t-tests; a test set of %d examples, on which the accuracy has a standard error of %.1f points. The experiments on machine translation are not repeated.",
				c.Epochs, c.LearningRate, r.Ablation.Examples, 100*math.Sqrt(r.Ablation.Score*(1-r.Ablation.Score)/float64(r.Ablation.Examples)))),
			experiment.ClaimsBlock(r.Claims), figures.TableBlock{Table: r.ModelTable()},
		}},
		{Title: "Which heads matter", Blocks: []figures.Block{
			figures.Paragraph(fmt.Sprintf("Importance is I = E|∂L/∂ξ| (equation 2), the absolute value taken for each example. Between two halves of the examples the ranking agrees with Spearman's ρ = %.2f; with the variant of the authors' code, which takes the absolute value for each token, with ρ = %.2f.", r.Stability, r.Agreement)),
			block["heads-importance"], block["heads-ablation"], block["heads-ablation-loss"], block["heads-histogram"], block["heads-entropy"],
		}},
		{Title: "One head in a layer", Blocks: []figures.Block{figures.TableBlock{Table: r.OneHeadTable()}}},
		{Title: "Pruning ever more heads", Blocks: []figures.Block{block["heads-pruning"], figures.TableBlock{Table: r.CurveTable()}}},
	}
	if transfer, ok := block["heads-transfer"]; ok {
		sections = append(sections, figures.Section{Title: "In and out of domain", Blocks: []figures.Block{transfer}})
	}
	sections = append(sections,
		figures.Section{Title: "Speed", Blocks: []figures.Block{
			figures.Paragraph(fmt.Sprintf("Masked heads cost what they cost before; only removed ones save time. Without half of the heads the model has %d of %d parameters and %.1f %% of the operations. Removed and masked heads give the same logits to within %.1e.",
				r.Speed.PrunedParameters, r.Speed.Parameters, 100*float64(r.Speed.PrunedMACs)/float64(r.Speed.MACs), r.Speed.MaskedDifference)),
			block["heads-speed"], figures.TableBlock{Table: r.SpeedTable()},
		}},
		figures.Section{Title: "Where the numbers come from", Blocks: []figures.Block{r.provenance()}},
	)
	return sections, nil
}

func (r *Result) provenance() figures.Block {
	p := r.Provenance
	block := figures.Provenance{
		{Key: "model", Value: p.Model + ", " + p.ModelSource}, {Key: "weights (SHA-256)", Value: p.ModelSHA256},
		{Key: "backend", Value: p.Backend + " " + p.Plugin}, {Key: "machine", Value: p.Machine},
		{Key: "seconds", Value: fmt.Sprintf("%.0f", p.Seconds)},
	}
	for _, d := range p.Data {
		block = append(block, figures.KeyValue{Key: d.Use, Value: fmt.Sprintf("%s %s %s, %d examples, SHA-256 %s", d.Task, d.Split, d.Selection, d.Examples, d.SHA256)})
	}
	if config, err := json.Marshal(r.Config); err == nil {
		block = append(block, figures.KeyValue{Key: "protocol", Value: string(config)})
	}
	for _, name := range []string{"go", "github.com/gomlx/gomlx", "github.com/gomlx/go-xla", "github.com/gomlx/compute"} {
		if version, ok := p.Versions[name]; ok {
			block = append(block, figures.KeyValue{Key: name, Value: version})
		}
	}
	return block
}

// Write puts the result into a folder: heads.json, each figure as PNG, SVG, PDF and CSV, the tables, and the report heads.html.
// It returns the paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, fmt.Errorf("michel2019: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "figures"), 0o755); err != nil {
		return nil, err
	}
	paths := []string{filepath.Join(dir, "heads.json")}
	if err := renameio.WriteFile(paths[0], append(text, '\n'), 0o644); err != nil {
		return nil, fmt.Errorf("michel2019: %w", err)
	}
	list, err := r.Figures()
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		for _, ending := range []string{".png", ".svg", ".pdf", ".csv"} {
			path := filepath.Join(dir, "figures", f.Name+ending)
			if err := f.Figure.Save(path); err != nil {
				return nil, err
			}
			paths = append(paths, path)
		}
	}
	for name, table := range map[string]*figures.Table{"heads-one-head": r.OneHeadTable(), "heads-speed-table": r.SpeedTable(), "heads-curves": r.CurveTable()} {
		for _, ending := range []string{".html", ".md", ".tex", ".csv"} {
			path := filepath.Join(dir, "figures", name+ending)
			if err := table.Save(path); err != nil {
				return nil, err
			}
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	sections, err := r.Sections()
	if err != nil {
		return nil, err
	}
	report := &figures.Report{Title: "bertlab: which heads matter", Subtitle: r.caption(""), Sections: sections}
	path := filepath.Join(dir, "heads.html")
	if err := report.Write(path); err != nil {
		return nil, err
	}
	return append(paths, path), nil
}
