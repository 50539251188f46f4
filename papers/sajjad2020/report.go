package sajjad2020

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// NamedFigure is a figure with the name of its file, without the ending.
type NamedFigure struct {
	Name   string
	Figure *figures.Figure
}

// NamedTable is a table with the name of its file, without the ending.
type NamedTable struct {
	Name  string
	Table *figures.Table
}

// Figures are the experiment's figures by file name, in the order of the report. Those of a task end in its name.
func (r *Result) Figures() ([]NamedFigure, error) {
	var list []NamedFigure
	add := func(name string, figure *figures.Figure, err error) error {
		if err != nil {
			return fmt.Errorf("sajjad2020: %s: %w", name, err)
		}
		list = append(list, NamedFigure{"layers-" + name, figure})
		return nil
	}
	for _, t := range r.Tasks {
		for _, b := range []struct {
			name  string
			build func(*TaskResult) (*figures.Figure, error)
		}{{"scores", r.ScoreCurves}, {"strategies", r.StrategyBars}, {"when", r.WhenBars}} {
			figure, err := b.build(t)
			if err := add(b.name+"-"+t.Task, figure, err); err != nil {
				return nil, err
			}
		}
	}
	for _, b := range []struct {
		name  string
		build func() (*figures.Figure, error)
	}{{"time", r.TimeCurves}, {"similarity", r.SimilarityHeatmap}, {"contribution", r.ContributionBars}, {"travel", r.TravelBars}} {
		figure, err := b.build()
		if err := add(b.name, figure, err); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Tables are the experiment's tables by file name.
func (r *Result) Tables() ([]NamedTable, error) {
	list := []NamedTable{{"layers-speed-table", r.SpeedTable()}, {"layers-paper-table", PaperTable()}, {"layers-claims", r.ClaimTable()}}
	for _, t := range r.Tasks {
		table, err := r.ScoreTable(t)
		if err != nil {
			return nil, err
		}
		list = append(list, NamedTable{"layers-scores-table-" + t.Task, table})
	}
	return list, nil
}

// Sections are the experiment's part of a report.
func (r *Result) Sections() ([]figures.Section, error) {
	list, err := r.Figures()
	if err != nil {
		return nil, err
	}
	blocks := map[string]figures.Block{}
	for _, f := range list {
		blocks[f.Name] = figures.FigureBlock{Figure: f.Figure}
	}
	c := r.Config
	var names []string
	for _, t := range r.Tasks {
		names = append(names, t.Task)
	}
	sections := []figures.Section{{Title: "Dropping layers of a pretrained model", Blocks: []figures.Block{
		figures.Paragraph("Sajjad, Dalvi, Durrani and Nakov (Computer Speech & Language 2023, arXiv:2004.03844) drop whole layers of a pretrained model and fine-tune what is left. Here the same is measured on " + c.Model + " and " + strings.Join(names, ", ") + "."),
		figures.Paragraph(fmt.Sprintf("What differs from the paper: model and tasks (the paper: BERT-base, XLNet and others on GLUE); %d epoch(s) of fine-tuning at a learning rate of %g; paired tests on the same examples. A model of few layers that was distilled already is likely to have less to spare than one of twelve.", c.Epochs, c.LearningRate)),
		figures.TableBlock{Table: c.Table()}, experiment.ClaimsBlock(r.Claims), figures.TableBlock{Table: PaperTable()},
	}}}
	for _, t := range r.Tasks {
		table, err := r.ScoreTable(t)
		if err != nil {
			return nil, err
		}
		accuracy := t.accuracy()
		sections = append(sections, figures.Section{Title: t.Title, Blocks: []figures.Block{
			figures.Paragraph(fmt.Sprintf("The whole model reaches an accuracy of %.4f on %d test examples (largest class %.4f); its standard error is %.1f points. Differences between models are tested as pairs, which is finer.",
				accuracy, t.Examples, t.Majority, 100*math.Sqrt(accuracy*(1-accuracy)/float64(t.Examples)))),
			blocks["layers-scores-"+t.Task], blocks["layers-strategies-"+t.Task], blocks["layers-when-"+t.Task], figures.TableBlock{Table: table},
		}})
	}
	return append(sections,
		figures.Section{Title: "Time", Blocks: []figures.Block{
			figures.Paragraph("Every layer takes the same time, so that time falls with the layers; embeddings, head and, in training, the optimizer's work on the embeddings stay."),
			blocks["layers-time"], figures.TableBlock{Table: r.SpeedTable()},
		}},
		figures.Section{Title: "How alike layers are", Blocks: []figures.Block{
			figures.Paragraph("The strategy by contribution drops the layers whose input and output are most alike at [CLS]; the threshold decides how many."),
			blocks["layers-similarity"], blocks["layers-contribution"],
		}},
		figures.Section{Title: "How far layers move in fine-tuning", Blocks: []figures.Block{blocks["layers-travel"]}},
		figures.Section{Title: "Where the numbers come from", Blocks: []figures.Block{r.provenance()}},
	), nil
}

func (r *Result) provenance() figures.Block {
	p := r.Provenance
	block := figures.Provenance{
		{Key: "model", Value: p.Model + ", " + p.ModelSource}, {Key: "weights (SHA-256)", Value: p.ModelSHA256},
		{Key: "backend", Value: strings.TrimSpace(p.Backend + " " + p.Plugin)}, {Key: "machine", Value: p.Machine},
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
