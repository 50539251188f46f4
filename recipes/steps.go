package recipes

import (
	"maps"
	"slices"

	"bertlab/gbert"
)

// Operation is what a step does. Its JSON is its arguments.
type Operation interface {
	// plan reports what the step cannot do to a model in this state, and goes on to the next.
	plan(now *state) error
	// do makes the step's model. note says what came of it, in a few words.
	do(c *cook, model *gbert.Model) (next *gbert.Model, note string, err error)
	// remembered says that the step takes long enough to keep its model.
	remembered() bool
}

// state is what is known of a model before it is there.
type state struct {
	layers                          int // 0: not known yet
	tuned, tied, factored, attended bool
}

// operations read the steps by name.
var operations = map[string]func(f *fields) Operation{
	"fine-tune":           readFineTune,
	"distil":              readDistil,
	"drop-layers":         readDropLayers,
	"prune-heads":         readPruneHeads,
	"movement":            readMovement,
	"factorise":           readFactorise,
	"factorise-embedding": readFactoriseEmbedding,
	"share":               readShare,
	"store":               readStore,
}

// Kinds are the names of the steps, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(operations)) }
