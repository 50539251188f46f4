package sajjad2020

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"bertlab/figures"
)

// Write puts the result into a folder: layers.json, each figure as PNG, SVG, PDF and CSV, the tables, and the report layers.html.
// It returns the paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, fmt.Errorf("sajjad2020: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "figures"), 0o755); err != nil {
		return nil, err
	}
	paths := []string{filepath.Join(dir, "layers.json")}
	if err := renameio.WriteFile(paths[0], append(text, '\n'), 0o644); err != nil {
		return nil, fmt.Errorf("sajjad2020: %w", err)
	}
	list, err := r.Figures()
	if err != nil {
		return nil, err
	}
	save := func(name string, endings []string, to func(path string) error) error {
		for _, ending := range endings {
			path := filepath.Join(dir, "figures", name+ending)
			if err := to(path); err != nil {
				return fmt.Errorf("sajjad2020: %w", err)
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
	tables, err := r.Tables()
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if err := save(t.Name, []string{".html", ".md", ".tex", ".csv"}, t.Table.Save); err != nil {
			return nil, err
		}
	}
	slices.Sort(paths)
	sections, err := r.Sections()
	if err != nil {
		return nil, err
	}
	report := &figures.Report{Title: "bertlab: which layers can go", Subtitle: r.caption(nil, r.seeds()), Sections: sections}
	path := filepath.Join(dir, "layers.html")
	if err := report.Write(path); err != nil {
		return nil, err
	}
	return append(paths, path), nil
}
