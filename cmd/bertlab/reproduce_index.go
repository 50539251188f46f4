package main

import (
	"bertlab/figures/report"
	"bertlab/papers/combined"
	"bertlab/papers/experiment"
)

// writeIndex writes the report on all papers and returns its path: every claim with its verdict, and, if recipes were run, their
// models side by side.
func writeIndex(dir string, chosen []paper, results map[string]*outcome) (string, error) {
	var chapters []experiment.Chapter
	var further func(lang experiment.Language) []report.Section
	for _, p := range chosen {
		result := results[p.name]
		if result == nil {
			continue
		}
		chapter := experiment.Chapter{Name: p.name, Title: p.title, Claims: result.Claims, Err: result.Err}
		if result.Figure != nil {
			chapter.Figures = []experiment.NamedFigure{*result.Figure}
		}
		chapters = append(chapters, chapter)
		if recipes, ok := result.Result.(*combined.Result); ok {
			list, err := recipes.Figures()
			if err != nil {
				return "", err
			}
			further = func(lang experiment.Language) []report.Section {
				return []report.Section{recipes.Comparison.Section(list, lang)}
			}
		}
	}
	paths, err := experiment.WriteIndex(dir, chapters, further)
	if err != nil {
		return "", err
	}
	return paths[len(paths)-1], nil
}
