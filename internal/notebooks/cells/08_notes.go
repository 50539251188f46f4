package cells

import (
	"bertlab/papers/combined"
	"bertlab/papers/compare"
	"bertlab/papers/notebook"
	"bertlab/recipes"
)

var notes = notebook.Of(combined.Experiment)

// Recipe shows a recipe.
func Recipe() {
	text := notebook.Must(recipes.Files.ReadFile("everything.yaml"))
	notebook.Markdown("```yaml\n" + string(text) + "```")
}

// SmallFile asks for a file of at most 50 MB that loses at most two points.
func SmallFile() {
	say, drop := notebook.Words(), 0.02
	advice := notebook.Must(notes.Result().Comparison.Advise(compare.Limits{Size: 50e6, Drop: &drop, Retrain: true}))
	notebook.Markdown("**" + advice.Best + "** " + notebook.Say(advice.Why) + " " + notebook.Say(advice.Next))
	notebook.Table(advice.Table(say))
}

// Untrained asks for the smallest file without training that loses at most two points.
func Untrained() {
	say, drop := notebook.Words(), 0.02
	advice := notebook.Must(notes.Result().Comparison.Advise(compare.Limits{Drop: &drop}))
	notebook.Markdown("**" + advice.Best + "** " + notebook.Say(advice.Why) + " " + notebook.Say(advice.Next))
	notebook.Table(advice.Table(say))
}
