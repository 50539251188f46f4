package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"bertlab/gbert"
	"bertlab/papers/experiment/words"
)

// Definition is a function that steps are made of: it is given what a step reads and returns plain data, which is remembered.
//
// In is a struct, and all that the function gets: fields of the protocol, draws of data ([Sample]), models ([ModelSource]) and other
// steps ([Node]), in exported fields. What a step is remembered under is made of the JSON of In, so a field tagged json:"-" is a hint
// that may change how long a step takes, and its result by rounding alone.
type Definition[In, Out any] struct {
	// Name is the same for ever; two definitions have two names.
	Name string
	// Version is raised when the function returns something else for the same inputs: what was remembered counts no more.
	Version int
	// Timed is true where the result is a time, of which two measurements are two results.
	Timed bool
	// Title says to people what a step does; see [Text].
	Title func(say *words.Printer, in In) string
	// Cost says what a step takes, with a model of the given configuration, for an estimate before it is run; nil: one pass of its
	// examples through its model, and its training.
	Cost func(in In, c *gbert.Config) Cost
	// Guess stands for a result that says which further steps there are, where nothing is computed; nil: there is none.
	Guess func(in In) Out
	// Run does the work.
	Run func(ctx context.Context, w *Worker, in In) (Out, error)
}

// Titled is the title of steps that it says all about, whatever they read.
func Titled[In any](title words.Key) func(say *words.Printer, in In) string {
	return func(say *words.Printer, _ In) string { return title.In(say) }
}

// Node is a step of a plan: a definition with its inputs, whose result is remembered.
type Node[Out any] struct {
	*node
	value, guess *Out
}

// node is a step whatever its result.
type node struct {
	id      string // of name, version, environment and inputs, in which a step stands by its id
	name    string
	title   Text
	inputs  json.RawMessage
	needs   []*node // the steps among the inputs
	level   int     // 0 without needs, else one more than the highest of them
	compute func(ctx context.Context, w *Worker) (json.RawMessage, error)
	weights *modelState   // of a step that makes a model; nil: it makes none
	timed   bool          // see [Definition.Timed]
	config  *gbert.Config // of the model that it reads, as far as that is known before it is there; nil: unknown
	expects func() modelled

	remembered *record // what the store has
	record     *record // the result: what is remembered, if it counts, or what was computed
}

// ID is what the step is remembered under: a hash of its definition's name and version, of what computes, and of its inputs.
func (n *node) ID() string { return n.id }

// Title says what the step does.
func (n *node) Title() Text { return n.title }

// Seconds is how long the step took when it was computed. It is there when the result is.
func (n *node) Seconds() float64 {
	if n.record == nil {
		panic(fmt.Sprintf("experiment: the time of the step %q was asked for before it was there", n.name))
	}
	return n.record.Seconds
}

// Machine is the one on which the step was computed; empty: its record does not say. It is there when the result is. Times of two steps
// are compared where it is the same.
func (n *node) Machine() string {
	if n.record == nil {
		panic(fmt.Sprintf("experiment: the machine of the step %q was asked for before it was there", n.name))
	}
	return n.record.Machine
}

// Level is 0 for a step that stands on no other, else one more than the highest that it stands on.
func (n *node) Level() int { return n.level }

// MarshalJSON writes what stands for the step among the inputs of another.
func (n *node) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]string{"step": n.id}) }

func (n *node) base() *node { return n }

// Of is the step of a plan that runs the definition on the given inputs. The same inputs give the same step.
func (d *Definition[In, Out]) Of(p *Plan, in In) *Node[Out] {
	n := &node{name: d.Name, timed: d.Timed, title: said(func(say *words.Printer) string { return d.Title(say, in) })}
	n.compute = func(ctx context.Context, w *Worker) (json.RawMessage, error) {
		out, err := d.Run(ctx, w, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}
	made := &Node[Out]{node: p.add(n, d.Version, in, costOf(d.Cost, in))}
	if d.Guess != nil {
		guess := d.Guess(in)
		made.guess = &guess
	}
	return made
}

// Result is what the step returned. Only what stands on the step may ask, or what a plan's reader does after [Plan.Run].
func (n *Node[Out]) Result() Out {
	if n.value == nil {
		if n.record == nil {
			panic(fmt.Sprintf("experiment: the result of the step %q was asked for before it was there", n.name))
		}
		value := new(Out)
		if err := json.Unmarshal(n.record.Result, value); err != nil {
			panic(fmt.Sprintf("experiment: the step %q: %v", n.name, err)) // Plan.Run has read it before
		}
		n.value = value
	}
	return *n.value
}

// identify fills in the step's id, needs and level.
func (n *node) identify(version int, environment, in any) error {
	inputs, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("experiment: the inputs of the step %q: %w", n.name, err)
	}
	n.inputs = inputs
	identity, err := json.Marshal(map[string]any{"step": n.name, "version": version, "environment": environment, "inputs": n.inputs})
	if err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	sum := sha256.Sum256(identity)
	n.id = hex.EncodeToString(sum[:12])
	walkSteps(reflect.ValueOf(in), func(needed *node) {
		for _, known := range n.needs {
			if known == needed {
				return
			}
		}
		n.needs = append(n.needs, needed)
		n.level = max(n.level, needed.level+1)
	})
	return n.checkNeeds()
}

// checkNeeds reports a step among the JSON of the inputs that was not found among their fields: JSON has the fields of an embedded
// struct that is not exported, reflection does not.
func (n *node) checkNeeds() error {
	var inputs any
	if err := json.Unmarshal(n.inputs, &inputs); err != nil {
		return fmt.Errorf("experiment: the inputs of the step %q: %w", n.name, err)
	}
	named := map[string]bool{}
	namedSteps(inputs, named)
	for _, needed := range n.needs {
		delete(named, needed.id)
	}
	if len(named) > 0 {
		return fmt.Errorf("experiment: the inputs of the step %q name a step in a struct that is embedded and not exported: export it, or give it a field", n.name)
	}
	return nil
}

// namedSteps finds what stands for steps in decoded JSON, see [node.MarshalJSON].
func namedSteps(value any, named map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		if id, ok := value["step"].(string); ok && len(value) == 1 {
			named[id] = true
		}
		for _, part := range value {
			namedSteps(part, named)
		}
	case []any:
		for _, part := range value {
			namedSteps(part, named)
		}
	}
}

// walkSteps finds the steps in a value, in the order of its fields and elements. A value that writes its own JSON, such as a draw of
// data, has none in it, and a hint does not count.
func walkSteps(v reflect.Value, found func(*node)) {
	walk(v, false, func(v reflect.Value, hint bool) (into bool) {
		if step, ok := v.Interface().(interface{ base() *node }); ok && !hint {
			found(step.base())
			return false
		}
		_, own := v.Interface().(json.Marshaler)
		return !own && !hint
	})
}

// walk goes through a value, its fields and its elements one after another, as deep as visit says. A hint is a field that is tagged
// json:"-", or lies in one.
func walk(v reflect.Value, hint bool, visit func(v reflect.Value, hint bool) (into bool)) {
	if !v.IsValid() || !v.CanInterface() || nillable(v) && v.IsNil() || !visit(v, hint) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		walk(v.Elem(), hint, visit)
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), hint || v.Type().Field(i).Tag.Get("json") == "-", visit)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walk(v.Index(i), hint, visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			walk(v.MapIndex(key), hint, visit)
		}
	}
}

func nillable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return true
	}
	return false
}
