package combined

import (
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
)

// Result is everything that was measured, as plain data.
type Result struct {
	experiment.Measured[Config]
	// Recipes are the recipes as they were done, Comparison the models side by side.
	Recipes    []*Followed         `json:"recipes"`
	Comparison *compare.Comparison `json:"comparison"`
}

// Followed is a recipe that was done.
type Followed struct {
	Recipe     string          `json:"recipe"`
	Title      experiment.Text `json:"title"`
	Techniques []string        `json:"techniques"`
	Retrained  bool            `json:"retrained"`
	Steps      []Step          `json:"steps"`
	Parameters int             `json:"parameters"`
}

// Step is a step that was done.
type Step struct {
	Kind       string  `json:"step"`
	Note       string  `json:"note"`
	Parameters int     `json:"parameters"`
	Seconds    float64 `json:"seconds"`
}
