package main

import (
	"bertlab/figures/report"
	"bertlab/papers/combined"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// writeIndex writes the report on all papers and returns its path: every claim with its verdict, and, if recipes were run, their
// models side by side.
func writeIndex(dir string, chosen []paper, results map[string]*outcome) (string, error) {
	var chapters []experiment.Chapter
	var further func(say *words.Printer) ([]report.Section, error)
	for _, p := range chosen {
		result := results[p.name]
		if result == nil {
			continue
		}
		chapter := experiment.Chapter{Name: p.name, Title: p.title, Claims: result.Claims, Tell: result.Tell, Err: result.Err}
		chapters = append(chapters, chapter)
		if recipes, ok := result.Result.(*combined.Result); ok {
			further = func(say *words.Printer) ([]report.Section, error) {
				lang := experiment.Language(say.Tag())
				list, err := recipes.Figures(lang)
				return []report.Section{recipes.Comparison.Section(list, lang)}, err
			}
		}
	}
	paths, err := experiment.WriteIndex(dir, chapters, further)
	if err != nil {
		return "", err
	}
	return paths[len(paths)-1], nil
}
