package sanh2020

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// NamedFigure is a figure and the name of its files, without ending.
type NamedFigure struct {
	Name   string
	Figure *figures.Figure
}

// Figures are the experiment's figures in the order of the report. Those of experiments that the protocol leaves out are missing.
func (r *Result) Figures() ([]NamedFigure, error) {
	c := r.Config
	global := len(r.global(movement.Movement, c.Focus)) > 0
	teacher := len(r.pick(func(v Variant) bool { return v.Distilled && v.Remaining == c.Focus })) > 0
	var list []NamedFigure
	for _, b := range []struct {
		name  string
		there bool
		build func() (*figures.Figure, error)
	}{
		{"curves", true, r.AccuracyCurves}, {"loss", true, r.LossCurves},
		{"weights", r.focused(movement.Magnitude) != nil || r.focused(movement.Movement) != nil, r.WeightHistogram},
		{"scores", r.focused(movement.Movement) != nil, r.ScoreScatter}, {"matrices", global, r.LayerHeatmap}, {"layers", global, r.LayerBars},
		{"teacher", teacher, r.TeacherBars}, {"rates", len(c.Rates) > 0, r.RateCurves}, {"drift", true, r.DriftHeatmap},
		{"speed", len(r.Speed.Unstructured)+len(r.Speed.Structured) > 0, r.SpeedBars}, {"hybrid", len(r.Speed.Structured) > 0, r.HybridCurve},
	} {
		if !b.there {
			continue
		}
		figure, err := b.build()
		if err != nil {
			return nil, fmt.Errorf("sanh2020: %s: %w", b.name, err)
		}
		list = append(list, NamedFigure{"movement-" + b.name, figure})
	}
	return list, nil
}

// Sections are the experiment's part of a report.
func (r *Result) Sections() ([]figures.Section, error) {
	list, err := r.Figures()
	if err != nil {
		return nil, err
	}
	c := r.Config
	blocks := func(text string, names ...string) []figures.Block {
		blocks := []figures.Block{figures.Paragraph(text)}
		for _, name := range names {
			for _, f := range list {
				if f.Name == "movement-"+name {
					blocks = append(blocks, figures.FigureBlock{Figure: f.Figure, Raster: name == "scores"})
				}
			}
		}
		return blocks
	}
	table := func(t *figures.Table) figures.Block { return figures.TableBlock{Table: t} }
	return []figures.Section{
		{Title: "Movement pruning", Blocks: append(blocks(fmt.Sprintf("Sanh, Wolf and Rush (NeurIPS 2020, arXiv:2005.07683) prune a model while it is fine-tuned, and keep the weights that move away from zero instead of those that are large. Here %s is pruned on %s, in %d steps a run; the paper has tens of thousands. Embeddings are frozen.", c.Model, c.Task, r.Steps)),
			experiment.ClaimsBlock(r.Claims), table(c.Table()))},
		{Title: "Accuracy against remaining weights", Blocks: append(blocks("Remaining weights are counted in the model that comes out, over the encoder's matrices.", "curves", "loss"), table(r.RunTable()), table(PaperTable()))},
		{Title: "Which weights remain", Blocks: blocks("Magnitude keeps what is large; movement keeps what grew.", "weights", "scores", "matrices", "layers", "drift")},
		{Title: "Training", Blocks: blocks("With hard movement pruning only the order of the scores counts, and they begin at 0: Adam's steps are proportional to the rate, so the rate can matter for thresholds and noise (soft movement, L0), and hardly for the order.", "teacher", "rates")},
		{Title: "Size and speed", Blocks: append(blocks("Zeros shrink the file, and leave the number of operations as it is. Heads and neurons that are removed shrink both. A model that was pruned without training shows its speed only: its accuracy is not what pruning costs.", "speed", "hybrid"), table(r.SpeedTable()), table(r.StorageTable()))},
		{Title: "Where the numbers come from", Blocks: []figures.Block{r.provenance()}},
	}, nil
}

func (r *Result) provenance() figures.Block {
	p := r.Provenance
	block := figures.Provenance{
		{Key: "model", Value: p.Model + ", " + p.ModelSource}, {Key: "weights (SHA-256)", Value: p.ModelSHA256},
		{Key: "backend", Value: p.Backend + " " + p.Plugin}, {Key: "machine", Value: p.Machine}, {Key: "seconds", Value: fmt.Sprintf("%.0f", p.Seconds)},
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

// Write puts the result into a folder: movement.json, each figure as PNG, SVG, PDF and CSV, the tables, and the report
// movement.html. It returns the paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, fmt.Errorf("sanh2020: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "figures"), 0o755); err != nil {
		return nil, err
	}
	paths := []string{filepath.Join(dir, "movement.json")}
	if err := renameio.WriteFile(paths[0], append(text, '\n'), 0o644); err != nil {
		return nil, fmt.Errorf("sanh2020: %w", err)
	}
	list, err := r.Figures()
	if err != nil {
		return nil, err
	}
	save := func(name string, endings []string, write func(string) error) error {
		for _, ending := range endings {
			path := filepath.Join(dir, "figures", name+ending)
			if err := write(path); err != nil {
				return err
			}
			paths = append(paths, path)
		}
		return nil
	}
	for _, f := range list {
		if err := save(f.Name, []string{".png", ".svg", ".pdf", ".csv"}, f.Figure.Save); err != nil {
			return nil, err
		}
	}
	for name, table := range map[string]*figures.Table{
		"movement-runs": r.RunTable(), "movement-paper": PaperTable(), "movement-storage": r.StorageTable(), "movement-speed-table": r.SpeedTable(),
	} {
		if err := save(name, []string{".html", ".md", ".tex", ".csv"}, table.Save); err != nil {
			return nil, err
		}
	}
	slices.Sort(paths)
	sections, err := r.Sections()
	if err != nil {
		return nil, err
	}
	report := &figures.Report{Title: "bertlab: which weights move", Subtitle: r.caption(""), Sections: sections}
	path := filepath.Join(dir, "movement.html")
	if err := report.Write(path); err != nil {
		return nil, err
	}
	return append(paths, path), nil
}
