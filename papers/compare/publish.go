package compare

import (
	"bertlab/figures"
	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Drawings are the comparison's figures.
func (c *Comparison) Drawings(say *words.Printer) []experiment.Drawing {
	var list []experiment.Drawing
	for _, cost := range []Cost{Size, Time, Compute} {
		list = append(list, experiment.Drawing{
			Name: "pareto-" + string(cost), Caption: paretoCaption(cost, say), Build: func() (*figures.Figure, error) { return c.ParetoFigure(cost, say) },
		})
	}
	return list
}

// Tables are the comparison's.
func (c *Comparison) Tables(say *words.Printer) []experiment.NamedTable {
	return []experiment.NamedTable{
		{Name: "models", Table: c.Table(say)}, {Name: "sizes", Table: c.SizeTable(say)}, {Name: "times", Table: c.TimeTable(say)}, {Name: "pairs", Table: c.PairTable(say)},
	}
}

// Section is the comparison as a part of a report, with figures whose names begin with prefix.
func (c *Comparison) Section(prefix string, say *words.Printer) (report.Section, []experiment.NamedFigure, error) {
	section := report.Section{Title: say.T("The models side by side")}
	drawn, err := experiment.Draw(prefix, c.Drawings(say))
	if err != nil {
		return section, nil, err
	}
	section.Blocks = append(section.Blocks, report.TableBlock{Table: c.Table(say)})
	for _, f := range drawn {
		section.Blocks = append(section.Blocks, f.Block())
	}
	section.Blocks = append(section.Blocks, report.TableBlock{Table: c.SizeTable(say)}, report.TableBlock{Table: c.TimeTable(say)})
	if len(c.Pairs) > 0 {
		section.Blocks = append(section.Blocks, report.TableBlock{Table: c.PairTable(say)})
	}
	return section, drawn, nil
}

// Publication is what a comparison leaves in a folder: compare.json, figures, tables and the report.
func (c *Comparison) Publication() experiment.Publication {
	const prefix = "compare-"
	return experiment.Publication{Name: "compare", Result: c, In: func(say *words.Printer) (*experiment.Published, error) {
		section, drawn, err := c.Section(prefix, say)
		if err != nil {
			return nil, err
		}
		tables := c.Tables(say)
		for i := range tables {
			tables[i].Name = prefix + tables[i].Name
		}
		provenance, err := experiment.ProvenanceSection(c.Provenance, map[string]any{"length": c.Length, "batches": c.Batches, "repeats": c.Repeats}, say)
		return &experiment.Published{Figures: drawn, Tables: tables, Report: &report.Report{
			Title: say.T("bertlab: models side by side"), Language: say.Tag(), Sections: []report.Section{section, provenance},
		}}, err
	}}
}
