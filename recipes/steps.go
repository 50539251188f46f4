package recipes

import (
	"maps"
	"slices"
)

// Operation is what a step does. Its JSON is its arguments.
type Operation interface {
	// plan reports what the step cannot do to a model in this state, and goes on to the next.
	plan(now *state) error
	// add adds the step to an experiment's plan, where it stands on the steps before it.
	add(c *course) (added, error)
}

// state is what is known of a model before it is there.
type state struct {
	layers                                   int // 0: not known yet
	tuned, tied, factored, attended, rounded bool
}

// operations read the arguments of the steps, by their names.
var operations = map[string]func(f *fields) Operation{
	"fine-tune":           readFineTune,
	"distil":              readDistil,
	"drop-layers":         readDropLayers,
	"prune-heads":         readPruneHeads,
	"movement":            readMovement,
	"factorise":           readFactorise,
	"factorise-embedding": readFactoriseEmbedding,
	"share":               readShare,
	"vocabulary":          readVocabulary,
	"quantise":            readQuantise,
	"store":               readStore,
}

// Kinds are the names of the steps, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(operations)) }
