package compare

import (
	"bertlab/figures/report"
	"bertlab/papers/experiment"
)

// Figures are the comparison's, with names that begin as told.
func (c *Comparison) Figures(prefix string) ([]experiment.NamedFigure, error) {
	var list []experiment.NamedFigure
	for _, cost := range []Cost{Size, Time, Compute} {
		figure, err := c.ParetoFigure(cost)
		if err != nil {
			return nil, err
		}
		list = append(list, experiment.NamedFigure{Name: prefix + "-pareto-" + string(cost), Figure: figure, Caption: ParetoCaption(cost)})
	}
	return list, nil
}

// Tables are the comparison's in English, with names that begin as told.
func (c *Comparison) Tables(prefix string) []experiment.NamedTable {
	return []experiment.NamedTable{
		{Name: prefix + "-models", Table: c.Table(experiment.English)}, {Name: prefix + "-sizes", Table: c.SizeTable(experiment.English)},
		{Name: prefix + "-times", Table: c.TimeTable(experiment.English)}, {Name: prefix + "-pairs", Table: c.PairTable(experiment.English)},
	}
}

// Section is the comparison as a part of a report.
func (c *Comparison) Section(list []experiment.NamedFigure, lang experiment.Language) report.Section {
	section := report.Section{Title: experiment.Text{English: "The models side by side", Korean: "모델 나란히 보기"}.In(lang)}
	section.Blocks = append(section.Blocks, report.TableBlock{Table: c.Table(lang)})
	for _, f := range list {
		section.Blocks = append(section.Blocks, f.Block(lang))
	}
	section.Blocks = append(section.Blocks, report.TableBlock{Table: c.SizeTable(lang)}, report.TableBlock{Table: c.TimeTable(lang)})
	if len(c.Pairs) > 0 {
		section.Blocks = append(section.Blocks, report.TableBlock{Table: c.PairTable(lang)})
	}
	return section
}

// Publication is what a comparison leaves in a folder: compare.json, figures, tables and the report.
func (c *Comparison) Publication() (experiment.Publication, error) {
	list, err := c.Figures("compare")
	if err != nil {
		return experiment.Publication{}, err
	}
	return experiment.Publication{
		Name: "compare", Result: c, Figures: list, Tables: c.Tables("compare"),
		Report: func(lang experiment.Language) (*report.Report, error) {
			provenance, err := experiment.ProvenanceSection(c.Provenance, map[string]any{"length": c.Length, "batches": c.Batches, "repeats": c.Repeats}, lang)
			return &report.Report{
				Title:    experiment.Text{English: "bertlab: models side by side", Korean: "bertlab: 모델 나란히 보기"}.In(lang),
				Sections: []report.Section{c.Section(list, lang), provenance},
			}, err
		},
	}, nil
}
