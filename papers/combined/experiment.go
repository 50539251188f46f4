package combined

import (
	"embed"
	"fmt"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment follows recipes and puts their models side by side.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:      "recipes",
	Title:     "Techniques put together: recipes, and their models side by side",
	Heading:   words.Key("bertlab: techniques combined"),
	Quick:     Quick,
	Full:      Full,
	Ask:       (*Config).ask,
	Check:     (*Config).check,
	Plan:      plan,
	Tell:      func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in.Printer} },
	Narrative: narrative,
}

// edition tells of techniques combined.
type edition struct {
	*Result
	*words.Printer
}

// Subtitle names the model and the task.
func (r edition) Subtitle() string { return fmt.Sprintf("%s, %s", r.Config.Model, r.Config.Task) }

// Figures implements [experiment.Edition].
func (r edition) Figures() []experiment.Drawing { return r.Comparison.Drawings(r.Printer) }

// Further implements [experiment.Continued]: the models side by side.
func (r edition) Further() ([]report.Section, error) {
	section, _, err := r.Comparison.Section("recipes-", r.Printer)
	return []report.Section{section}, err
}

// Numbers implements [experiment.Edition].
func (r edition) Numbers() map[string]any {
	numbers := map[string]any{
		"count": len(r.Recipes), "model": r.Config.Model, "task": r.Config.Task, "examples": r.Comparison.Examples, "paired": len(r.Comparison.Pairs) > 0, "best": "",
	}
	if best := r.lead(); best != nil {
		original := r.Comparison.Models[0]
		numbers["best"] = best.Name
		numbers["file"], numbers["operations"] = share(best.Sizes.Stored, original.Sizes.Stored), share(int64(best.MACs), int64(original.MACs))
	}
	numbers["lost"], numbers["largest"] = strings.Join(r.Comparison.Lost(), ", "), fmt.Sprintf("%.3f", r.Comparison.Majority)
	var titles []map[string]any
	for _, recipe := range r.Recipes {
		titles = append(titles, map[string]any{"name": recipe.Recipe, "title": recipe.Title.In(experiment.Language(r.Tag()))})
	}
	numbers["recipes"] = titles
	return numbers
}
