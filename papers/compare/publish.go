package compare

import (
	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Figures are the comparison's, with names that begin as told.
func (c *Comparison) Figures(prefix string, lang experiment.Language) ([]experiment.NamedFigure, error) {
	var list []experiment.NamedFigure
	for _, cost := range []Cost{Size, Time, Compute} {
		figure, err := c.ParetoFigure(cost)
		if err != nil {
			return nil, err
		}
		list = append(list, experiment.NamedFigure{Name: prefix + "-pareto-" + string(cost), Figure: figure, Caption: ParetoCaption(cost).In(lang)})
	}
	return list, nil
}

// Tables are the comparison's, with names that begin as told.
func (c *Comparison) Tables(prefix string, lang experiment.Language) []experiment.NamedTable {
	return []experiment.NamedTable{
		{Name: prefix + "-models", Table: c.Table(lang)}, {Name: prefix + "-sizes", Table: c.SizeTable(lang)},
		{Name: prefix + "-times", Table: c.TimeTable(lang)}, {Name: prefix + "-pairs", Table: c.PairTable(lang)},
	}
}

// Section is the comparison as a part of a report.
func (c *Comparison) Section(list []experiment.NamedFigure, lang experiment.Language) report.Section {
	section := report.Section{Title: experiment.Text{English: "The models side by side", Korean: "모델 나란히 보기"}.In(lang)}
	section.Blocks = append(section.Blocks, report.TableBlock{Table: c.Table(lang)})
	for _, f := range list {
		section.Blocks = append(section.Blocks, f.Block())
	}
	section.Blocks = append(section.Blocks, report.TableBlock{Table: c.SizeTable(lang)}, report.TableBlock{Table: c.TimeTable(lang)})
	if len(c.Pairs) > 0 {
		section.Blocks = append(section.Blocks, report.TableBlock{Table: c.PairTable(lang)})
	}
	return section
}

// Publication is what a comparison leaves in a folder: compare.json, figures, tables and the report.
func (c *Comparison) Publication() experiment.Publication {
	return experiment.Publication{Name: "compare", Result: c, In: func(say *words.Printer) (*experiment.Published, error) {
		lang := experiment.Language(say.Tag())
		list, err := c.Figures("compare", lang)
		if err != nil {
			return nil, err
		}
		provenance, err := experiment.ProvenanceSection(c.Provenance, map[string]any{"length": c.Length, "batches": c.Batches, "repeats": c.Repeats}, say)
		return &experiment.Published{Figures: list, Tables: c.Tables("compare", lang), Report: &report.Report{
			Title:    experiment.Text{English: "bertlab: models side by side", Korean: "bertlab: 모델 나란히 보기"}.In(lang),
			Language: say.Tag(), Sections: []report.Section{c.Section(list, lang), provenance},
		}}, err
	}}
}
